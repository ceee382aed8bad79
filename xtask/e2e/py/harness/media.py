"""A vendor of images, audio, moderation and rerank as a script. It reads forms with Python's own
parser, as fast or slowly as told, and remembers what came."""

from __future__ import annotations

import dataclasses
import email.parser
import email.policy
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any

PIECE = 64 * 1024


@dataclasses.dataclass
class Answer:
    """What is answered; a list of bodies is sent piece by piece, then `cut` breaks it off."""

    status: int = 200
    body: bytes | list[bytes] = b"{}"
    content_type: str = "application/json"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    cut: bool = False
    # Answers by the head alone: what follows is not read.
    early: bool = False
    # Waits for this before it reads on, once `after` bytes came.
    gate: threading.Event | None = None
    after: int = 0
    # Waits for this between two pieces of the answer.
    pace: threading.Event | None = None


@dataclasses.dataclass
class Request:
    """A request that came, or comes."""

    path: str
    headers: dict[str, str]
    body: bytes = b""
    # Bytes that came; a large body is not kept.
    received: int = 0
    digest: Any = dataclasses.field(default_factory=hashlib.sha256)
    whole: bool = False
    # Whether its sender went away, and when.
    left: float | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def parts(self) -> list[tuple[str, str | None, bytes]]:
        """The form's parts: name, file name, content."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        assert message.is_multipart() and not message.defects, message.defects
        return [
            (
                part.get_param("name", header="content-disposition"),
                part.get_filename(),
                part.get_payload(decode=True),
            )
            for part in message.iter_parts()
        ]

    def form(self) -> dict[str, str]:
        """The form's texts."""
        return {name: content.decode() for name, file, content in self.parts() if file is None}


def json_answer(value: Any, **more: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), **more)


def events(*values: Any, **more: Any) -> Answer:
    """A stream of events, each in a write of its own."""
    pieces = [f"data: {json.dumps(value)}\n\n".encode() for value in values]
    return Answer(200, pieces, "text/event-stream", **more)


def failure(status: int, text: str, **more: Any) -> Answer:
    body = json.dumps({"error": {"message": text, "type": "x", "code": None, "param": None}})
    return Answer(status, body.encode(), **more)


class Vendor:
    """An HTTP server on a port of its own."""

    KEPT = 4 * 1024 * 1024

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.queue: list[Answer] = []
        self.default = json_answer({"text": "hello"})
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers)
                vendor.requests.append(request)
                answer = vendor.queue.pop(0) if vendor.queue else vendor.default
                try:
                    if not answer.early:
                        self.take(request, answer)
                    self.give(answer)
                    if answer.early:
                        self.close_connection = True
                except OSError:
                    request.left = time.monotonic()
                    self.close_connection = True

            def take(self, request: Request, answer: Answer) -> None:
                for piece in self.pieces(request):
                    request.received += len(piece)
                    request.digest.update(piece)
                    if request.received <= vendor.KEPT:
                        request.body += piece
                    if answer.gate and request.received >= answer.after:
                        answer.gate.wait(60)
                request.whole = True

            def pieces(self, request: Request):
                if "content-length" in request.headers:
                    left = int(request.headers["content-length"])
                    while left:
                        piece = self.rfile.read1(min(PIECE, left))
                        if not piece:
                            raise ConnectionResetError
                        left -= len(piece)
                        yield piece
                    return
                assert request.headers.get("transfer-encoding") == "chunked", request.headers
                while True:
                    line = self.rfile.readline()
                    if not line.endswith(b"\r\n"):
                        raise ConnectionResetError
                    size = int(line, 16)
                    piece = self.rfile.read(size + 2)
                    if len(piece) != size + 2:
                        raise ConnectionResetError
                    if size == 0:
                        return
                    yield piece[:-2]

            def give(self, answer: Answer) -> None:
                self.send_response(answer.status)
                self.send_header("content-type", answer.content_type)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if isinstance(answer.body, bytes):
                    self.send_header("content-length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    return
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for index, piece in enumerate(answer.body):
                    if index and answer.pace:
                        answer.pace.wait(60)
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                    self.wfile.flush()
                if answer.cut:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base = f"{self.origin}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def script(self, *answers: Answer) -> None:
        """The next answers in order; then a short transcript for ever."""
        self.requests.clear()
        self.queue = list(answers)

    def only(self) -> Request:
        """The one request that came."""
        assert len(self.requests) == 1, [request.path for request in self.requests]
        return self.requests[0]

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()


def form(*parts: tuple[str, str | None, bytes], boundary: str = "b0undary") -> tuple[str, bytes]:
    """A form's content type and body, its parts in this order."""
    body = b""
    for name, file, content in parts:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file:
            body += f'; filename="{file}"\r\nContent-Type: application/octet-stream'.encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def pieces_of(total: int, make: Callable[[int], bytes]):
    """`total` bytes in pieces, without holding them."""
    sent = 0
    while sent < total:
        piece = make(min(PIECE, total - sent))
        sent += len(piece)
        yield piece
