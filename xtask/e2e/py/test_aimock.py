"""Through the gateway to a vendor that nobody here wrote: `@copilotkit/aimock`.

Its own fixtures decide what it says, so these tests know nothing of the gateway's test double.
"""

from __future__ import annotations

import json
import os
import pathlib

import pytest

from harness import wire
from harness.processes import Gateway, Process, free_port, poll

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
FIXTURES = {
    "fixtures": [
        {
            "match": {"userMessage": "weather", "endpoint": "chat"},
            "response": {
                "toolCalls": [{"name": "weather", "arguments": '{"city":"Paris"}', "id": "call_p"}]
            },
        },
        {
            "match": {"userMessage": "limit", "endpoint": "chat"},
            "response": {
                "error": {"message": "Too fast.", "type": "rate_limit_error"},
                "status": 429,
            },
        },
        {
            "match": {"userMessage": "hello", "endpoint": "chat"},
            "response": {"content": "Hi, I am not a vendor."},
        },
    ]
}


@pytest.fixture(scope="module")
def aimock(tmp_path_factory):
    node, packages = os.environ.get("NODE"), os.environ.get("NODE_PACKAGES")
    if not node:
        tell = pytest.skip if os.environ.get("NODE_MAY_MISS") else pytest.fail
        tell("aimock needs Node; `cargo xtask e2e` installs it")
    folder = tmp_path_factory.mktemp("aimock")
    fixtures = folder / "fixtures.json"
    fixtures.write_text(json.dumps(FIXTURES))
    package = pathlib.Path(packages) / "node_modules/@copilotkit/aimock"
    program = json.loads((package / "package.json").read_text())["bin"]["llmock"]
    port = free_port()
    args = [node, str(package / program), "--strict", "--port", str(port), "--host", "127.0.0.1"]
    process = Process([*args, "--fixtures", str(fixtures)])
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.running, process.lines
        try:
            return wire.get(f"{url}/v1/models").status == 200
        except OSError:
            return False

    poll("aimock", up)
    yield url
    process.stop()


def both_dialects(aimock: str) -> dict:
    """One model for each dialect that aimock speaks, named by it."""
    bases = {"openai": f"{aimock}/v1", "anthropic": aimock}
    models = {
        name: {
            "deployments": [
                {"provider": name, "model": "any-model", "api_base": base, "api_keys": ["sk-mock"]}
            ],
            "retries": {"max_attempts": 1},
        }
        for name, base in bases.items()
    }
    return {"models": models}


@pytest.fixture(scope="module")
def door(aimock, tmp_path_factory):
    """A gateway for the tests that break nothing."""
    gateway = Gateway(tmp_path_factory.mktemp("door"), both_dialects(aimock))
    yield gateway
    gateway.stop()


@pytest.fixture(params=["openai", "anthropic"])
def name(request):
    return request.param


@pytest.mark.parametrize("streamed", [False, True])
def test_an_openai_client_talks_to_it(door, name, streamed):
    sdk = door.openai().chat.completions
    messages = [{"role": "user", "content": "hello there"}]
    if streamed:
        chunks = sdk.create(model=name, messages=messages, stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    else:
        text = sdk.create(model=name, messages=messages).choices[0].message.content
    assert text == "Hi, I am not a vendor."


@pytest.mark.parametrize("streamed", [False, True])
def test_an_anthropic_client_talks_to_it(door, name, streamed):
    sdk = door.anthropic().messages
    body = {
        "model": name,
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "hello there"}],
    }
    if streamed:
        with sdk.stream(**body) as events:
            text = events.get_final_text()
    else:
        text = sdk.create(**body).content[0].text
    assert text == "Hi, I am not a vendor."


@pytest.mark.parametrize("streamed", [False, True])
def test_tools_are_called(door, name, streamed):
    body = {
        "model": name,
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "the weather please"}],
        "tools": [{"name": "weather", "description": "w", "input_schema": WEATHER}],
    }
    sdk = door.anthropic().messages
    if streamed:
        with sdk.stream(**body) as events:
            message = events.get_final_message()
    else:
        message = sdk.create(**body)
    (call,) = [block for block in message.content if block.type == "tool_use"]
    assert (call.name, call.input) == ("weather", {"city": "Paris"})
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_its_errors_are_told(aimock, start, name, path):
    body = {"model": name, "max_tokens": 9, "messages": [{"role": "user", "content": "limit"}]}
    answer = start(both_dialects(aimock)).post(path, body)
    assert answer.status == 429, answer.text
    assert "Too fast." in answer.json["error"]["message"]
    assert answer.json["error"]["type"] == "rate_limit_error"
