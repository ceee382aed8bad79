"""Claude at Foundry and at Vertex AI: asked as Anthropic's own clients for these places ask.

Each place is told the same way by every client: Anthropic's is relayed, OpenAI's is translated.
"""

from __future__ import annotations

import json

import anthropic
import pytest

from harness.config import NO_RETRIES
from harness.contract import check_sent
from harness.processes import CLIENT_KEY
from harness.stub import Stub, events, whole

OLD, NEW = "claude-sonnet-4-5@20250929", "claude-opus-5-5"
USER = {"role": "user", "content": "hi"}
ASK = {"model": "m", "max_tokens": 50, "messages": [USER]}
USAGE = {"input_tokens": 4, "output_tokens": 2}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
STREAM = (
    {
        "type": "message_start",
        "message": MESSAGE | {"content": [], "stop_reason": None, "usage": USAGE},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi."}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
)


def say(asked: dict):
    if "count" in asked["path"]:
        return whole({"input_tokens": 7})
    return events(*STREAM, names=True) if asked["body"].get("stream") else whole(MESSAGE)


@pytest.fixture
def claude():
    stub = Stub(say)
    yield stub
    stub.stop()


@pytest.fixture
def machine():
    """The metadata server of Google's machines."""
    stub = Stub(lambda _: whole({"access_token": "token-1", "expires_in": 3600}))
    yield stub
    stub.stop()


def foundry(claude: Stub, **more) -> dict:
    place = {
        "provider": "azure",
        "model": "mine",
        "api_base": claude.origin,
        "api_key": "foundry-key",
        "azure": {"base_model": "claude-opus-4-6"},
        "retries": NO_RETRIES,
    }
    return {"models": {"m": place | more}}


def vertex(claude: Stub, machine: Stub, **more) -> dict:
    google = {"project": "p", "location": "europe-west1", "metadata_host": machine.host}
    provider = {"api_base": claude.origin, "google": google}
    models = {
        name: {"provider": "vertex", "model": model, "retries": NO_RETRIES} | more
        for name, model in {"m": OLD, "new": NEW}.items()
    }
    return {"providers": {"vertex": provider}, "models": models}


def caught(client, call) -> object:
    """The request that a client of Anthropic's own would send."""
    seen: list = []

    def send(request, **_):
        seen.append(request)
        raise RuntimeError("caught")

    client._client.send = send
    with pytest.raises(Exception):
        call(client)
    return seen[0]


# What only newer clients and models know; all of it must arrive.
RICH = ASK | {
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "thinking": {"type": "adaptive", "display": "summarized"},
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
    "brand_new": [1.50],
}
BETAS = "interleaved-thinking-2025-05-14,context-management-2025-06-27"


def test_foundry_is_asked_as_its_own_client_asks(start, claude):
    gateway = start(foundry(claude))
    headers = {"anthropic-version": "2023-06-01", "anthropic-beta": BETAS}
    answer = gateway.post("/v1/messages?beta=true", RICH, **headers)
    assert answer.status == 200, answer.text
    own = anthropic.AnthropicFoundry(
        base_url=f"{claude.origin}/anthropic/", api_key="foundry-key", max_retries=0
    )
    theirs = caught(own, lambda client: client.messages.create(**ASK | {"model": "mine"}))
    ours = claude.only
    assert ours["path"] == theirs.url.path == "/anthropic/v1/messages"
    assert ours["query"] == {"beta": "true"}
    for name in ("x-api-key", "api-key"):
        assert ours["headers"][name] == theirs.headers[name] == "foundry-key"
    assert ours["headers"]["anthropic-version"] == "2023-06-01"
    assert ours["headers"]["anthropic-beta"] == BETAS
    assert ours["body"] == RICH | {"model": "mine"}
    assert CLIENT_KEY not in json.dumps({**ours, "raw": None})


def test_foundry_serves_every_client(start, claude):
    gateway = start(foundry(claude))
    sdk = gateway.anthropic()
    assert sdk.messages.create(**ASK).content[0].text == "Hi."
    with sdk.messages.stream(**ASK) as stream:
        assert stream.get_final_text() == "Hi."
    counted = sdk.messages.count_tokens(model="m", messages=[USER])
    assert counted.input_tokens == 7
    assert claude.last["path"] == "/anthropic/v1/messages/count_tokens"
    chat = gateway.openai().chat.completions.create(model="m", messages=[USER])
    assert chat.choices[0].message.content == "Hi."
    check_sent("/v1/messages", claude.last["body"])
    assert claude.last["body"]["model"] == "mine"


def test_foundry_takes_tokens_of_entra(start, claude, machine):
    place = foundry(claude, azure={"base_model": NEW, "metadata_host": machine.host})
    del place["models"]["m"]["api_key"]
    gateway = start(place)
    assert gateway.post("/v1/messages", ASK).status == 200
    assert claude.last["headers"]["authorization"] == "Bearer token-1"
    assert "x-api-key" not in claude.last["headers"]


VERTEX = "/v1/projects/p/locations/europe-west1/publishers/anthropic/models"


@pytest.mark.parametrize("stream", [False, True])
def test_vertex_is_asked_as_its_own_client_asks(start, claude, machine, stream):
    gateway = start(vertex(claude, machine))
    body = RICH | ({"stream": True} if stream else {})
    headers = {"anthropic-version": "2023-06-01", "anthropic-beta": BETAS}
    answer = gateway.post("/v1/messages?beta=true", body, **headers)
    assert answer.status == 200, answer.text
    own = anthropic.AnthropicVertex(
        base_url=f"{claude.origin}/v1",
        region="europe-west1",
        project_id="p",
        access_token="token-1",
        max_retries=0,
    )
    asked = ASK | {"model": OLD} | ({"stream": True} if stream else {})
    theirs = caught(own, lambda client: client.messages.create(**asked))
    ours = claude.only
    assert ours["path"] == theirs.url.path
    assert ours["path"] == f"{VERTEX}/{OLD}:{'streamRawPredict' if stream else 'rawPredict'}"
    assert ours["query"] == {}
    assert ours["headers"]["authorization"] == theirs.headers["authorization"] == "Bearer token-1"
    assert ours["headers"]["anthropic-beta"] == BETAS
    assert "anthropic-version" not in ours["headers"]
    wanted = {key: value for key, value in body.items() if key != "model"}
    assert ours["body"] == wanted | {"anthropic_version": "vertex-2023-10-16"}
    sent_by_them = json.loads(theirs.content)
    assert set(sent_by_them) == {"max_tokens", "messages", "anthropic_version"} | (
        {"stream"} if stream else set()
    )


def test_vertex_counts_tokens_at_its_own_place(start, claude, machine):
    gateway = start(vertex(claude, machine))
    counted = gateway.anthropic().messages.count_tokens(model="m", messages=[USER])
    assert counted.input_tokens == 7
    ours = claude.only
    assert ours["path"] == f"{VERTEX}/count-tokens:rawPredict"
    assert ours["body"]["model"] == OLD


def test_vertex_serves_every_client(start, claude, machine):
    gateway = start(vertex(claude, machine))
    sdk = gateway.anthropic()
    # This client says 2026-10-21, which older models are not asked in.
    assert sdk.messages.create(**ASK).content[0].text == "Hi."
    assert claude.last["body"]["anthropic_version"] == "vertex-2023-10-16"
    assert sdk.messages.create(**ASK | {"model": "new"}).content[0].text == "Hi."
    assert claude.last["body"]["anthropic_version"] == "2026-10-21"
    with sdk.messages.stream(**ASK) as stream:
        assert stream.get_final_text() == "Hi."
    chat = gateway.openai().chat.completions.create(model="m", messages=[USER], stream=True)
    assert "".join(part.choices[0].delta.content or "" for part in chat if part.choices) == "Hi."
    assert claude.last["path"].endswith(":streamRawPredict")
    sent = claude.last["body"]
    assert sent.pop("anthropic_version") == "vertex-2023-10-16"
    check_sent("/v1/messages", sent | {"model": OLD})
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    answer = gateway.post("/v1beta/models/m:generateContent", body)
    assert answer.json["candidates"][0]["content"]["parts"][0]["text"] == "Hi."


def test_switches_that_vertex_would_refuse_are_left_out_aloud(start, claude, machine):
    gateway = start(vertex(claude, machine))
    betas = f"claude-code-20250219,{BETAS}"
    answer = gateway.post("/v1/messages", ASK, **{"anthropic-beta": betas})
    assert answer.headers["x-tollgate-dropped"] == "anthropic-beta.claude-code-20250219"
    assert claude.last["headers"]["anthropic-beta"] == BETAS


def test_failures_of_google_and_of_claude_are_told_alike(start, claude, machine):
    gateway = start(vertex(claude, machine))
    spent = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}
    long = {"type": "invalid_request_error", "message": "prompt is too long: 2 tokens > 1 maximum"}
    claude.queue = [whole({"type": "error", "error": long}, 400), whole(spent, 429)]
    with pytest.raises(anthropic.BadRequestError) as refused:
        gateway.anthropic().messages.create(**ASK)
    assert "prompt is too long" in str(refused.value)
    with pytest.raises(anthropic.RateLimitError):
        gateway.anthropic().messages.create(**ASK)
