"""A vendor that answers what a test gives it, byte for byte, and keeps what it was asked.

For vendors whose paths, headers and oddities are the matter of a test; the scripted upstream knows the
common dialects and their faults.
"""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

# Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]


def whole(body: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"content-type": "application/json"} | named, json.dumps(body).encode()


def events(*frames: str | dict, names: bool = False) -> Answer:
    """A stream of these frames; `names` writes each one's type beside it."""
    text = ""
    for frame in frames:
        if names and isinstance(frame, dict):
            text += f"event: {frame['type']}\n"
        text += f"data: {frame if isinstance(frame, str) else json.dumps(frame)}\n\n"
    return 200, {"content-type": "text/event-stream"}, text.encode()


class Stub:
    """Answers the next of `queue`, then what `default` makes of a request."""

    def __init__(self, default: Callable[[dict], Answer] | None = None) -> None:
        self.seen: list[dict] = []
        self.queue: list[Answer] = []
        self.default = default or (lambda _: whole({"error": {"message": "not scripted"}}, 500))
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def answer(self) -> None:
                data = self.rfile.read(int(self.headers.get("content-length") or 0))
                path, _, query = self.path.partition("?")
                form = "form" in (self.headers.get("content-type") or "")
                asked = {
                    "method": self.command,
                    "path": path,
                    "query": dict(urllib.parse.parse_qsl(query)),
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "raw": data,
                    "body": dict(urllib.parse.parse_qsl(data.decode()))
                    if form
                    else json.loads(data or b"null"),
                }
                stub.seen.append(asked)
                status, headers, body = (
                    stub.queue.pop(0) if stub.queue else stub.default(asked)
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.origin = f"http://{self.host}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def last(self) -> dict:
        """The last request."""
        return self.seen[-1]

    @property
    def only(self) -> dict:
        """The one request that came."""
        assert len(self.seen) == 1, [asked["path"] for asked in self.seen]
        return self.seen[0]

    def stop(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()
