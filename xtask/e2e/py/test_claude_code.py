"""Claude Code as a client: what it sends, what it looks for, and what must not go elsewhere.

Its requests are those of the gateway protocol that its vendor documents: `/v1/messages?beta=true`, either
header with a key, switches and fields that only the newest models know, and an accounting line before
the system prompt which changes with every request.
"""

from __future__ import annotations

import copy
import json

import pytest

from harness.config import NO_RETRIES, deployment
from harness.contract import check_sent
from harness.processes import CLIENT_KEY

BILLING = "x-anthropic-billing-header: cc_version=2.1.90.f4d; cc_entrypoint=cli; cch=1a2b3;"
HEADERS = {
    "authorization": f"Bearer {CLIENT_KEY}",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,"
    "context-management-2025-06-27,prompt-caching-scope-2026-01-05,effort-2025-11-24",
    "anthropic-dangerous-direct-browser-access": "true",
    "anthropic-workspace-id": "wrkspc_1",
    "user-agent": "claude-cli/2.1.90 (external, cli)",
    "x-app": "cli",
    "x-stainless-retry-count": "0",
}
CACHE = {"type": "ephemeral", "ttl": "1h"}
SCHEMA = {
    "type": "object",
    "properties": {"command": {"type": "string"}},
    "required": ["command"],
    "additionalProperties": False,
    "$schema": "http://json-schema.org/draft-07/schema#",
}
ASK = {
    "model": "m",
    "max_tokens": 32000,
    "system": [
        {"type": "text", "text": BILLING},
        {"type": "text", "text": "You are Claude Code.", "cache_control": CACHE},
        {"type": "text", "text": "Be brief.", "cache_control": CACHE},
    ],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<system-reminder>Today.</system-reminder>"},
                {"type": "text", "text": "list the files", "cache_control": CACHE},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "They want files.", "signature": "U0lHTkFUVVJF"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_01", "name": "Bash", "input": {"command": "ls"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01",
                    "content": [{"type": "text", "text": "a.txt"}],
                    "is_error": False,
                    "cache_control": CACHE,
                }
            ],
        },
    ],
    "tools": [
        {"name": "Bash", "description": "Runs.", "input_schema": SCHEMA, "eager_input_streaming": True},
    ],
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "metadata": {"user_id": '{"device_id":"d","account_uuid":"","session_id":"s"}'},
    "stream": True,
}
PATH = "/v1/messages?beta=true"


@pytest.fixture
def vendors(upstream):
    return {name: upstream(name, name) for name in ("openai", "anthropic")} | {
        "house": upstream("anthropic", "house")
    }


@pytest.fixture
def gateway(vendors, shared_gateways):
    def place(name: str, **more) -> dict:
        return {"deployments": [deployment(vendors[name], **more)], "retries": NO_RETRIES}

    house = {"dialect": "anthropic", "api_base": vendors["house"].base, "api_keys": ["house-key"]}
    models = {
        "m": place("anthropic", model="claude-opus-4-6"),
        "claude-other": place("openai", model="gpt-5.1"),
        "house": {"provider": "house", "model": "house-7b", "retries": NO_RETRIES},
    }
    return shared_gateways({"models": models, "providers": {"house": house}})


def test_a_request_reaches_claude_as_it_was_sent(gateway, vendors):
    answer = gateway.post(PATH, ASK, **HEADERS)
    assert answer.status == 200, answer.text
    assert "event: message_stop" in answer.text
    sent = vendors["anthropic"].only()
    assert sent["body"] == ASK | {"model": "claude-opus-4-6"}
    headers = sent["headers"]
    for name in ("anthropic-version", "anthropic-beta", "anthropic-workspace-id"):
        assert headers[name] == HEADERS[name]
    assert headers["x-api-key"] == "sk-anthropic-secret"
    assert "authorization" not in headers and "x-app" not in headers
    assert CLIENT_KEY not in json.dumps(sent)


@pytest.mark.parametrize("auth", [{"x-api-key": CLIENT_KEY}, {"authorization": f"Bearer {CLIENT_KEY}"}])
@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_either_header_and_either_version_are_taken(gateway, vendors, auth, version):
    body = ASK | {"stream": False}
    answer = gateway.post(PATH, body, **auth | {"anthropic-version": version})
    assert answer.status == 200, answer.text
    sent = vendors["anthropic"].only()
    assert sent["headers"]["anthropic-version"] == version
    assert sent["headers"]["x-api-key"] == "sk-anthropic-secret"
    assert CLIENT_KEY not in json.dumps(sent)


@pytest.mark.parametrize("name", ["openai", "house"])
def test_the_accounting_line_goes_to_no_other_vendor_and_prompts_stay_alike(gateway, vendors, name):
    """Two requests that differ by the line alone are the same to a vendor that keeps prompts."""
    model = {"openai": "claude-other", "house": "house"}[name]
    sent = []
    for count in "12":
        body = copy.deepcopy(ASK) | {"model": model}
        body["system"][0]["text"] = BILLING.replace("1a2b3", f"1a2b{count}")
        answer = gateway.post(PATH, body, **HEADERS)
        assert answer.status == 200, answer.text
        sent.append(vendors[name].last())
    assert sent[0]["body"] == sent[1]["body"]
    said = json.dumps(sent)
    assert "billing" not in said and "cc_version" not in said
    assert "You are Claude Code." in said and "Be brief." in said


def test_the_line_is_counted_for_nobody_else(gateway, vendors):
    body = {"model": "claude-other", "messages": ASK["messages"], "system": ASK["system"]}
    with_line = gateway.post("/v1/messages/count_tokens?beta=true", body, **HEADERS)
    without = gateway.post("/v1/messages/count_tokens", body | {"system": ASK["system"][1:]}, **HEADERS)
    assert with_line.json == without.json
    assert with_line.json["input_tokens"] > 0
    assert not vendors["openai"].hits


def test_another_vendor_continues_the_work(gateway, vendors):
    vendors["openai"].script(
        default={
            "answer": {
                "text": "There is one.",
                "tools": [{"id": "call_1", "name": "Bash", "arguments": '{"command":"cat a.txt"}'}],
            }
        }
    )
    answer = gateway.post(PATH, ASK | {"model": "claude-other", "stream": False}, **HEADERS)
    assert answer.status == 200, answer.text
    assert answer.json["stop_reason"] == "tool_use"
    kinds = [block["type"] for block in answer.json["content"]]
    assert kinds == ["text", "tool_use"]
    sent = vendors["openai"].only()["body"]
    check_sent("/v1/chat/completions", sent)
    assert [message["role"] for message in sent["messages"]] == ["developer", "user", "assistant", "tool"]
    assert "signature" not in json.dumps(sent) and "They want files" not in json.dumps(sent)
    assert sent["reasoning_effort"] == "high"
    dropped = answer.headers["x-tollgate-dropped"].split(", ")
    assert "context_management" in dropped
    assert any(field.endswith(".thinking") for field in dropped), dropped


def test_models_are_found_in_anthropics_shape(gateway):
    for headers in ({"anthropic-version": "2023-06-01", "authorization": "Bearer k"}, {"x-api-key": "k"}):
        answer = gateway.get("/v1/models?limit=1000", **headers)
        found = answer.json
        assert [model["id"] for model in found["data"]] == ["m", "claude-other", "house"]
        assert {model["type"] for model in found["data"]} == {"model"}
        assert (found["first_id"], found["last_id"], found["has_more"]) == ("m", "house", False)
    assert gateway.get("/v1/models").json["object"] == "list"
    one = gateway.get("/v1/models/claude-other", **{"anthropic-version": "2023-06-01"})
    assert one.json["type"] == "model" and one.json["display_name"]
    missing = gateway.get("/v1/models/no-such", **{"anthropic-version": "2023-06-01"})
    assert missing.status == 404
    assert missing.json["error"]["type"] == "not_found_error"


def test_the_sdk_pages_through_models(gateway):
    sdk = gateway.anthropic()
    assert [model.id for model in sdk.models.list(limit=2)] == ["m", "claude-other", "house"]
    page = sdk.models.list(limit=2)
    assert page.has_more and page.last_id == "claude-other"
    assert sdk.models.retrieve("claude-other").id == "claude-other"


def test_probes_at_the_start_are_harmless(gateway):
    from harness import wire

    head = wire.request("HEAD", f"{gateway.url}/", None, {})
    assert head.status == 200
    events = gateway.post("/api/event_logging/batch", {"events": []}, **HEADERS)
    assert events.status == 404 and events.json["error"]["message"]


def test_what_the_vendor_refuses_reads_as_the_vendor_says_it(gateway, vendors):
    error = {"message": "context_management: Extra inputs are not permitted"}
    vendors["anthropic"].script({"fault": {"kind": "status", "code": 400, "error": error}})
    answer = gateway.post(PATH, ASK, **HEADERS)
    assert answer.status == 400
    assert answer.json["type"] == "error"
    assert answer.json["error"] == {"type": "invalid_request_error"} | error
