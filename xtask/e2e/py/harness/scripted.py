"""A vendor as a script: an HTTP server that answers what it is told and remembers what it was asked."""

from __future__ import annotations

import dataclasses
import http.server
import json
import threading
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass
class Answer:
    """What the script answers; a list of bodies is sent piece by piece, then `cut` ends it."""

    status: int = 200
    body: bytes | list[bytes] = b"{}"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    cut: bool = False


@dataclasses.dataclass
class Request:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Service:
    """An HTTP server on a port of its own that answers by script and remembers what it was asked."""

    # What a request that came is remembered as.
    request: type[Request] = Request

    def __init__(self, default: Answer | Callable[[Any], Answer] | None = None) -> None:
        self.requests: list[Any] = []
        self.queue: list[Answer | Callable[[Any], Answer]] = []
        self.default = default or Answer()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(length)
                answer = service.answer(service.request(self.command, self.path, headers, body))
                self.give(answer)

            do_GET = do_POST = do_PUT = do

            def give(self, answer: Answer) -> None:
                self.send_response(answer.status)
                headers = {"content-type": "application/json"} | answer.headers
                for name, value in headers.items():
                    self.send_header(name, value)
                if isinstance(answer.body, bytes):
                    self.send_header("content-length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    return
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for piece in answer.body:
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                    self.wfile.flush()
                if answer.cut:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request: Any) -> Answer:
        """Remembers a request and gives the script's next answer."""
        self.requests.append(request)
        answer = self.queue.pop(0) if self.queue else self.default
        return answer(request) if callable(answer) else answer

    def script(self, *answers: Answer | Callable[[Any], Answer]) -> None:
        """The next answers in order; then the default for ever."""
        self.requests.clear()
        self.queue = list(answers)

    def only(self) -> Any:
        """The one request that came."""
        assert len(self.requests) == 1, [request.path for request in self.requests]
        return self.requests[0]

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()
