"""Embeddings, text completions, token counts, model lists, status, the simple faces, operations."""

from __future__ import annotations

import json
import re

import openai
import pytest

from harness import wire
from harness.config import NO_RETRIES, deployment, model, one
from harness.contract import check_sent
from harness.processes import fault, poll

MESSAGES = [{"role": "user", "content": "hi"}]


# --- embeddings ---------------------------------------------------------------------------------


def test_embeddings_in_floats_and_base64(gateway, vendors):
    sdk = gateway.openai()
    floats = sdk.embeddings.create(
        model="embedding", input=["a", "b"], encoding_format="float", dimensions=8
    )
    sent = vendors["openai"].last()
    check_sent(sent["path"], sent["body"])
    assert sent["body"]["model"] == "text-embedding-3-small"
    assert sent["body"]["dimensions"] == 8
    assert [len(item.embedding) for item in floats.data] == [8, 8]
    assert floats.usage.total_tokens == 12
    # The SDK asks for base64 by itself; its strict mode does not know that answer.
    lenient = gateway.openai(_strict_response_validation=False)
    decoded = lenient.embeddings.create(model="embedding", input=["a", "b"])
    assert vendors["openai"].last()["body"]["encoding_format"] == "base64"
    assert [item.embedding for item in decoded.data] == [item.embedding for item in floats.data]


@pytest.mark.parametrize("given", ["one text", ["two", "texts"], [1, 2, 3], [[1, 2], [3]]])
def test_embeddings_of_every_kind_of_input(gateway, vendors, given):
    answer = gateway.post("/v1/embeddings", {"model": "embedding", "input": given})
    assert answer.status == 200, answer.text
    assert vendors["openai"].only()["body"]["input"] == given


def test_embeddings_from_a_vendor_without_them_are_refused(gateway, vendors):
    answer = gateway.post("/v1/embeddings", {"model": "anthropic", "input": "a"})
    assert answer.status in (400, 404)
    assert answer.json["error"]["message"]
    assert vendors["anthropic"].hits == 0


# --- text completions ---------------------------------------------------------------------------


def test_completions_by_a_vendor_that_has_them(gateway, vendors):
    sdk = gateway.openai()
    answer = sdk.completions.create(model="openai", prompt="Once", max_tokens=9, suffix="end")
    assert answer.choices[0].text == "Hello from openai."
    sent = vendors["openai"].only()
    assert sent["path"] == "/v1/completions"
    assert sent["body"]["suffix"] == "end"
    check_sent(sent["path"], sent["body"])
    # Strict mode refuses the null that OpenAI itself sends while a completion is not finished.
    lenient = gateway.openai(_strict_response_validation=False)
    pieces = list(lenient.completions.create(model="openai", prompt="Once", stream=True))
    assert "".join(piece.choices[0].text for piece in pieces) == "Hello from openai."
    assert pieces[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("own", [True, False])
def test_completions_through_chat(vendors, start, own):
    """By a vendor that has only chat, and by one that has both where configuration says so."""
    vendor = vendors["openai" if own else "anthropic"]
    more = {"completions": "chat"} if own else {}
    gateway = start({"models": {"m": {"deployments": [deployment(vendor, **more)]}}})
    vendor.script(default={"answer": {"echo": True}})
    answer = gateway.openai().completions.create(model="m", prompt="Once upon", max_tokens=9)
    assert answer.object == "text_completion"
    assert answer.choices[0].text == "Once upon"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 5
    sent = vendor.only()
    check_sent(sent["path"], sent["body"])
    lenient = gateway.openai(_strict_response_validation=False)
    pieces = lenient.completions.create(model="m", prompt="Once upon", stream=True)
    assert "".join(piece.choices[0].text for piece in pieces if piece.choices) == "Once upon"


# --- counting tokens ----------------------------------------------------------------------------


def test_tokens_are_counted_by_the_vendor_that_can(gateway, vendors):
    sdk = gateway.anthropic()
    count = sdk.messages.count_tokens(model="anthropic", messages=MESSAGES, system="s")
    assert count.input_tokens == 12
    sent = vendors["anthropic"].only()
    assert sent["path"] == "/v1/messages/count_tokens"
    check_sent(sent["path"], sent["body"])


def test_tokens_are_estimated_where_no_vendor_counts(gateway, vendors):
    body = {"model": "openai", "messages": [{"role": "user", "content": "word " * 400}]}
    answer = gateway.post("/v1/messages/count_tokens", body)
    assert answer.status == 200, answer.text
    assert 200 <= answer.json["input_tokens"] <= 1000
    assert answer.headers["x-tollgate-estimated"] == "true"
    assert vendors["openai"].hits == 0


# --- models -------------------------------------------------------------------------------------


def test_models_in_the_shape_of_who_asks(gateway):
    listed = gateway.openai().models.list()
    names = ["anthropic", "embedding", "openai", "reasoner"]
    assert sorted(item.id for item in listed.data) == names
    assert gateway.openai().models.retrieve("openai").id == "openai"
    page = gateway.anthropic().models.list(limit=1000)
    assert sorted(item.id for item in page.data) == names
    assert page.has_more is False
    assert gateway.anthropic().models.retrieve("openai").display_name
    assert gateway.get("/models").json["object"] == "list"
    with pytest.raises(openai.NotFoundError) as raised:
        gateway.openai().models.retrieve("opena")
    assert "openai" in raised.value.body["message"]


def test_models_with_a_slash_in_their_name(vendors, start):
    gateway = start({"models": {"meta/llama-3": model(vendors["openai"])}})
    assert gateway.openai().models.retrieve("meta/llama-3").id == "meta/llama-3"
    sdk = gateway.openai().chat.completions
    assert sdk.create(model="meta/llama-3", messages=MESSAGES).choices[0].message.content


# --- status -------------------------------------------------------------------------------------


def test_status_and_health_say_what_is_up(vendors, start):
    gateway = start(one(vendors["openai"], retries=NO_RETRIES))
    health = gateway.get("/health")
    assert health.json["status"] == "ok"
    status = gateway.get("/v1/providers/status").json
    (shown,) = status["models"][0]["deployments"]
    assert (status["status"], shown["available"], shown["provider"]) == ("ok", True, "openai")
    vendors["openai"].fault("status", code=500)
    for _ in range(6):
        gateway.post("/v1/chat/completions", {"messages": MESSAGES})
    status = gateway.get("/v1/providers/status").json
    (shown,) = status["models"][0]["deployments"]
    assert (status["status"], shown["available"], shown["state"]) == ("down", False, "open")
    assert "500" in str(shown["last_error"])
    assert gateway.get("/health").status == 200, "a vendor that is down is not our illness"


def test_operations_have_a_door_of_their_own(gateway):
    assert wire.get(f"{gateway.ops_url}/health/live").status == 200
    assert wire.get(f"{gateway.ops_url}/health/ready").status == 200
    assert gateway.get("/metrics").status == 404, "not on the clients' port"
    assert wire.get(f"{gateway.ops_url}/v1/models").status == 404


def test_metrics_count_what_happened(vendors, start):
    gateway = start(one(vendors["openai"], retries={"max_attempts": 2, "base": "1ms"}))
    vendors["openai"].script({"fault": {"kind": "status", "code": 500}})
    for streamed in (False, True):
        body = {"model": "m", "messages": MESSAGES, "stream": streamed}
        assert gateway.post("/v1/chat/completions", body).status == 200
    gateway.post("/v1/chat/completions", {"model": "nobody", "messages": MESSAGES})
    assert poll("both requests", lambda: gateway.metric("tollgate_requests_total", model="m") == 2)
    assert gateway.metric("tollgate_attempts_total") == 3
    assert gateway.metric("tollgate_retries_total") == 1
    assert gateway.metric("tollgate_tokens_total") == 2 * (12 + 5)
    assert gateway.metric("tollgate_requests_in_flight") == 0
    text = wire.get(f"{gateway.ops_url}/metrics").text
    assert "nobody" not in text, "no label from what a client says"
    samples = {
        re.split(r"[ {]", line)[0] for line in text.splitlines() if line[:1] not in ("#", "")
    }
    helped = set(re.findall(r"^# HELP (\w+) \S", text, re.M))
    bare = {
        name
        for name in samples
        if re.sub(r"_(bucket|sum|count)$", "", name) not in helped | {name} & helped
    }
    assert not bare, "every metric says what it is"


def test_every_request_leaves_one_line(vendors, start):
    gateway = start(one(vendors["openai"]) | {"telemetry": {"log": "json"}})
    body = {"model": "m", "messages": [{"role": "user", "content": "my secret words"}]}
    answer = gateway.post("/v1/chat/completions", body, x_request_id="find-me-1")
    assert answer.headers["x-request-id"] == "find-me-1"
    assert answer.headers["request-id"] == "find-me-1"
    (line,) = poll("the log line", lambda: gateway.log("find-me-1"))
    told = json.loads(line)
    assert told["event"] == "request"
    assert (told["model"], told["status"], told["outcome"]) == ("m", 200, "ok")
    assert (told["input_tokens"], told["output_tokens"], told["attempts"]) == (12, 5, 1)
    assert "my secret words" not in str(gateway.lines)


def test_logging_of_requests_can_be_turned_off(vendors, start):
    config = one(vendors["openai"]) | {"telemetry": {"log": "json"}}
    gateway = start(config | {"defaults": {"log_requests": False}})
    gateway.post("/v1/chat/completions", {"messages": MESSAGES}, x_request_id="find-me-2")
    gateway.stop()
    assert gateway.log("find-me-2") == []


# --- the simple faces ---------------------------------------------------------------------------


def test_simple_chat(vendors, start):
    gateway = start(one(vendors["openai"]))
    vendors["openai"].script(default={"answer": {"text": "Just text."}})
    answer = gateway.post("/llm/chat", {"messages": MESSAGES})
    assert answer.json == {"result": "Just text."}
    with gateway.stream("/llm/chat/stream", {"messages": MESSAGES}) as stream:
        assert stream.headers["content-type"].startswith("text/plain")
        assert stream.answer().text == "Just text."
    for path in ("/llm/chat", "/llm/chat/stream"):
        answer = gateway.post(path, {})
        assert answer.status == 400
        assert "messages" in answer.json["error"]["message"]


def test_simple_chat_pools_all_models_by_load(upstream, start):
    a, b = upstream("openai", "a"), upstream("anthropic", "b")
    bounded = {"limits": {"concurrency": 1}, "supports_tools": True}
    models = {
        "heavy": {"deployments": [deployment(a, **bounded)], "weight": 2},
        "light": {"deployments": [deployment(b, **bounded | {"supports_tools": False})]},
    }
    gateway = start({"models": models})
    a.script(default=fault("stall", after=1))
    body = {"model": "heavy", "messages": MESSAGES, "stream": True}
    with gateway.stream("/v1/chat/completions", body) as held:
        next(held.events())
        for _ in range(3):
            answer = gateway.post("/llm/chat", {"messages": MESSAGES})
            assert answer.json == {"result": "Hello from b."}, "the other one is full"
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        answer = gateway.post("/llm/chat", {"messages": MESSAGES, "tools": [tool]})
        assert answer.status in (429, 503), "nothing that takes tools is free"
        assert answer.json["error"]["message"]


def test_simple_load_figures(vendors, start):
    limits = {"concurrency": 4}
    keys = [{"key": "sk-1", "id": "first"}, {"key": "sk-2", "id": "second", "weight": 2}]
    first = deployment(vendors["openai"], api_keys=keys, limits=limits)
    second = deployment(
        vendors["openai"], api_keys=[{"key": "sk-3", "id": "third"}], limits={"qps": 10}
    )
    gateway = start(
        {
            "models": {
                "m": {"deployments": [first], "strategy": "first_available", "weight": 1.5},
                "rated": {"deployments": [second]},
            }
        }
    )
    assert gateway.get("/llm/system-load").json == {"load_percent": 0.0}
    vendors["openai"].script(default=fault("stall", after=1))
    body = {"model": "m", "messages": MESSAGES, "stream": True}
    with gateway.stream("/v1/chat/completions", body) as held:
        next(held.events())
        capacity = gateway.get("/llm/system-capacity").json
        assert capacity["total_max"] == {"concurrency": 8, "qps": 10}
        shown = capacity["details"]["m"]
        assert (shown["type"], shown["current"], shown["max"]) == ("concurrency", 1, 8)
        assert shown["weight"] == 1.5
        assert [key["key"] for key in shown["keys"]] == ["first", "second"]
        assert [key["current"] for key in shown["keys"]] == [1, 0]
        assert capacity["details"]["rated"]["type"] == "qps"
        assert gateway.get("/llm/model-load/m").json == shown
        load = gateway.get("/llm/key-load/m/second").json
        assert (load["weight"], load["current"], load["max"]) == (2.0, 0, 4)
        # One of eight, and none of ten: 12.5 % and 0 %.
        assert gateway.get("/llm/system-load").json == {"load_percent": 6.25}
    for answer in (capacity, gateway.get("/v1/providers/status").json):
        assert "sk-" not in json.dumps(answer)


def test_simple_lists(gateway):
    health = gateway.get("/llm/health").json
    assert health["status"] == "ok"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", health["timestamp"])
    assert "openai" in gateway.get("/llm/models").json["models"]
    assert gateway.get("/llm/keys/openai").json["keys"]
    for path in ("/llm/model-load/nobody", "/llm/key-load/openai/nobody", "/llm/keys/nobody"):
        answer = gateway.get(path)
        assert answer.status == 404
        assert answer.json["error"]["message"]


def test_a_page_for_people(gateway):
    page = gateway.get("/docs")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "docs/page.js" in page.text
    assert "/v1/chat/completions" in gateway.get("/openapi.json").json["paths"]
    outside = re.findall(r"""(?:src|href)=["'](https?:)?//""", page.text)
    assert not outside, "the page needs no network"
