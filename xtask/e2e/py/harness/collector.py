"""A collector of traces that nobody here wrote: rotel, which prints every span that it takes."""

from __future__ import annotations

import dataclasses
import importlib.util
import pathlib
import re
import socket
from collections.abc import Callable

from harness.processes import Process, clean_env, free_port, poll


@dataclasses.dataclass
class Span:
    """A span as the collector read it."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    start: int
    end: int
    attributes: dict[str, str]
    events: list[tuple[str, dict[str, str]]]
    status: str
    resource: dict[str, str]


class Collector(Process):
    """A collector on ports of its own, by both protocols."""

    def __init__(self) -> None:
        self.grpc_port, self.http_port = free_port(), free_port()
        package = importlib.util.find_spec("rotel")
        assert package and package.origin, "rotel is not installed; run `cargo xtask e2e`"
        agent = pathlib.Path(package.origin).with_name("rotel-agent")
        env = clean_env() | {
            "ROTEL_OTLP_GRPC_ENDPOINT": f"127.0.0.1:{self.grpc_port}",
            "ROTEL_OTLP_HTTP_ENDPOINT": f"127.0.0.1:{self.http_port}",
        }
        shown = ["--debug-log", "traces", "--debug-log-verbosity", "detailed"]
        super().__init__([str(agent), "start", "--exporter", "blackhole", *shown], env=env)
        for port in (self.grpc_port, self.http_port):
            poll("the collector to listen", lambda port=port: _listens(port))

    def endpoint(self, protocol: str) -> str:
        """Its address for `grpc` or `http`."""
        port = self.grpc_port if protocol == "grpc" else self.http_port
        return f"http://127.0.0.1:{port}"

    def spans(self) -> list[Span]:
        """Every span so far, in the order in which they ended."""
        return _read(list(self.lines))

    def wait_for(self, what: str, probe: Callable[[list[Span]], object]) -> list[Span]:
        """Every span, once `probe` says yes to them."""
        poll(f"{what} at the collector", lambda: probe(self.spans()))
        return self.spans()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


_PAIR = re.compile(r"-> ([\w.]+): (\w+)\((.*)\)$")


def _read(lines: list[str]) -> list[Span]:
    spans: list[Span] = []
    resource: dict[str, str] = {}
    target: dict[str, str] = {}
    for line in lines:
        text = line.strip()
        if text.startswith("ResourceSpans #"):
            resource = target = {}
        elif re.match(r"Span #\d+", text):
            span = Span("", "", "", "", "", 0, 0, {}, [], "", resource)
            spans.append(span)
            target = span.attributes
        elif pair := _PAIR.search(text):
            target[pair[1]] = pair[3]
        elif spans and ":" in text:
            _field(spans[-1], *(part.strip() for part in text.split(":", 1)))
            if spans[-1].events and text.startswith("-> Name"):
                target = spans[-1].events[-1][1]
    return spans


def _field(span: Span, name: str, value: str) -> None:
    match name:
        case "Trace ID":
            span.trace = value
        case "ID":
            span.id = value
        case "Parent ID":
            span.parent = value
        case "Name":
            span.name = value
        case "Kind":
            span.kind = value
        case "Start time":
            span.start = int(value)
        case "End time":
            span.end = int(value)
        case "Status code" | "Status Code":
            span.status = value
        case "-> Name":
            span.events.append((value, {}))
