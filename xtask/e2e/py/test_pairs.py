"""What holds between OpenAI's and Anthropic's clients and vendors beyond the table of all pairs
(`test_pairs_table.py`): roles, reasoning and its signatures, credentials, bytes that are relayed.

What arrives at the vendor must be a request that the vendor's own SDK could have sent; what the
client is told must satisfy the client's SDK.
"""

from __future__ import annotations

import pytest

from harness import anthropic_words, openai_words, wire
from harness.ask import (
    Ask,
    Thinking,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
    assistant,
    user,
)
from harness.config import MODELS, key_of
from harness.contract import check_sent
from harness.processes import CLIENT_KEY

WORDS = {"openai": openai_words, "anthropic": anthropic_words}
WEATHER = Tool("weather", "Tells the weather.")


def call(number: int, name: str = "weather", **arguments: str) -> dict:
    """A scripted tool call."""
    pairs = ", ".join(f'"{key}": "{value}"' for key, value in arguments.items())
    return {"id": f"call_{number}", "name": name, "arguments": f"{{{pairs}}}"}


@pytest.fixture(params=["whole", "stream"])
def mode(request):
    return request.param


@pytest.fixture(params=["openai", "anthropic"])
def vendor(request, vendors):
    return vendors[request.param]


def exchange(gateway, client, vendor, mode, ask, answer):
    """Asks; returns what the vendor saw, what the client was told, and the vendor's journal."""
    answer = dict(answer)
    if answer.get("finish") == "length" and vendor.dialect == "anthropic":
        answer["finish"] = "max_tokens"
    vendor.script(default={"answer": answer})
    words = WORDS[client]
    sdk = gateway.openai() if client == "openai" else gateway.anthropic()
    said = getattr(words, mode)(sdk, words.request(ask, vendor.name))
    entry = vendor.only()
    check_sent(entry["path"], entry["body"])
    assert entry["path"] == WORDS[vendor.dialect].PATH
    assert entry["body"]["model"] == MODELS[vendor.dialect]
    assert bool(entry["body"].get("stream")) == (mode == "stream")
    return WORDS[vendor.dialect].seen(entry["body"]), said, entry


def test_a_developer_speaks_to_both(gateway, vendor, mode):
    ask = Ask((user("hi"),), system="Be brief.", developer=True)
    seen, _, entry = exchange(gateway, "openai", vendor, mode, ask, {})
    assert seen.system == "Be brief."
    if vendor.dialect == "openai":
        assert entry["body"]["messages"][0]["role"] == "developer"


def test_instructions_between_turns_reach_both(gateway, vendor):
    sdk = gateway.openai()
    messages = [
        {"role": "system", "content": "First."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "system", "content": "Second."},
        {"role": "user", "content": "c"},
    ]
    sdk.chat.completions.create(model=vendor.name, messages=messages)
    body = vendor.only()["body"]
    check_sent(vendor.only()["path"], body)
    assert "First." in str(body) and "Second." in str(body)


def test_thoughts_come_back_with_their_signature(gateway, client, vendors, mode):
    vendor = vendors["anthropic"]
    ask = Ask((user("Think."),), budget=2048, max_tokens=8000)
    answer = {"text": "42.", "reasoning": "Six times seven…", "signature": "c2lnbmF0dXJl"}
    seen, said, _ = exchange(gateway, client, vendor, mode, ask, answer)
    assert seen.thinks
    assert said.reasoning == answer["reasoning"]
    assert said.signature == answer["signature"]
    assert said.text == "42."


def test_thoughts_go_back_to_who_signed_them(gateway, client, vendors, mode):
    vendor = vendors["anthropic"]
    thought = Thinking("Six times seven…", "c2lnbmF0dXJl")
    called = ToolUse("toolu_1", "weather", (("city", "Paris"),))
    turns = (
        user("Think, then look."),
        Turn("assistant", (thought, called)),
        user(ToolResult("toolu_1", "rain")),
    )
    ask = Ask(turns, tools=(WEATHER,), budget=2048, max_tokens=8000)
    seen, _, _ = exchange(gateway, client, vendor, mode, ask, {})
    assert seen.turns == turns


def test_thoughts_of_one_vendor_are_no_business_of_another(gateway, vendors, mode):
    vendor = vendors["openai"]
    turns = (
        user("a"),
        Turn("assistant", (Thinking("Hm.", "c2ln"), *assistant("b").parts)),
        user("c"),
    )
    seen, _, entry = exchange(gateway, "anthropic", vendor, mode, Ask(turns), {})
    assert "c2ln" not in str(entry["body"])
    assert seen.turns == (turns[0], assistant("b"), turns[2])


def test_readable_reasoning_of_an_openai_vendor_reaches_both(gateway, client, vendors, mode):
    vendor = vendors["openai"]
    answer = {"text": "42.", "reasoning": "Six times seven…"}
    _, said, _ = exchange(gateway, client, vendor, mode, Ask((user("x"),)), answer)
    assert (said.reasoning, said.text) == (answer["reasoning"], "42.")


def test_sealed_thoughts_reach_an_anthropic_client(gateway, vendors, mode):
    vendor = vendors["anthropic"]
    vendor.script(default={"answer": {"text": "42.", "redacted": "c2VhbGVk"}})
    sdk = gateway.anthropic()
    body = {"model": "anthropic", "max_tokens": 99, "messages": [{"role": "user", "content": "x"}]}
    if mode == "whole":
        message = sdk.messages.create(**body)
    else:
        with sdk.messages.stream(**body) as events:
            message = events.get_final_message()
    assert [block.type for block in message.content] == ["redacted_thinking", "text"]
    assert message.content[0].data == "c2VhbGVk"


def test_a_refusal_is_a_refusal_for_both(gateway, client, vendor, mode):
    answer = {"refusal": "I cannot help with that."}
    if vendor.dialect == "anthropic":
        answer["text"] = ""
    _, said, _ = exchange(gateway, client, vendor, mode, Ask((user("x"),)), answer)
    if client == "anthropic" or vendor.dialect == "anthropic":
        assert said.finish == "filter"
    if client == "openai" and vendor.dialect == "openai":
        assert (said.finish, said.refusal) == ("stop", answer["refusal"])


def test_the_gateways_credential_goes_to_the_vendor_and_the_clients_does_not(
    gateway, client, vendor, mode
):
    _, _, entry = exchange(gateway, client, vendor, mode, Ask((user("x"),)), {})
    headers = entry["headers"]
    if vendor.dialect == "openai":
        assert headers["authorization"] == f"Bearer {key_of(vendor)}"
    else:
        assert headers["x-api-key"] == key_of(vendor)
        assert "authorization" not in headers
    assert CLIENT_KEY not in str(entry)
    assert headers["accept-encoding"] == "identity"


def test_the_same_dialect_is_relayed_byte_for_byte(gateway, vendors):
    # Key order, spacing, unknown fields and odd numbers survive; only the model changes.
    body = (
        b'{ "messages" : [{"role":"user","content":"h\\u00e9"}],"zzz":{"a":1.50,"b":[1e3,-0.0]},\n'
        b' "model":"openai", "temperature":1.0 }'
    )
    answer = gateway.post("/v1/chat/completions", body, content_type="application/json")
    assert answer.status == 200, answer.text
    sent = vendors["openai"].only()["text"]
    assert sent == body.decode().replace('"openai"', f'"{MODELS["openai"]}"')


@pytest.mark.parametrize("dialect", WORDS)
@pytest.mark.parametrize("streamed", [False, True])
def test_the_answer_of_the_same_dialect_is_relayed_byte_for_byte(
    gateway, vendors, dialect, streamed
):
    vendor, path = vendors[dialect], WORDS[dialect].PATH
    vendor.script(default={"answer": {"text": "Ça va? 👋🏽", "tools": [call(1, city="Paris")]}})
    body = {
        "model": dialect,
        "messages": [{"role": "user", "content": "x"}],
        "max_tokens": 9,
        "stream": streamed,
    }
    if dialect == "openai" and streamed:
        body["stream_options"] = {"include_usage": True}
    through = gateway.post(path, body)
    # What the vendor says to the same request without a gateway in between.
    direct = wire.post(
        vendor.origin + path, body | {"model": MODELS[dialect]}, anthropic_version="2023-06-01"
    )
    assert through.status == direct.status == 200
    assert through.body == direct.body


def test_anthropic_versions_and_betas_pass_to_anthropic_alone(gateway, vendors):
    sdk = gateway.anthropic(default_headers={"anthropic-beta": "one-2026,two-2026"})
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    sdk.messages.create(model="anthropic", **body)
    sent = vendors["anthropic"].only()["headers"]
    assert sent["anthropic-beta"] == "one-2026,two-2026"
    assert sent["anthropic-version"] == "2026-10-21", "the SDK's own"
    sdk.messages.create(model="openai", **body)
    assert not [name for name in vendors["openai"].only()["headers"] if "anthropic" in name]
    gateway.openai().chat.completions.create(model="anthropic", messages=body["messages"])
    assert vendors["anthropic"].last()["headers"]["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("key_header", ["authorization", "x_api_key"])
def test_anthropic_clients_show_their_key_either_way(gateway, vendors, key_header):
    key = f"Bearer {CLIENT_KEY}" if key_header == "authorization" else CLIENT_KEY
    body = {"model": "anthropic", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    headers = {key_header: key, "anthropic_version": "2023-06-01"}
    assert gateway.post("/v1/messages?beta=true", body, **headers).status == 200
    assert CLIENT_KEY not in str(vendors["anthropic"].only())


def test_what_a_vendor_cannot_express_is_dropped_aloud(gateway, vendors):
    body = {"model": "anthropic", "messages": [{"role": "user", "content": "x"}], "seed": 7}
    answer = gateway.post("/v1/chat/completions", body)
    assert answer.status == 200, answer.text
    assert "seed" in answer.headers["x-tollgate-dropped"]
    check_sent("/v1/messages", vendors["anthropic"].only()["body"])
    answer = gateway.post("/v1/chat/completions", body | {"model": "openai"})
    assert "x-tollgate-dropped" not in answer.headers
