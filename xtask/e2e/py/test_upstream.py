"""The scripted upstream itself, driven by the official SDKs without a gateway in between.

A test double that answers what no vendor would proves nothing about the gateway.
"""

import contextlib
import http.client
import itertools

import anthropic
import openai
import pytest

from harness import wire
from harness.contract import undeclared
from harness.processes import fault, status

HI = [{"role": "user", "content": "hi"}]
TOOLS = [
    {"id": "call_1", "name": "weather", "arguments": '{"city": "Paris"}'},
    {"id": "call_2", "name": "weather", "arguments": '{"city": "Rome"}'},
]
FULL = {
    "text": "Grüße 👋🏽 all",
    "reasoning": "Let me think.",
    "signature": "c2ln",
    "tools": TOOLS,
    "usage": {"input": 20, "output": 9, "cached": 8, "reasoning": 4},
}


@pytest.fixture
def openai_direct(vendors):
    client = openai.OpenAI(
        base_url=vendors["openai"].base,
        api_key="k",
        max_retries=0,
        timeout=20,
        _strict_response_validation=True,
    )
    return client, vendors["openai"]


@pytest.fixture
def anthropic_direct(vendors):
    client = anthropic.Anthropic(
        base_url=vendors["anthropic"].base,
        api_key="k",
        max_retries=0,
        timeout=20,
        _strict_response_validation=True,
    )
    return client, vendors["anthropic"]


def test_openai_answers_as_openai_does(openai_direct):
    client, upstream = openai_direct
    upstream.script(default={"answer": FULL})
    answer = client.chat.completions.create(model="m", messages=HI)
    assert undeclared(answer, frozenset({"reasoning_content"})) == []
    message = answer.choices[0].message
    assert message.content == FULL["text"]
    assert [call.function.arguments for call in message.tool_calls] == [
        tool["arguments"] for tool in TOOLS
    ]
    assert answer.usage.prompt_tokens_details.cached_tokens == 8
    chunks = list(
        client.chat.completions.create(
            model="m", messages=HI, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == FULL["text"]
    assert chunks[-1].usage.completion_tokens == 9


@pytest.mark.parametrize("answer", [FULL, {}, {"text": "", "redacted": "c2VhbGVk"}])
def test_anthropic_answers_as_anthropic_does(anthropic_direct, answer):
    client, upstream = anthropic_direct
    upstream.script(default={"answer": answer})
    whole = client.messages.create(model="m", max_tokens=9, messages=HI)
    assert undeclared(whole) == []
    with client.messages.stream(model="m", max_tokens=9, messages=HI) as stream:
        final = stream.get_final_message()
    whole, final = whole.model_dump(), final.model_dump()
    for message in (whole, final):
        for block in message["content"]:
            block.pop("parsed_output", None)
    assert final["content"] == whole["content"]
    assert final["stop_reason"] == whole["stop_reason"]
    assert final["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_the_smaller_endpoints_answer(openai_direct, anthropic_direct):
    client, _ = openai_direct
    # The SDK asks for base64 by itself, and its own strict mode does not know the answer.
    lenient = openai.OpenAI(base_url=client.base_url, api_key="k", max_retries=0)
    in_base64 = lenient.embeddings.create(model="e", input=["a", "b"])
    in_floats = client.embeddings.create(model="e", input=["a", "b"], encoding_format="float")
    assert in_base64.data[1].embedding == in_floats.data[1].embedding
    assert len(in_floats.data) == 2
    completion = client.completions.create(model="m", prompt="once")
    assert completion.choices[0].text == "Hello from openai."
    # Nor the null that every piece but the last has for its finish_reason.
    pieces = lenient.completions.create(model="m", prompt="once", stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == "Hello from openai."
    assert client.models.list().data[0].object == "model"
    client, _ = anthropic_direct
    assert client.messages.count_tokens(model="m", messages=HI).input_tokens == 12
    assert client.models.list().data[0].type == "model"


def test_what_a_vendor_refuses_is_refused(openai_direct, anthropic_direct):
    client, upstream = openai_direct
    assert wire.post(f"{upstream.base}/chat/completions", {"model": "m"}).status == 400
    assert wire.post(f"{upstream.base}/messages", {"model": "m"}).status == 404
    _, upstream = anthropic_direct
    body = {"model": "m", "messages": HI, "max_tokens": 3}
    assert wire.post(f"{upstream.base}/v1/messages", body).status == 400, "no version"
    headers = {"anthropic_version": "2023-06-01"}
    assert wire.post(f"{upstream.base}/v1/messages", body, **headers).status == 200
    del body["max_tokens"]
    assert wire.post(f"{upstream.base}/v1/messages", body, **headers).status == 400


def test_a_script_is_followed_and_the_journal_kept(openai_direct):
    client, upstream = openai_direct
    upstream.script(status(503, body="html"), {"answer": {"echo": True}}, default=fault("silent"))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="m", messages=HI)
    answer = client.chat.completions.create(model="m", messages=HI)
    assert answer.choices[0].message.content == "hi"
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.1).chat.completions.create(model="m", messages=HI)
    upstream.wait_for("the client to leave", lambda entry: entry["outcome"] == "client_closed")
    journal = upstream.journal()
    assert [entry["fault"] for entry in journal] == ["Status", None, "Silent"]
    assert journal[0]["body"] == {"model": "m", "messages": HI}
    assert journal[0]["headers"]["authorization"] == "Bearer k"


@pytest.mark.parametrize(
    "way",
    [
        {"split": 1},
        {"split": 3, "line_end": "\r\n"},
        {"comments": True, "no_space": True},
        {"framing": "close"},
        {"gzip": True},
    ],
)
def test_the_wire_may_vary_and_says_the_same(openai_direct, way):
    client, upstream = openai_direct
    upstream.script(default={"answer": FULL, "wire": way})
    whole = client.chat.completions.create(model="m", messages=HI)
    assert whole.choices[0].message.content == FULL["text"]
    chunks = client.chat.completions.create(model="m", messages=HI, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == FULL["text"]


@pytest.mark.parametrize(
    ("broken", "raises"),
    [
        (fault("reset_before_head"), openai.APIConnectionError),
        (fault("close_before_head"), openai.APIConnectionError),
        (fault("wrong_length", extra=5), openai.APIConnectionError),
        (fault("refuse", why="auth"), openai.AuthenticationError),
        (fault("refuse", why="quota"), openai.RateLimitError),
        (fault("refuse", why="context_length"), openai.BadRequestError),
        (fault("html"), openai.APIResponseValidationError),
    ],
)
def test_faults_are_faults(openai_direct, broken, raises):
    client, upstream = openai_direct
    upstream.script(default=broken)
    with pytest.raises(raises):
        client.chat.completions.create(model="m", messages=HI)


@pytest.mark.parametrize("reset", [True, False])
def test_a_cut_stream_is_cut_where_the_script_says(openai_direct, reset):
    _, upstream = openai_direct
    upstream.script(default=fault("cut", after=2, reset=reset) | {"answer": {"piece": 3}})
    body = {"model": "m", "messages": HI, "stream": True}
    with wire.Stream(f"{upstream.base}/chat/completions", body, {}) as stream:
        events = []
        with contextlib.suppress(ConnectionError, http.client.IncompleteRead):
            events.extend(event.json for event in stream.events())
    said = [event["choices"][0]["delta"].get("content") for event in events]
    # A reset may overtake what was sent before it.
    assert said == ["", "Hel", "lo "][: len(said)]
    assert reset or len(said) == 3


def test_an_endless_stream_ends_with_its_reader(openai_direct):
    _, upstream = openai_direct
    upstream.fault("endless", bytes=1000)
    body = {"model": "m", "messages": HI, "stream": True}
    stream = wire.Stream(f"{upstream.base}/chat/completions", body, {})
    assert len(list(itertools.islice(stream.events(), 10))) == 10
    left = stream.cut()
    entry = upstream.wait_for("the end", lambda entry: entry["outcome"] == "client_closed")
    assert abs(entry["ended_ms"] - left) < 1000
    assert entry["frames_sent"] > 10
