"""HTTP as it stands on the wire: for what SDKs hide, forbid or never send."""

from __future__ import annotations

import dataclasses
import http.client
import json
import socket
import struct
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

TIMEOUT = 20.0


@dataclasses.dataclass
class Answer:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclasses.dataclass
class Event:
    """One server-sent event."""

    name: str | None
    data: str

    @property
    def json(self) -> Any:
        return json.loads(self.data)


def get(url: str, **headers: str) -> Answer:
    return request("GET", url, None, headers)


def post(url: str, body: Any, **headers: str) -> Answer:
    return request("POST", url, body, headers)


def request(method: str, url: str, body: Any, headers: dict[str, str]) -> Answer:
    """One request on a connection of its own."""
    connection = _connect(url)
    try:
        data, headers = _prepare(body, headers)
        connection.request(method, _target(url), body=data, headers=headers)
        return answer(connection.getresponse())
    finally:
        connection.close()


def answer(response: http.client.HTTPResponse) -> Answer:
    """Reads an answer to its end."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urllib.parse.urlsplit(url)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)


def _target(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _prepare(body: Any, headers: dict[str, str]) -> tuple[bytes | None, dict[str, str]]:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None or isinstance(body, bytes):
        return body, headers
    return json.dumps(body).encode(), {"content-type": "application/json"} | headers


class Stream:
    """A streamed answer, read as it comes. The connection can be cut at any moment."""

    def __init__(self, url: str, body: Any, headers: dict[str, str], receive_buffer: int = 0):
        self._connection = _connect(url)
        if receive_buffer:
            # Must be set before the connection is made to bound what the kernel takes for us.
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            raw.settimeout(TIMEOUT)
            raw.connect((self._connection.host, self._connection.port))
            self._connection.sock = raw
        data, headers = _prepare(body, headers)
        self._connection.request("POST", _target(url), body=data, headers=headers)
        # A connection that ends with the answer forgets its socket.
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = {name.lower(): value for name, value in self._response.getheaders()}

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()
        self._connection.close()

    def answer(self) -> Answer:
        """Everything that is left, as one."""
        return answer(self._response)

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        return self._response.read1(size)

    def lines(self) -> Iterator[str]:
        """The lines, without their ends."""
        while line := self._response.readline():
            yield line.decode().rstrip("\r\n")

    def events(self) -> Iterator[Event]:
        """The events, to the end; a connection that breaks raises."""
        name, data = None, []
        for line in self.lines():
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield Event(name, "\n".join(data))
                name, data = None, []

    def cut(self, reset: bool = False) -> float:
        """Leaves at once; returns the wall time of leaving, in milliseconds."""
        raw = self._socket
        if reset:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        left = time.time() * 1000
        # The response holds a file on the socket; both must go for the kernel to say goodbye.
        self._response.close()
        self._connection.close()
        raw.close()
        return left


def raw(url: str, data: bytes, patience: float = TIMEOUT) -> bytes:
    """Sends bytes as they are and returns everything that comes back until the other side ends."""
    parts = urllib.parse.urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=patience) as connection:
        connection.sendall(data)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        return received
