"""Amazon Bedrock: what is sent holds under botocore's rules and signatures, what comes back under the
clients' own types."""

from __future__ import annotations

import datetime
import json
import pathlib

import anthropic
import boto3
import botocore.config
import openai
import pytest

from harness import wire
from harness.bedrock import (
    CLAUDE,
    KEY_ID,
    NOVA,
    REGION,
    SECRET,
    TOKEN,
    Answer,
    Service,
    chunk,
    event,
    exception,
    failure,
    streamed,
    text_stream,
    whole,
)

KEYS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
APPLICATION = f"arn:aws:bedrock:{REGION}:123456789012:application-inference-profile/a1b2c3"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
def service():
    """A scripted Bedrock."""
    service = Service()
    yield service
    service.stop()


def config(service: Service, **more) -> dict:
    """Models of several families at one service; failures are shown, not hidden by retries."""

    def model(name: str, **own) -> dict:
        deployment = {"provider": "bedrock", "model": name, "api_base": service.url} | more | own
        return {"deployments": [deployment], "retries": {"max_attempts": 1}}

    return {
        "models": {
            "claude": model(CLAUDE),
            "nova": model(NOVA),
            "titan": model("amazon.titan-embed-text-v2:0"),
            "cohere": model("cohere.embed-multilingual-v3"),
            "profile": model(APPLICATION, aws={"base_model": "anthropic.claude-opus-4-6-v1"}),
        }
    }


@pytest.fixture
def gateway(service, start, tmp_path):
    """A gateway in front of it, with keys in the environment."""
    return start(config(service), KEYS | {"HOME": str(tmp_path)})


def ask(gateway, model: str = "claude", **more) -> openai.types.chat.ChatCompletion:
    messages = more.pop("messages", [{"role": "user", "content": "Hi"}])
    return gateway.openai().chat.completions.create(model=model, messages=messages, **more)


# What is sent.


@pytest.mark.parametrize("model", ["claude", "nova"])
def test_a_rich_request_is_valid_and_signed(gateway, service, model):
    pdf = "data:application/pdf;base64,JVBERi0xLjQK"
    ask(
        gateway,
        model,
        messages=[
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                    {"type": "file", "file": {"filename": "a report.pdf", "file_data": pdf}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call id/" + "x" * 80,
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Ulm"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call id/" + "x" * 80, "content": "sunny"},
            {"role": "user", "content": "And now?"},
        ],
        tools=[WEATHER],
        tool_choice="required",
        temperature=0.2,
        max_tokens=300,
        stop=["END"],
    )
    request = service.only()
    request.check()
    request.check_signature()
    assert request.operation == "Converse"
    body = request.json
    assert body["inferenceConfig"] == {"maxTokens": 300, "temperature": 0.2, "stopSequences": ["END"]}
    assert body["toolConfig"]["toolChoice"] == {"any": {}}
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["user", "assistant", "user"]
    call = body["messages"][1]["content"][0]["toolUse"]
    assert call["toolUseId"] == body["messages"][2]["content"][0]["toolResult"]["toolUseId"]
    assert body["messages"][0]["content"][2]["document"]["name"] == "a report pdf"


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("claude", {"parallel_tool_calls": False, "tools": [WEATHER]}),
        ("claude", {"reasoning_effort": "medium", "max_tokens": 6000}),
        ("profile", {"reasoning_effort": "high"}),
        ("nova", {"reasoning_effort": "low"}),
        ("claude", {"response_format": {"type": "json_object"}}),
        (
            "claude",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "s", "schema": {"type": "object", "properties": {}}},
                }
            },
        ),
        (
            "nova",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "s", "schema": {"type": "object", "properties": {}}},
                }
            },
        ),
        ("nova", {"service_tier": "priority", "extra_body": {"top_k": 5}}),
        ("claude", {"tools": [WEATHER], "tool_choice": "none"}),
    ],
)
def test_every_option_is_valid(gateway, service, model, more):
    ask(gateway, model, **more)
    service.only().check()
    service.only().check_signature()


def test_a_profile_is_addressed_by_its_whole_arn(gateway, service):
    ask(gateway, "profile")
    request = service.only()
    assert request.model == APPLICATION
    assert "%3A" in request.path and "%2F" in request.path
    request.check_signature()


def test_pictures_by_address_are_refused_loudly(gateway, service):
    content = [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]
    with pytest.raises(openai.BadRequestError, match="fetch_media: true"):
        ask(gateway, messages=[{"role": "user", "content": content}])
    assert service.requests == []


# What comes back.


def test_an_answer_is_told_with_all_its_tokens(gateway):
    answer = ask(gateway)
    assert answer.choices[0].message.content == "Hello from Bedrock."
    assert answer.choices[0].finish_reason == "stop"
    # The vendor counts what its cache read apart.
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (111, 7)
    assert answer.usage.prompt_tokens_details.cached_tokens == 100


def test_calls_and_reasoning_are_told(gateway, service):
    reasoning = {"reasoningText": {"text": "Hm.", "signature": "sig"}}
    call = {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Ulm"}}
    blocks = [{"reasoningContent": reasoning}, {"text": "Let me see."}, {"toolUse": call}]
    service.script(Answer(200, whole(*blocks, stop="tool_use")))
    message = ask(gateway, tools=[WEATHER]).choices[0].message
    assert message.tool_calls[0].id == "tooluse_1"
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Ulm"}
    assert message.reasoning_content == "Hm."


def tool_stream() -> list[bytes]:
    start = {"toolUse": {"toolUseId": "t1", "name": "weather"}}
    delta = lambda index, delta: event(
        "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
    )
    return [
        event("messageStart", {"role": "assistant"}),
        delta(0, {"reasoningContent": {"text": "Hm."}}),
        delta(0, {"reasoningContent": {"signature": "sig"}}),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        event("contentBlockStart", {"contentBlockIndex": 1, "start": start}),
        delta(1, {"toolUse": {"input": '{"city":'}}),
        delta(1, {"toolUse": {"input": '"Ulm"}'}}),
        event("contentBlockStop", {"contentBlockIndex": 1}),
        event("messageStop", {"stopReason": "tool_use"}),
        event("metadata", {"usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}, "metrics": {"latencyMs": 1}}),
    ]


def in_bytes(stream: list[bytes]) -> list[bytes]:
    return [bytes([byte]) for byte in b"".join(stream)]


@pytest.mark.parametrize("cut", [lambda it: it, lambda it: [b"".join(it)], in_bytes])
def test_streams_are_told_however_they_are_cut(gateway, service, cut):
    service.script(streamed(cut(tool_stream())))
    stream = ask(
        gateway, "nova", tools=[WEATHER], stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    service.only().check()
    service.only().check_signature()
    calls = [c.choices[0].delta.tool_calls for c in chunks if c.choices]
    calls = [call[0] for call in calls if call]
    assert calls[0].id == "t1" and calls[0].function.name == "weather"
    assert "".join(call.function.arguments or "" for call in calls) == '{"city":"Ulm"}'
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "tool_calls"
    assert chunks[-1].usage.total_tokens == 7


def test_botocore_reads_the_same_script(service):
    """The script is shaped like the service: AWS's own client reads it."""
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=service.url,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    service.script(
        Answer(200, whole({"text": "Hi"})),
        streamed(tool_stream()),
        streamed([*text_stream("a")[:2], exception("throttlingException", "slow down")]),
        failure(429, "ThrottlingException", "slow down"),
        streamed([chunk(item) for item in claude_events()]),
    )
    messages = [{"role": "user", "content": [{"text": "Hi"}]}]
    asked = {"modelId": CLAUDE, "messages": messages}
    assert client.converse(**asked)["output"]["message"]["content"] == [{"text": "Hi"}]
    names = [next(iter(item)) for item in client.converse_stream(**asked)["stream"]]
    assert names[0] == "messageStart" and names[-1] == "metadata"
    with pytest.raises(Exception, match="throttlingException"):
        list(client.converse_stream(**asked)["stream"])
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(**asked)
    stream = client.invoke_model_with_response_stream(modelId=CLAUDE, body=b"{}")["body"]
    kinds = [json.loads(item["chunk"]["bytes"])["type"] for item in stream]
    assert kinds == [item["type"] for item in claude_events()]
    # And the checks of the script hold for AWS's own requests.
    for request in service.requests:
        request.check_signature()


# What goes wrong.


@pytest.mark.parametrize(
    ("status", "kind", "text", "error"),
    [
        (429, "ThrottlingException", "Too many tokens, please wait", openai.RateLimitError),
        (429, "ModelNotReadyException", "not ready", openai.InternalServerError),
        (400, "ValidationException", "messages.0 is wrong", openai.BadRequestError),
        (400, "ValidationException", "Input is too long for requested model.", openai.BadRequestError),
        (403, "AccessDeniedException", "not authorized", openai.APIStatusError),
        (404, "ResourceNotFoundException", "no such model", openai.APIStatusError),
        (424, "ModelErrorException", "it broke", openai.InternalServerError),
        (500, "InternalServerException", "oops", openai.InternalServerError),
        (503, "ServiceUnavailableException", "busy", openai.InternalServerError),
    ],
)
def test_failures_are_told_in_the_clients_words(gateway, service, status, kind, text, error):
    service.script(failure(status, kind, text))
    with pytest.raises(error) as told:
        ask(gateway)
    assert kind not in str(told.value)
    if "too long" in text:
        assert told.value.code == "context_length_exceeded"


def both(service: Service, other: Service) -> dict:
    deployments = [
        {"provider": "bedrock", "model": CLAUDE, "api_base": url.url, "priority": priority}
        for priority, url in enumerate([service, other])
    ]
    return {"models": {"claude": {"deployments": deployments}}}


@pytest.mark.parametrize(
    "first",
    [
        failure(429, "ThrottlingException", "slow down"),
        failure(503, "ServiceUnavailableException", "busy"),
        streamed([exception("throttlingException", "slow down")]),
        streamed([event("messageStart", {"role": "assistant"}), exception("internalServerException", "x")]),
        streamed([event("messageStart", {"role": "assistant"})], cut=True),
        streamed([b"\x00\x00\x00\x20" + bytes(40)]),
        Answer(200, b"<html>", {"content-type": "text/html"}),
    ],
)
def test_what_fails_before_content_is_served_elsewhere(service, start, tmp_path, first):
    other = Service()
    try:
        gateway = start(both(service, other), KEYS | {"HOME": str(tmp_path)})
        # A retry at the same place is allowed and fails as well.
        service.script(first, first, first)
        other.script(streamed(text_stream("from ", "elsewhere")))
        stream = ask(gateway, stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
        assert text == "from elsewhere"
        assert len(other.requests) == 1
    finally:
        other.stop()


@pytest.mark.parametrize(
    "rest",
    [
        streamed([*text_stream("Hello")[:2], exception("modelStreamErrorException", "it broke")]),
        streamed(text_stream("Hello")[:2], cut=True),
        streamed(text_stream("Hello")[:3]),
        streamed([*text_stream("Hello")[:2], b"\x00\x00\x00\x20" + bytes(40)]),
    ],
)
def test_what_fails_after_content_ends_with_one_error(gateway, service, rest):
    service.script(rest)
    body = {"model": "nova", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with gateway.stream("/v1/chat/completions", body) as stream:
        data = [item.data for item in stream.events()]
    assert sum('"error"' in item for item in data) == 1
    assert "[DONE]" not in data and not any('"finish_reason":"stop"' in item for item in data)


# Clients of Anthropic's dialect.


def claude_events() -> list[dict]:
    usage = {"input_tokens": 5, "output_tokens": 1}
    message = {
        "id": "msg_bdrk_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Gr\u00fc\u00dfe"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 5}},
    ]


ASKED = {"max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}


def test_claude_is_invoked_with_the_clients_own_body(gateway, service):
    message = claude_events()[0]["message"] | {
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
    }
    service.script(Answer(200, json.dumps(message).encode()))
    client = gateway.anthropic(default_headers={"anthropic-beta": "context-1m-2025-08-07"})
    answer = client.messages.create(model="claude", system="Be brief.", **ASKED)
    assert answer.content[0].text == "Hello" and answer.id == "msg_bdrk_1"
    request = service.only()
    request.check()
    request.check_signature()
    assert request.operation == "InvokeModel" and request.model == CLAUDE
    assert request.json == ASKED | {
        "system": "Be brief.",
        "anthropic_version": "bedrock-2023-05-31",
        "anthropic_beta": ["context-1m-2025-08-07"],
    }
    assert not any(name.startswith("anthropic-") for name in request.headers)


def test_a_stream_of_claude_is_relayed_as_server_sent_events(gateway, service):
    service.script(streamed([chunk(item) for item in claude_events()]))
    with gateway.anthropic().messages.stream(model="claude", **ASKED) as stream:
        assert "".join(stream.text_stream) == "Grüße"
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn" and final.usage.output_tokens == 9
    assert service.only().operation == "InvokeModelWithResponseStream"
    assert "stream" not in service.only().json
    service.script(streamed(in_bytes([chunk(item) for item in claude_events()])))
    body = {"model": "claude", "stream": True} | ASKED
    with gateway.stream("/v1/messages", body) as stream:
        told = [(item.name, item.json) for item in stream.events()]
    # Every event as the vendor wrote it.
    assert told == [(item["type"], item) for item in claude_events()]


def test_a_stream_of_claude_that_fails_ends_with_one_error(gateway, service):
    pieces = [chunk(item) for item in claude_events()[:3]]
    service.script(streamed([*pieces, exception("modelStreamErrorException", "it broke")]))
    body = {"model": "claude", "stream": True} | ASKED
    with gateway.stream("/v1/messages", body) as stream:
        told = [item.name for item in stream.events()]
    assert told[-1] == "error" and told.count("error") == 1 and "message_stop" not in told


def test_other_models_serve_clients_of_anthropic(gateway, service):
    service.script(streamed(text_stream("Hel", "lo")))
    with gateway.anthropic().messages.stream(model="nova", **ASKED) as stream:
        assert "".join(stream.text_stream) == "Hello"
        assert stream.get_final_message().usage.input_tokens == 11
    service.only().check()


def test_tokens_are_counted_by_the_vendor_or_estimated(gateway, service):
    count = lambda: gateway.post("/v1/messages/count_tokens", {"model": "claude", "messages": ASKED["messages"]})
    service.script(
        Answer(200, b'{"inputTokens": 42}'),
        failure(400, "ValidationException", "The provided model doesn't support counting tokens."),
        failure(403, "AccessDeniedException", "not authorized to perform: bedrock:CountTokens"),
    )
    counted = count()
    assert counted.json == {"input_tokens": 42}
    request = service.only()
    request.check()
    assert request.model == CLAUDE.removeprefix("eu.")
    for _ in range(2):
        estimated = count()
        assert estimated.status == 200 and estimated.json["input_tokens"] > 0, estimated.text
        assert estimated.headers["x-tollgate-estimated"] == "true"
    # Keys that may not count are not worse for chat.
    assert ask(gateway).choices[0].message.content == "Hello from Bedrock."


# Embeddings.


def test_vectors_of_titan(gateway, service):
    service.script(Answer(200, json.dumps({"embedding": [0.25, -1.5], "inputTextTokenCount": 3}).encode()))
    # What the client asks for unasked is base64, which its strict mode does not let through.
    client = gateway.openai(_strict_response_validation=False)
    answer = client.embeddings.create(model="titan", input="Hi", dimensions=256)
    assert answer.data[0].embedding == [0.25, -1.5] and answer.usage.prompt_tokens == 3
    assert service.only().json == {"inputText": "Hi", "dimensions": 256}
    service.only().check()
    service.only().check_signature()


def test_several_texts_for_titan_are_asked_one_by_one(gateway, service):
    vectors = {f"text {n}": [float(n)] for n in range(20)}

    def answer(request):
        vector = vectors[request.json["inputText"]]
        return Answer(200, json.dumps({"embedding": vector, "inputTextTokenCount": 2}).encode())

    service.default = answer
    client = gateway.openai()
    told = client.embeddings.create(model="titan", input=list(vectors), encoding_format="float")
    assert [item.embedding for item in told.data] == list(vectors.values())
    assert [item.index for item in told.data] == list(range(20))
    assert told.usage.prompt_tokens == 40 and len(service.requests) == 20
    # One that fails fails them all.
    service.script(failure(400, "ValidationException", "too strange"))
    service.default = answer
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="titan", input=["text 1", "text 2"])


@pytest.mark.parametrize("shape", [[[1.0], [2.0]], {"float": [[1.0], [2.0]]}])
def test_vectors_of_cohere(gateway, service, shape):
    service.script(Answer(200, json.dumps({"id": "x", "embeddings": shape}).encode()))
    client = gateway.openai()
    answer = client.embeddings.create(
        model="cohere", input=["a", "b"], encoding_format="float", extra_body={"input_type": "search_query"}
    )
    assert [item.embedding for item in answer.data] == [[1.0], [2.0]]
    assert service.only().json == {"texts": ["a", "b"], "input_type": "search_query"}


# Keys.


BEARER = {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-1"}


def test_a_bearer_key_is_shown_as_it_is(service, start, tmp_path):
    # Its address comes from the environment as well, as for AWS's own tools.
    env = KEYS | BEARER | {"HOME": str(tmp_path), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": service.url}
    ask(start({"models": {"claude": {"provider": "bedrock", "model": CLAUDE}}}, env))
    headers = service.only().headers
    assert headers["authorization"] == "Bearer bedrock-api-key-1"
    assert "x-amz-date" not in headers


def test_a_bearer_key_of_the_environment_goes_to_no_address_of_a_file(service, start, tmp_path):
    ask(start(config(service), KEYS | BEARER | {"HOME": str(tmp_path)}))
    service.only().check_signature()


def test_a_key_of_configuration_is_shown_as_it_is(service, start, tmp_path):
    ask(start(config(service, api_key="own-key"), KEYS | {"HOME": str(tmp_path)}))
    assert service.only().headers["authorization"] == "Bearer own-key"


def test_a_start_without_any_file(service, start, tmp_path):
    """BEDROCK_MODEL and what AWS's tools read are enough."""
    env = KEYS | {"HOME": str(tmp_path), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": service.url}
    gateway = start({}, env | {"BEDROCK_MODEL": f"claude={CLAUDE}"})
    ask(gateway)
    service.only().check_signature()


def test_keys_of_configuration_win_over_the_environment(service, start, tmp_path):
    aws = {"access_key_id": "AKIDOTHER", "secret_access_key": "other", "region": "us-west-2"}
    ask(start(config(service, aws=aws), KEYS | BEARER | {"HOME": str(tmp_path)}))
    service.only().check_signature(("AKIDOTHER", "other", None), region="us-west-2")


def test_a_guardrail_goes_with_every_request(service, start, tmp_path):
    aws = {"guardrail": {"id": "gr1", "version": "3", "trace": True}}
    models = config(service, aws=aws)
    del models["models"]["profile"]
    gateway = start(models, KEYS | {"HOME": str(tmp_path)})
    ask(gateway)
    service.only().check()
    wanted = {"guardrailIdentifier": "gr1", "guardrailVersion": "3", "trace": "enabled"}
    assert service.only().json["guardrailConfig"] == wanted
    service.script(Answer(200, json.dumps(claude_events()[0]["message"] | {"stop_reason": "end_turn"}).encode()))
    gateway.anthropic().messages.create(model="claude", **ASKED)
    assert service.only().headers["x-amzn-bedrock-guardrailidentifier"] == "gr1"
    service.only().check_signature()


TEMPORARY = ("ASIATEMP", "temporary-secret", TOKEN)


def until(seconds: int) -> str:
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def document(seconds: int = 3600) -> Answer:
    key_id, secret, token = TEMPORARY
    fields = {"AccessKeyId": key_id, "SecretAccessKey": secret, "Token": token, "Expiration": until(seconds)}
    return Answer(200, json.dumps(fields).encode())


def nothing_else(tmp_path: pathlib.Path) -> dict:
    return {"HOME": str(tmp_path), "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}


def test_keys_of_a_profile(service, start, tmp_path):
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[default]\naws_access_key_id=no\naws_secret_access_key=no\n"
        f"[prod]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    (folder / "config").write_text(f"[profile prod]\nregion = {REGION}\n")
    env = {"HOME": str(tmp_path), "AWS_PROFILE": "prod", "AWS_EC2_METADATA_DISABLED": "true"}
    ask(start(config(service), env))
    service.only().check_signature()


def sts_answer(seconds: int = 3600) -> Answer:
    key_id, secret, token = TEMPORARY
    xml = (
        '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>{token}</SessionToken>"
        f"<SecretAccessKey>{secret}</SecretAccessKey><Expiration>{until(seconds)}</Expiration>"
        f"<AccessKeyId>{key_id}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
        "</AssumeRoleWithWebIdentityResponse>"
    )
    return Answer(200, xml.encode(), {"content-type": "text/xml"})


def test_keys_of_a_role_by_a_clusters_token(service, start, tmp_path):
    sts = Service()
    try:
        sts.default = sts_answer()
        (tmp_path / "token").write_text("header.payload.sig+/=\n")
        env = nothing_else(tmp_path) | {
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/llm",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ENDPOINT_URL_STS": sts.url,
        }
        gateway = start(config(service), env)
        for _ in range(3):
            ask(gateway)
        for request in service.requests:
            request.check_signature(TEMPORARY)
        # Fetched once, unsigned, with the token in a form.
        form = dict(pair.split("=") for pair in sts.only().body.decode().split("&"))
        assert form["Action"] == "AssumeRoleWithWebIdentity"
        assert form["WebIdentityToken"] == "header.payload.sig%2B%2F%3D"
        assert form["RoleArn"] == "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fllm"
        assert "authorization" not in sts.only().headers
    finally:
        sts.stop()


def test_keys_of_a_containers_agent(service, start, tmp_path):
    agent = Service()
    try:
        agent.default = document()
        (tmp_path / "token").write_text("pod-token")
        env = nothing_else(tmp_path) | {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{agent.url}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
        }
        ask(start(config(service), env))
        service.only().check_signature(TEMPORARY)
        assert agent.only().headers["authorization"] == "pod-token"
    finally:
        agent.stop()


def test_keys_of_an_instance(service, start, tmp_path):
    metadata = Service()
    try:
        metadata.script(Answer(200, b"session-1"), Answer(200, b"role-1\n"), document())
        env = {
            "HOME": str(tmp_path),
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
        }
        ask(start(config(service), env))
        service.only().check_signature(TEMPORARY)
        put, roles, role = metadata.requests
        assert (put.method, put.path) == ("PUT", "/latest/api/token")
        assert roles.headers["x-aws-ec2-metadata-token"] == "session-1"
        assert role.path == "/latest/meta-data/iam/security-credentials/role-1"
    finally:
        metadata.stop()


def test_keys_that_end_are_fetched_anew_once(service, start, tmp_path):
    agent = Service()
    try:
        # The first end before the request does; each is used up at once.
        agent.script(document(seconds=1), document(seconds=3600))
        env = nothing_else(tmp_path) | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{agent.url}/c"}
        gateway = start(config(service), env)
        for _ in range(4):
            ask(gateway)
        assert len(agent.requests) in (1, 2)
        assert len(service.requests) == 4
    finally:
        agent.stop()


def test_without_keys_the_failure_says_what_to_set(service, start, tmp_path):
    gateway = start(config(service), nothing_else(tmp_path))
    body = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}
    answer = gateway.post("/v1/chat/completions", body)
    assert answer.status in (401, 502, 503), answer.text
    assert service.requests == []
    if "AWS_BEARER_TOKEN_BEDROCK" not in answer.text:
        assert gateway.said("AWS_BEARER_TOKEN_BEDROCK")


def test_no_key_is_ever_told(service, start, tmp_path):
    env = KEYS | {"HOME": str(tmp_path), "AWS_SESSION_TOKEN": TOKEN}
    gateway = start(config(service), env)
    service.script(failure(403, "InvalidSignatureException", "bad signature"))
    body = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}
    told = gateway.post("/v1/chat/completions", body)
    said = "\n".join([told.text, *gateway.lines, wire.get(f"{gateway.ops_url}/metrics").text])
    assert SECRET not in said and TOKEN not in said


def test_a_start_without_a_region_is_refused(service, start, tmp_path):
    with pytest.raises(AssertionError, match="aws.region"):
        start(config(service), {"HOME": str(tmp_path)})
