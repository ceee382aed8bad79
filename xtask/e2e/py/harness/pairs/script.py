"""The server that scripted vendors share: it remembers what it heard and says what it is told."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

from harness.bedrock import OPERATIONS, Request
from harness.pairs.answers import Reply

# What the machine's metadata server gives out.
TOKEN = "token-of-the-machine"


class Heard(Request):
    """A request that came; its signature can be checked as Bedrock's can."""

    @property
    def route(self) -> str:
        """The path without its query, decoded."""
        return urllib.parse.unquote(self.path.split("?")[0])

    # Bedrock's paths end in model and operation, whatever stands before them.
    @property
    def model(self) -> str:
        return urllib.parse.unquote(self.path.split("/")[-2])

    @property
    def operation(self) -> str:
        return OPERATIONS[self.path.split("/")[-1]]


class Script:
    """An HTTP server on a port of its own, in this process."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answer: Callable[[Heard], Reply] = lambda _: Reply(500, b"{}")
        script = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes; without this the second waits for the first's receipt.
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_GET(self) -> None:
                # The metadata server of Google's machines, which gives out one token for ever.
                if self.headers["metadata-flavor"] != "Google":
                    self.give(Reply(404, b"{}"))
                    return
                token = {"access_token": TOKEN, "expires_in": 36_000, "token_type": "Bearer"}
                self.give(Reply(200, json.dumps(token).encode()))

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                heard = Heard(self.command, self.path, headers, body)
                script.heard.append(heard)
                try:
                    reply = script.answer(heard)
                except Exception as error:  # The test sees it as the vendor's answer.
                    text = f"the scripted vendor failed: {error!r}"
                    reply = Reply(500, json.dumps({"error": {"message": text}}).encode())
                self.give(reply)

            def give(self, reply: Reply) -> None:
                self.send_response(reply.status)
                headers = {"content-type": "application/json"} | reply.headers
                for name, value in headers.items():
                    self.send_header(name, value)
                whole = isinstance(reply.body, bytes)
                if whole:
                    # A body that is cut ends before the length that it was to have.
                    length = len(reply.body) + (10 if reply.cut else 0)
                    self.send_header("content-length", str(length))
                else:
                    self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for piece in [reply.body] if whole else reply.body:
                    self.wfile.write(piece if whole else b"%x\r\n%b\r\n" % (len(piece), piece))
                if reply.cut:
                    self.close_connection = True
                elif not whole:
                    self.wfile.write(b"0\r\n\r\n")

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()
