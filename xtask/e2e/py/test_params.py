"""Parameters that configuration adds, renames, removes and sets; the request's own value wins."""

from __future__ import annotations

import pytest

from harness.config import model

MESSAGES = [{"role": "user", "content": "hi"}]
CHAT = {"model": "m", "messages": MESSAGES}
DEFAULTS = {"temperature": 0.25, "max_tokens": 321}


@pytest.fixture(params=["openai", "anthropic"])
def vendor(request, vendors):
    """Verbatim for an OpenAI client, and translated."""
    return vendors[request.param]


def sent(gateway, vendor, **more) -> dict:
    answer = gateway.post("/v1/chat/completions", CHAT | more)
    assert answer.status == 200, answer.text
    return vendor.last()["body"]


def test_defaults_fill_what_the_request_leaves_open(vendor, start):
    gateway = start({"models": {"m": model(vendor, default_params=DEFAULTS)}})
    body = sent(gateway, vendor)
    assert (body["temperature"], body["max_tokens"]) == (0.25, 321)
    body = sent(gateway, vendor, temperature=0.75)
    assert (body["temperature"], body["max_tokens"]) == (0.75, 321)


def test_injection_can_be_turned_off(vendor, start):
    config = {
        "defaults": {"inject_params": False},
        "models": {"m": model(vendor, default_params=DEFAULTS, params={"set": {"top_p": 0.5}})},
    }
    body = sent(start(config), vendor)
    assert "temperature" not in body
    assert "top_p" not in body
    assert body.get("max_tokens") != 321


def test_a_parameter_is_removed(vendor, start):
    gateway = start({"models": {"m": model(vendor, params={"remove": ["temperature", "tools"]})}})
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    body = sent(gateway, vendor, temperature=0.5, tools=[tool])
    assert "temperature" not in body
    assert "tools" not in body


def test_a_parameter_is_always_sent(vendor, start):
    gateway = start({"models": {"m": model(vendor, params={"set": {"top_p": 0.5}})}})
    assert sent(gateway, vendor)["top_p"] == 0.5
    assert sent(gateway, vendor, top_p=0.9)["top_p"] == 0.5


def test_a_parameter_is_renamed(vendors, start):
    vendor = vendors["openai"]
    rules = {"rename": {"max_tokens": "max_completion_tokens"}}
    gateway = start({"models": {"m": model(vendor, params=rules)}})
    body = sent(gateway, vendor, max_tokens=7)
    assert body["max_completion_tokens"] == 7
    assert "max_tokens" not in body


def test_vendor_switches_reach_the_vendor(vendors, start):
    vendor = vendors["openai"]
    rules = {"set": {"citation": False, "extra": {"deep": [1, None]}}}
    gateway = start({"models": {"m": model(vendor, params=rules)}})
    body = sent(gateway, vendor)
    assert body["citation"] is False
    assert body["extra"] == {"deep": [1, None]}


def test_rules_hold_for_streams_and_other_clients(vendor, start):
    gateway = start({"models": {"m": model(vendor, default_params={"temperature": 0.25})}})
    answer = gateway.post("/v1/messages", CHAT | {"max_tokens": 5, "stream": True})
    assert answer.status == 200, answer.text
    assert vendor.last()["body"]["temperature"] == 0.25
    assert vendor.last()["body"]["stream"] is True


def test_strict_params_reject_what_would_be_dropped(vendors, start):
    vendor = vendors["anthropic"]
    gateway = start({"models": {"m": model(vendor, strict_params=True)}})
    answer = gateway.post("/v1/chat/completions", CHAT | {"seed": 7})
    assert answer.status == 400
    assert "seed" in answer.json["error"]["message"]
    assert vendor.hits == 0


def test_usage_is_asked_for_in_streams_and_shown_to_those_who_asked(vendors, start):
    vendor = vendors["openai"]
    gateway = start({"models": {"m": model(vendor)}})
    with gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) as stream:
        events = [event.data for event in stream.events()]
    assert vendor.last()["body"]["stream_options"] == {"include_usage": True}, "for the books"
    assert events[-1] == "[DONE]"
    assert not any('"choices":[]' in data for data in events), "the client did not ask"
    asked = CHAT | {"stream": True, "stream_options": {"include_usage": True}}
    with gateway.stream("/v1/chat/completions", asked) as stream:
        events = list(stream.events())
    assert events[-2].json["usage"]["completion_tokens"] == 5
