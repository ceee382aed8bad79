"""What vendors do wrong: retried unseen before the first content, told plainly after it.

A client sees a complete answer or exactly one error; never half an answer that looks whole.
"""

from __future__ import annotations

import time

import anthropic
import openai
import pytest

from harness.client import CHAT, QUICK, assert_ends_with_one_error, events_of, text_of
from harness.config import NO_RETRIES, deployment, many, model, one
from harness.processes import fault, free_port, status

# Failures that another attempt may mend: the vendor's behaviour, by name.
MENDABLE = {
    "500": status(500),
    "503": status(503),
    "529": status(529),
    "html_502": status(502, body="html"),
    "reset": fault("reset_before_head"),
    "closed": fault("close_before_head"),
    "html_200": fault("html"),
    "empty_200": fault("empty"),
    "truncated_json": fault("truncated_json"),
    "wrong_length": fault("wrong_length", extra=9),
    "error_in_200": fault("error_in200"),
}
# Failures that only another deployment may mend.
ELSEWHERE = {
    "401": fault("refuse", why="auth"),
    "quota": fault("refuse", why="quota"),
    "model_missing": fault("refuse", why="model_missing"),
    "429": status(429) | {"headers": {"retry-after": "60"}},
}
# Failures inside a stream before its first content.
EARLY = {
    "error_frame": fault("error_frame", after=0),
    "bare_error_frame": fault("error_frame", after=0, bare=True),
    "cut": fault("cut", after=0),
    "reset": fault("cut", after=0, reset=True),
}


# --- before the first content -------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", MENDABLE)
def test_a_failure_is_retried_on_the_same_deployment(pair, start, name, streamed):
    first, _ = pair
    gateway = start(one(first, retries=QUICK))
    first.script(MENDABLE[name])
    assert text_of(gateway, "openai", streamed) == f"Hello from {first.name}."
    assert first.hits == 2


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", {**MENDABLE, **ELSEWHERE})
def test_a_failure_is_mended_by_another_deployment(pair, start, client, name, streamed):
    first, second = pair
    gateway = start(many(first, second, retries=QUICK))
    first.script(default={**MENDABLE, **ELSEWHERE}[name])
    assert text_of(gateway, client, streamed) == f"Hello from {second.name}."
    assert (first.hits, second.hits) == (1, 1)


@pytest.mark.parametrize("name", EARLY)
def test_a_stream_that_fails_before_content_is_retried_unseen(pair, start, client, name):
    first, second = pair
    gateway = start(many(first, second, retries=QUICK))
    first.script(default=EARLY[name])
    assert text_of(gateway, client, streamed=True) == f"Hello from {second.name}."
    assert (first.hits, second.hits) == (1, 1)


def test_a_stream_that_fails_before_content_has_its_real_status(pair, start, dialect):
    first, _ = pair
    gateway = start(one(first, retries=NO_RETRIES))
    kind = "rate_limit_error" if dialect == "anthropic" else "rate_limit_exceeded"
    error = {"message": "Slow down.", "type": kind, "code": kind}
    first.fault("error_frame", after=0, error=error)
    with gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) as stream:
        assert stream.status == 429
        assert "Slow down." in stream.answer().json["error"]["message"]


def test_a_dead_address_is_passed_over(pair, start):
    _, second = pair
    dead = deployment(second, api_base=f"http://127.0.0.1:{free_port()}/v1")
    models = {"m": {"deployments": [dead, deployment(second)], "strategy": "first_available"}}
    gateway = start({"models": models})
    assert text_of(gateway, "openai") == f"Hello from {second.name}."


def test_a_dead_address_alone_is_a_502(pair, start):
    first, _ = pair
    dead = deployment(first, api_base=f"http://127.0.0.1:{free_port()}/v1")
    gateway = start({"models": {"m": {"deployments": [dead], "retries": QUICK}}})
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 502
    assert answer.json["error"]["code"] == "upstream_unreachable"


def test_all_attempts_together_are_bounded(pair, start):
    first, second = pair
    for vendor in pair:
        vendor.fault("status", code=500)
    with pytest.raises(openai.InternalServerError):
        text_of(start(one(first, retries=QUICK)), "openai")
    assert first.hits == QUICK["max_attempts"]
    with pytest.raises(openai.InternalServerError):
        text_of(start(many(first, second, retries=QUICK)), "openai")
    assert (first.hits, second.hits) == (QUICK["max_attempts"] + 1, 1), "each of several once"


def test_a_redirect_is_not_followed(pair, start):
    first, second = pair
    gateway = start(one(first, retries=NO_RETRIES))
    first.fault("redirect", location=f"{second.base}/chat/completions")
    assert gateway.post("/v1/chat/completions", CHAT).status >= 500
    assert second.hits == 0


# --- deadlines ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["silent", "slow_first_token"])
def test_a_late_first_token_fails_over(pair, start, client, kind):
    first, second = pair
    gateway = start(many(first, second, timeouts={"first_token": "300ms"}))
    first.fault(kind, **({"ms": 60_000} if kind == "slow_first_token" else {}))
    begun = time.monotonic()
    assert text_of(gateway, client, streamed=True) == f"Hello from {second.name}."
    assert 0.3 <= time.monotonic() - begun < 3
    first.wait_for("the late vendor to be cancelled", lambda it: it["outcome"] == "client_closed")


def test_a_late_first_token_alone_is_a_504(pair, start):
    first, _ = pair
    gateway = start(one(first, timeouts={"first_token": "200ms"}, retries=QUICK))
    first.fault("silent")
    answer = gateway.post("/v1/chat/completions", CHAT | {"stream": True})
    assert answer.status == 504
    assert first.hits == 1, "the vendor may be at work still"


def test_the_total_bounds_everything(pair, start):
    first, second = pair
    timeouts = {"total": "500ms", "first_token": "300ms", "idle": "300ms"}
    gateway = start(many(first, second, timeouts=timeouts))
    for vendor in pair:
        vendor.fault("silent")
    begun = time.monotonic()
    assert gateway.post("/v1/chat/completions", CHAT).status == 504
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("pings", [False, True])
def test_a_stream_that_stalls_ends_with_an_error_in_time(pair, start, client, pings):
    first, _ = pair
    gateway = start(one(first, timeouts={"idle": "300ms"}))
    first.fault("stall", after=1, **({"ping_ms": 50} if pings else {}))
    begun = time.monotonic()
    events = events_of(gateway, client)
    assert_ends_with_one_error(events, client)
    assert 0.3 <= time.monotonic() - begun < 3
    first.wait_for(
        "the stalled vendor to be cancelled", lambda it: it["outcome"] == "client_closed"
    )


def test_slow_pieces_are_no_stall(pair, start):
    first, _ = pair
    gateway = start(one(first, timeouts={"idle": "500ms", "first_token": "500ms"}))
    first.script(default={"answer": {"text": "x" * 40, "piece": 4}, "wire": {"delay_ms": 100}})
    assert text_of(gateway, "openai", streamed=True) == "x" * 40


# --- after the first content --------------------------------------------------------------------


@pytest.mark.parametrize(
    "late",
    [
        fault("cut", after=2),
        fault("cut", after=2, reset=True),
        fault("cut", after=2) | {"wire": {"framing": "close"}},
        fault("error_frame", after=2),
    ],
    ids=["cut", "reset", "eof", "error_frame"],
)
def test_a_stream_that_fails_after_content_ends_with_one_error(pair, start, client, late):
    first, second = pair
    gateway = start(many(first, second, retries=QUICK))
    # A pause between pieces, so that a reset does not overtake what was sent before it.
    first.script(default={**late, "wire": late.get("wire", {}) | {"delay_ms": 20}})
    events = events_of(gateway, client)
    assert_ends_with_one_error(events, client)
    assert "Hello" in "".join(event.data for event in events[:-1])
    assert second.hits == 0, "what was sent cannot be taken back"


def test_sdks_raise_when_a_stream_fails(pair, start):
    first, _ = pair
    gateway = start(one(first))
    first.fault("error_frame", after=2, error={"message": "Overloaded, sorry."})
    with pytest.raises(openai.APIError, match="sorry"):
        text_of(gateway, "openai", streamed=True)
    with pytest.raises(anthropic.APIError, match="sorry"):
        text_of(gateway, "anthropic", streamed=True)


def test_a_finished_answer_without_its_last_frame_is_complete(pair, start, client):
    # The vendor said why it ended; only the terminator is missing, which many leave out.
    first, _ = pair
    gateway = start(one(first))
    first.script(default=fault("no_end") | {"wire": {"framing": "close"}})
    assert text_of(gateway, client, streamed=True) == f"Hello from {first.name}."
    events = events_of(gateway, client)
    last = events[-1]
    assert last.data == "[DONE]" if client == "openai" else last.name == "message_stop"


def test_a_malformed_frame_is_skipped(pair, start, client):
    first, _ = pair
    gateway = start(one(first))
    first.fault("malformed_frame", after=1)
    events = events_of(gateway, client)
    if client == "openai":
        assert events[-1].data == "[DONE]"
    else:
        assert events[-1].name == "message_stop"


# --- odd but right ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wire",
    [
        {"split": 1},
        {"split": 5, "line_end": "\r\n"},
        {"line_end": "\r"},
        {"comments": True},
        {"no_space": True},
        {"framing": "close"},
        {"content_type": "text/plain"},
    ],
    ids=lambda wire: "-".join(wire),
)
def test_streams_are_read_however_they_are_cut(pair, start, client, wire):
    first, _ = pair
    gateway = start(one(first))
    text = "Grüße 👋🏽 из 東京"
    first.script(default={"answer": {"text": text, "piece": 3}, "wire": wire})
    assert text_of(gateway, client, streamed=True) == text
    assert text_of(gateway, client, streamed=False) == text


def test_a_byte_order_mark_is_no_part_of_a_translated_answer(pair, start, dialect):
    first, _ = pair
    gateway = start(one(first))
    first.script(default={"wire": {"bom": True}})
    other = "openai" if dialect == "anthropic" else "anthropic"
    assert text_of(gateway, other, streamed=True) == f"Hello from {first.name}."
    assert "\ufeff" not in events_of(gateway, other)[0].data


def test_a_whole_answer_to_a_stream_request_is_streamed(pair, start, client):
    first, _ = pair
    gateway = start(one(first))
    first.fault("whole_for_stream")
    assert text_of(gateway, client, streamed=True) == f"Hello from {first.name}."


def test_an_encoding_that_nobody_asked_for_is_a_failure_or_decoded(pair, start):
    first, second = pair
    gateway = start(many(first, second, retries=QUICK))
    first.script(default={"wire": {"gzip": True}})
    assert text_of(gateway, "openai") in (f"Hello from {first.name}.", f"Hello from {second.name}.")


@pytest.mark.parametrize("size", [64 * 1024, 1024 * 1024])
def test_giant_frames_pass(pair, start, client, size):
    first, _ = pair
    gateway = start(one(first))
    first.fault("giant_frame", bytes=size)
    assert text_of(gateway, client, streamed=True) == "x" * size + f"Hello from {first.name}."


def test_every_third_request_fails_and_no_client_notices(pair, start):
    first, second = pair
    gateway = start({"models": {"m": model(first, second, retries=QUICK)}})
    first.fault("every_nth", n=3)
    for _ in range(30):
        assert text_of(gateway, "openai").startswith("Hello from ")
    assert gateway.metric("tollgate_retries_total") >= 4
