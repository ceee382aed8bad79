"""Down again: what probes, new and running requests see, in which order, and with which end."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time

import pytest

from harness import wire
from harness.client import CHAT, PATHS, assert_ends_with_one_error
from harness.config import one
from harness.processes import fault, poll

STREAM = CHAT | {"stream": True, "max_tokens": 99}


def ready(gateway) -> int:
    return wire.get(f"{gateway.ops_url}/health/ready").status


def serves(gateway) -> bool:
    try:
        return gateway.get("/health").status == 200
    except OSError:
        return False


def lines(gateway) -> list[dict]:
    """The request log's lines."""
    return [json.loads(line) for line in list(gateway.lines) if line.startswith("{")]


def test_requests_are_taken_while_probes_say_no_and_then_the_door_closes(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"pre_stop": "1s"}})
    assert ready(gateway) == 200
    begun = time.monotonic()
    gateway.signal(signal.SIGTERM)
    poll("not ready", lambda: ready(gateway) == 503)
    assert time.monotonic() - begun < 0.9, "at once, not after the delay"
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    poll("the end", lambda: not gateway.running)
    assert time.monotonic() - begun >= 1
    assert gateway.wait() == 0


def test_a_person_at_a_terminal_does_not_wait(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"pre_stop": "60s"}})
    gateway.signal(signal.SIGINT)
    assert gateway.wait(5) == 0


def test_answers_after_the_signal_close_their_connections(vendors, start):
    vendor = vendors["openai"]
    gateway = start(one(vendor))
    vendor.script(default=fault("slow_head", ms=400))
    with socket.create_connection(("127.0.0.1", gateway.port), 20) as client:
        body = json.dumps(CHAT)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\ncontent-length: {len(body)}\r\n\r\n"
        client.sendall((head + body).encode())
        poll("the request at the vendor", lambda: vendor.hits == 1)
        gateway.signal(signal.SIGTERM)
        said = b""
        while piece := client.recv(4096):
            said += piece
    assert said.startswith(b"HTTP/1.1 200")
    assert b"\r\nconnection: close\r\n" in said
    assert gateway.wait() == 0


def test_at_the_deadline_streams_end_with_one_error_in_their_dialect(vendors, start, client):
    gateway = start(one(vendors["openai"]) | {"server": {"drain": "300ms"}})
    vendors["openai"].script(default=fault("stall", after=2))
    with gateway.stream(PATHS[client], STREAM) as stream:
        events = stream.events()
        seen = [next(events)]
        gateway.signal(signal.SIGTERM)
        seen += list(events)
    assert_ends_with_one_error(seen, client)
    assert "stopping" in seen[-1].data
    assert gateway.wait(10) == 0
    entry = lines(gateway)[-1]
    assert (entry["outcome"], entry["status"]) == ("truncated", 200), entry
    assert "stopping" in json.dumps(entry)


def test_at_the_deadline_other_requests_get_a_503(vendors, start, client):
    vendor = vendors["openai"]
    gateway = start(one(vendor) | {"server": {"drain": "300ms"}})
    vendor.script(default=fault("silent"))
    answers = []
    body = CHAT | {"max_tokens": 9}
    asked = threading.Thread(target=lambda: answers.append(gateway.post(PATHS[client], body)))
    asked.start()
    poll("the request at the vendor", lambda: vendor.hits == 1)
    gateway.signal(signal.SIGTERM)
    asked.join(10)
    assert answers[0].status == 503
    assert int(answers[0].headers["retry-after"]) >= 1
    assert answers[0].json["error"]["message"]
    assert gateway.wait(10) == 0
    entry = lines(gateway)[-1]
    assert (entry["outcome"], entry["status"]) == ("error", 503), entry


def test_a_body_that_has_not_come_at_the_deadline_gets_a_503(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"drain": "300ms"}})
    with socket.create_connection(("127.0.0.1", gateway.port), 20) as client:
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\ncontent-length: 999\r\n\r\n{"
        client.sendall(head.encode())
        poll("the connection", lambda: gateway.metric("tollgate_connections") >= 1)
        # A request of its own, so that the head above has been read as well.
        assert gateway.get("/health").status == 200
        gateway.signal(signal.SIGTERM)
        said = client.recv(4096)
    assert said.startswith(b"HTTP/1.1 503"), said
    assert gateway.wait(10) == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(vendors, start, first):
    gateway = start(one(vendors["openai"]))
    vendors["openai"].script(default=fault("stall", after=1))
    with gateway.stream("/v1/chat/completions", STREAM) as stream:
        next(stream.events())
        gateway.signal(first)
        poll("the door to close", lambda: not serves(gateway))
        begun = time.monotonic()
        gateway.signal(signal.SIGINT)
        assert gateway.wait(5) == 130
        assert time.monotonic() - begun < 2


def test_a_second_signal_ends_the_wait_before_the_stop(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"pre_stop": "60s"}})
    gateway.signal(signal.SIGTERM)
    poll("not ready", lambda: ready(gateway) == 503)
    gateway.signal(signal.SIGTERM)
    assert gateway.wait(5) == 143


def test_a_client_that_does_not_read_does_not_hold_the_end(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"drain": "200ms"}})
    vendors["openai"].script(default=fault("endless", bytes=60_000))
    with gateway.stream("/v1/chat/completions", STREAM) as stream:
        next(stream.events())
        begun = time.monotonic()
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(10) == 0
        assert time.monotonic() - begun < 8
    entry = lines(gateway)[-1]
    assert entry["outcome"] == "truncated", entry
