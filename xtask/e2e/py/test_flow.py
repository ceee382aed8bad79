"""How bytes flow: each piece at once, no faster than the client reads, and to nobody else."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import time

import pytest

from harness.client import CHAT, PATHS
from harness.config import many, model, one
from harness.processes import fault, poll

# Time bounds are tried so often and the best try counts: a machine under load proves nothing.
TRIES = 5


@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_leaves_cancels_its_vendor_at_once(pair, start, client, reset):
    first, _ = pair
    gateway = start(one(first))
    first.script(default=fault("stall", after=1))
    delays = []
    for _ in range(TRIES):
        stream = gateway.stream(PATHS[client], CHAT | {"stream": True, "max_tokens": 99})
        next(event for event in stream.events() if "Hello" in event.data)
        left = stream.cut(reset)
        delays.append(vendor_was_left(first) - left)
    assert min(delays) < 50, delays


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_that_leaves_while_it_waits_cancels_its_vendor(pair, start, streamed):
    first, second = pair
    gateway = start(many(first, second))
    first.fault("silent")
    delays = []
    for tries in range(1, TRIES + 1):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        headers = {"content-type": "application/json"}
        body = json.dumps(CHAT | {"stream": streamed})
        connection.request("POST", "/v1/chat/completions", body, headers)
        poll("the request at the vendor", lambda tries=tries: first.hits == tries)
        left = time.time() * 1000
        connection.close()
        delays.append(vendor_was_left(first) - left)
    assert min(delays) < 50, delays
    assert second.hits == 0, "nothing is tried for nobody"


def vendor_was_left(vendor) -> float:
    """When the vendor's last request was abandoned, in milliseconds of wall time."""
    return vendor.wait_for("the vendor to be left", lambda it: it["outcome"] == "client_closed")[
        "ended_ms"
    ]


def test_a_slow_reader_slows_the_vendor_and_costs_no_memory(pair, start):
    first, _ = pair
    gateway = start(one(first))
    first.fault("endless", bytes=16 * 1024)
    before = gateway.memory()
    streams = [gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) for _ in range(8)]
    try:
        # Nobody reads. The kernel's buffers fill, then the gateway stops reading, then the vendor
        # stops writing: its counters stand still.
        poll("the vendor to stand still", lambda: stands_still(first), 30)
        sent = [entry["bytes_sent"] for entry in first.journal()]
        assert max(sent) < 64 * 1024 * 1024
        assert (gateway.memory() - before) / len(streams) < 2 * 1024 * 1024
    finally:
        for stream in streams:
            stream.cut()


def stands_still(vendor) -> bool:
    """Whether no stream of the vendor moves for a while."""
    before = [entry["bytes_sent"] for entry in vendor.journal()]
    time.sleep(0.3)
    after = [entry["bytes_sent"] for entry in vendor.journal()]
    return bool(before) and min(before) > 0 and before == after


def test_a_piece_is_passed_on_before_the_next_one_comes(pair, start, client):
    first, _ = pair
    gateway = start(one(first))
    first.fault("stall", after=1)
    delays = []
    for _ in range(TRIES):
        with gateway.stream(PATHS[client], CHAT | {"stream": True, "max_tokens": 99}) as stream:
            next(event for event in stream.events() if "Hello" in event.data)
            delays.append(time.time() * 1000 - first.last()["first_byte_ms"])
    # A kernel that holds a small write back (Nagle, delayed acknowledgement) does so for 40 ms.
    assert min(delays) < 25, delays


def test_many_at_once_do_not_get_each_others_answers(pair, start, client):
    first, second = pair
    gateway = start({"models": {"m": model(first, second)}})
    for vendor in pair:
        behaviour = {"answer": {"echo": True, "piece": 3}, "wire": {"split": 11, "comments": True}}
        vendor.script(default=behaviour)
    sdk = gateway.openai() if client == "openai" else gateway.anthropic()

    def ask(number: int) -> str:
        words = f"request number {number} of many 👋🏽 " * 5
        messages = [{"role": "user", "content": words}]
        if client == "openai":
            chunks = sdk.chat.completions.create(model="m", messages=messages, stream=True)
            said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        else:
            with sdk.messages.stream(model="m", max_tokens=99, messages=messages) as events:
                said = events.get_final_text()
        return "" if said == words else f"asked {words!r}, told {said!r}"

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        assert [wrong for wrong in pool.map(ask, range(200)) if wrong] == []
