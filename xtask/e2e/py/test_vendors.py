"""Vendors of OpenAI's dialect with customs of their own, each as a script of its recorded shapes, and
reached by clients of both dialects with the official SDKs."""

from __future__ import annotations

import json
import subprocess

import anthropic
import openai
import pytest

from harness import wire
from harness.processes import binary
from harness.scripted import Answer, Service

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"city": {"type": "string"}},
        },
    },
}
USAGE = {"prompt_tokens": 20, "completion_tokens": 6, "total_tokens": 26}


def whole(message: dict | None = None, finish: str = "stop", **more) -> dict:
    """A whole answer as most servers give it."""
    said = {"role": "assistant", "content": "yes"} | (message or {})
    choice = {"index": 0, "message": said, "finish_reason": finish, "logprobs": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_795_000_000,
        "model": "up",
        "choices": [choice],
        "usage": USAGE,
    } | more


def chunk(delta: dict | None, finish: str | None = None, **more) -> dict:
    """A chunk; without a delta, one of usage alone."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_795_000_000,
        "model": "up",
        "choices": choices,
    } | more


def told(*chunks: dict | str | bytes, done: bool = True) -> Answer:
    """A stream; texts are lines between the chunks."""
    pieces = []
    for each in chunks:
        if isinstance(each, dict):
            pieces.append(b"data: " + json.dumps(each).encode() + b"\n\n")
        else:
            pieces.append(each.encode() if isinstance(each, str) else each)
    if done:
        pieces.append(b"data: [DONE]\n\n")
    return Answer(200, pieces, {"content-type": "text/event-stream"})


def given(body: dict | list | str, status: int = 200) -> Answer:
    """A whole answer."""
    return Answer(status, json.dumps(body).encode())


STREAM = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "hm"}),
    chunk({"content": "yes"}),
    chunk({}, "stop"),
    chunk(None, usage=USAGE),
)


@pytest.fixture
def service():
    """A scripted vendor."""
    service = Service()
    service.default = given(whole())
    yield service
    service.stop()


@pytest.fixture
def at(service, start):
    """Starts a gateway whose model `m` is at a vendor by name, or at one of the user's own."""

    def started(vendor: str, model: str = "up", own: dict | None = None, **more):
        keys = more.pop("api_keys", ["sk-vendor-secret"])
        deployment = {
            "provider": vendor,
            "model": model,
            "api_base": service.url + "/v1",
            "api_keys": keys,
        } | more
        config = {"models": {"m": {"deployments": [deployment], "retries": {"max_attempts": 2}}}}
        if own:
            config["providers"] = {vendor: own}
        return start(config)

    return started


def ask(gateway, **more):
    """An OpenAI client's whole answer."""
    messages = more.pop("messages", [{"role": "user", "content": "Hi"}])
    return gateway.openai().chat.completions.create(model="m", messages=messages, **more)


def ask_messages(gateway, **more):
    """An Anthropic client's whole answer."""
    messages = more.pop("messages", [{"role": "user", "content": "Hi"}])
    limit = more.pop("max_tokens", 4096)
    return gateway.anthropic().messages.create(
        model="m", max_tokens=limit, messages=messages, **more
    )


def texts(message) -> tuple[str, str]:
    """Thinking and text of an Anthropic message."""
    thought = "".join(block.thinking for block in message.content if block.type == "thinking")
    return thought, "".join(block.text for block in message.content if block.type == "text")


# Every vendor of the table, whole and streamed, for both clients.

VENDORS = [
    "deepseek", "qwen", "siliconflow", "zhipu", "zai", "groq", "mistral", "xai", "openrouter",
    "together", "fireworks", "cerebras", "moonshot", "perplexity", "minimax", "nvidia",
    "huggingface", "deepinfra", "sambanova", "volcengine", "byteplus", "nebius", "novita",
    "hyperbolic", "lambda", "baseten", "friendli", "featherless", "scaleway", "ovhcloud", "nscale",
    "vercel", "modelscope", "chutes", "venice", "aihubmix", "poe", "nanogpt", "parasail", "mimo",
    "tokenhub", "meta", "cohere", "ollama", "ollama-cloud", "vllm", "sglang", "llamacpp",
    "lmstudio", "tgi",
]  # fmt: skip
# What a whole and a streamed answer look like where they differ from most, and the usage of each.
SHAPES: dict[str, tuple[dict, tuple, int]] = {
    # Usage in a place of its own.
    "groq": (
        whole(),
        (chunk({"content": "yes"}), chunk({}, "stop", x_groq={"id": "r", "usage": USAGE})),
        6,
    ),
    # Content in parts, with thinking among them.
    "mistral": (
        whole({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                           {"type": "text", "text": "yes"}]}),
        (chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}),
         chunk({"content": "yes"}), chunk({"content": ""}, "stop", usage=USAGE)),
        6,
    ),
    # Reasoning beside the output.
    "xai": (
        whole(usage=USAGE | {"completion_tokens_details": {"reasoning_tokens": 30}}),
        (chunk({"role": "assistant", "content": "yes"}), chunk({}, "stop"),
         chunk(None, usage=USAGE | {"completion_tokens_details": {"reasoning_tokens": 30}})),
        36,
    ),
    # Reasoning under another name, comments between.
    "openrouter": (
        whole({"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
              provider="X"),
        (": OPENROUTER PROCESSING\n\n", chunk({"role": "assistant", "content": "", "reasoning": "hm"}),
         ": OPENROUTER PROCESSING\n\n", chunk({"content": "yes"}),
         chunk({"content": ""}, "stop", native_finish_reason="STOP"), chunk(None, usage=USAGE)),
        6,
    ),
    # Usage inside the choice.
    "moonshot": (
        whole(),
        (chunk({"content": "yes"}),
         {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "up",
          "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]}),
        6,
    ),
    # Reasoning in the text.
    "vllm": (
        whole({"content": "<think>hm</think>\n\nyes"}),
        (chunk({"role": "assistant", "content": "<thi"}), chunk({"content": "nk>hm</th"}),
         chunk({"content": "ink>\n\nyes"}), chunk({}, "stop"), chunk(None, usage=USAGE)),
        6,
    ),
    # Keep-alive lines.
    "deepseek": (
        whole({"reasoning_content": "hm"}),
        (": keep-alive\n\n", *STREAM[:2], ": keep-alive\n\n", *STREAM[2:]),
        6,
    ),
    # Neither id nor object, usage in the last chunk with content, CRLF.
    "llamacpp": (
        {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}], "usage": USAGE},
        (b'data: {"choices":[{"delta":{"content":"yes"}}]}\r\n\r\n',
         b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":'
         + json.dumps(USAGE).encode() + b"}\r\n\r\n"),
        6,
    ),
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_vendor_answers_both_clients(service, at, vendor):
    body, chunks, output = SHAPES.get(vendor, (whole({"reasoning_content": "hm"}), STREAM, 6))
    gateway = at(vendor)
    service.script(given(body), given(body), told(*chunks), told(*chunks))
    message = ask_messages(gateway)
    assert texts(message)[1] == "yes"
    assert message.usage.output_tokens == output
    # The vendor's own shape is relayed; a client of the same dialect knows it or ignores it.
    relayed = wire.post(
        f"{gateway.url}/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    )
    assert relayed.status == 200
    assert json.loads(relayed.body) == body
    with gateway.anthropic().messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
    ) as events:
        message = events.get_final_message()
    assert texts(message)[1] == "yes"
    assert message.usage.output_tokens == output
    if vendor in ("deepseek", "openrouter", "mistral", "vllm", "qwen"):
        assert texts(message)[0] == "hm"
    stream = wire.post(
        f"{gateway.url}/v1/chat/completions",
        {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]},
    )
    assert b"[DONE]" in stream.body
    assert b"error" not in stream.body
    for request in service.requests:
        assert request.path == "/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer sk-vendor-secret"
        assert request.json["model"] == "up"


# Errors in a 200 and in envelopes of their own.

FAILURES = {
    "a throttle of Qwen's in a 200": (
        "qwen", given({"code": "Throttling.RateQuota", "message": "slow", "request_id": "r"}), 429,
    ),
    "a filter of Qwen's in a 200": (
        "qwen", given({"code": "DataInspectionFailed", "message": "no", "request_id": "r"}), 400,
    ),
    "a wrong parameter of Qwen's in a 200": (
        "qwen", given({"code": "InvalidParameter", "message": "top_p", "request_id": "r"}), 400,
    ),
    "Zhipu's business code in a 200": (
        "zhipu", given({"error": {"code": "1302", "message": "busy"}}), 429,
    ),
    "MiniMax's business code in a 200": (
        "minimax", given({"base_resp": {"status_code": 1002, "status_msg": "rate"}}), 429,
    ),
    "OpenRouter's number in a 200": (
        "openrouter", given({"error": {"code": 429, "message": "slow"}}), 429,
    ),
    "SiliconFlow's top level": (
        "siliconflow", given({"message": "rejected due to rate limiting", "data": None}, 429), 429,
    ),
    "SiliconFlow's missing model": (
        "siliconflow", given({"code": 20012, "message": "Model does not exist", "data": None}, 400),
        404,
    ),
    "old vLLM's error": (
        "vllm",
        given({"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, 400),
        400,
    ),
    "Ollama's text": ("ollama", given({"error": "model 'x' not found, try pulling it"}, 404), 404),
    "FastAPI's detail": (
        "tgi", given({"detail": [{"loc": ["body", "top_p"], "msg": "bad", "type": "x"}]}, 422), 422,
    ),
    "llama.cpp's context": (
        "llamacpp",
        given({"error": {"code": 400, "message": "the request exceeds the available context size",
                         "type": "exceed_context_size_error"}}, 400),
        400,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_vendors_error_reaches_both_clients_as_their_own(service, at, name):
    vendor, answer, status = FAILURES[name]
    service.default = answer
    with pytest.raises(openai.APIStatusError) as failed:
        ask(at(vendor))
    assert failed.value.status_code == status, failed.value.response.text
    # A gateway of its own: the first one has learned to keep away.
    with pytest.raises(anthropic.APIStatusError) as failed:
        ask_messages(at(vendor))
    assert failed.value.status_code == status, failed.value.response.text


def test_an_error_in_a_200_or_in_a_stream_before_content_is_tried_elsewhere(service, start):
    def deployment(key):
        return {
            "provider": "qwen", "model": "qwen-plus", "api_base": service.url, "api_keys": [key],
        }  # fmt: skip

    model = {"strategy": "first_available", "deployments": [deployment("a"), deployment("b")]}
    gateway = start({"models": {"m": model}})

    def answer(request):
        if request.headers["authorization"] == "Bearer b":
            return told(*STREAM) if request.json.get("stream") else given(whole())
        error = {"code": "Throttling", "message": "slow", "request_id": "r"}
        if not request.json.get("stream"):
            return given(error)
        line = f"id:1\nevent:error\n:HTTP_STATUS/429\ndata:{json.dumps(error)}\n\n"
        return told(line, done=False)

    service.default = answer
    assert ask(gateway).choices[0].message.content == "yes"
    again = start({"models": {"m": model}})
    with again.anthropic().messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
    ) as events:
        assert texts(events.get_final_message())[1] == "yes"
    keys = [request.headers["authorization"] for request in service.requests]
    assert keys == ["Bearer a", "Bearer b", "Bearer a", "Bearer b"]


# Qwen.


def test_thinking_that_only_streams_is_made_whole_for_both_clients(service, at):
    gateway = at("qwen", "qwen3-32b")
    service.default = told(*STREAM)
    completion = ask(gateway, reasoning_effort="low")
    assert completion.choices[0].message.content == "yes"
    assert completion.choices[0].message.reasoning_content == "hm"
    assert completion.usage.completion_tokens == 6
    message = ask_messages(gateway, thinking={"type": "enabled", "budget_tokens": 2048})
    assert texts(message) == ("hm", "yes")
    for request in service.requests:
        assert request.json["stream"] is True
        assert request.json["stream_options"] == {"include_usage": True}
        assert request.json["enable_thinking"] is True
        assert request.json["thinking_budget"] == 2048
        assert "reasoning_effort" not in request.json
    service.script(given(whole()))
    ask(gateway, reasoning_effort="none")
    assert service.only().json["enable_thinking"] is False
    assert "stream" not in service.only().json


def test_a_model_that_turns_out_to_stream_alone_is_learned(service, at):
    gateway = at("qwen", "qwen3-odd")
    text = "parameter.enable_thinking must be set to false for non-streaming calls"
    error = {"message": text, "type": "invalid_request_error", "code": "invalid_parameter_error"}

    def answer(request):
        return told(*STREAM) if request.json.get("stream") else given({"error": error}, 400)

    service.default = answer
    assert ask(gateway).choices[0].message.content == "yes"
    assert [bool(request.json.get("stream")) for request in service.requests] == [False, True]
    assert texts(ask_messages(gateway)) == ("hm", "yes")
    assert [bool(request.json.get("stream")) for request in service.requests][2:] == [True]


def vectors(request):
    """Vectors that tell their text's number, in reverse order."""
    data = [
        {"object": "embedding", "index": index, "embedding": [float(text[1:]), 0.5]}
        for index, text in enumerate(request.json["input"])
    ]
    tokens = len(data)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return given({"object": "list", "data": data[::-1], "model": "up", "usage": usage, "id": "r"})


def test_texts_beyond_the_vendors_bound_are_sent_in_pieces_and_joined_in_order(service, at):
    gateway = at("qwen", "text-embedding-v4")
    service.default = vectors
    texts_ = [f"t{number}" for number in range(25)]
    # The SDK asks for base64 and unpacks it, which its own strict types do not know.
    client = gateway.openai(_strict_response_validation=False)
    answer = client.embeddings.create(model="m", input=texts_, dimensions=64)
    assert [item.embedding for item in answer.data] == [[float(n), 0.5] for n in range(25)]
    assert [item.index for item in answer.data] == list(range(25))
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (25, 25)
    assert sorted(len(request.json["input"]) for request in service.requests) == [5, 10, 10]
    for request in service.requests:
        assert request.json["encoding_format"] == "float"
        assert request.json["dimensions"] == 64
    # Of another dialect's client too.
    service.script()
    asks = [{"model": "models/m", "content": {"parts": [{"text": text}]}} for text in texts_[:12]]
    reply = wire.post(f"{gateway.url}/v1beta/models/m:batchEmbedContents", {"requests": asks})
    assert [item["values"][0] for item in json.loads(reply.body)["embeddings"]] == list(range(12))
    assert sorted(len(request.json["input"]) for request in service.requests) == [2, 10]


def test_one_failed_piece_fails_them_all(service, at):
    gateway = at("qwen", "text-embedding-v4")

    def answer(request):
        if "t11" in request.json["input"]:
            return given({"code": "Throttling", "message": "slow", "request_id": "r"}, 429)
        return vectors(request)

    service.default = answer
    with pytest.raises(openai.RateLimitError):
        gateway.openai().embeddings.create(model="m", input=[f"t{n}" for n in range(25)])


def test_what_finished_pieces_took_is_billed_although_one_failed(service, at):
    own = {"dialect": "openai", "api_base": service.url + "/v1", "quirks": {"embed_batch": 1}}
    prices = {"input": 1, "output": 0}

    def answer(request):
        if request.json["input"] in (["t19"], "t19"):
            return given({"error": {"message": "too strange"}}, 400)
        return vectors(request)

    service.default = answer
    gateway = at("house", own=own, prices=prices)
    asks = [{"model": "models/m", "content": {"parts": [{"text": f"t{n}"}]}} for n in range(20)]
    ways = {
        "/v1/embeddings": {"model": "m", "input": [f"t{n}" for n in range(20)]},
        "/v1beta/models/m:batchEmbedContents": {"requests": asks},
    }
    billed = 0
    for path, body in ways.items():
        assert wire.post(gateway.url + path, body).status == 400
        # Eight are under way together, so that twelve had ended when the last one began.
        cost = gateway.metric("tollgate_cost_picodollars_total", model="m") - billed
        assert 12 <= cost / 1_000_000 <= 19, path
        billed += cost


def test_vectors_that_may_be_of_other_texts_are_no_answer(service, at):
    gateway = at("qwen", "text-embedding-v4")

    def answer(request):
        # One too few, and one too many: the sum is right.
        inputs = request.json["input"]
        held = inputs[1:] if "t0" in inputs else inputs + ["t99"] if "t10" in inputs else inputs
        data = [{"index": n, "embedding": [float(text[1:])]} for n, text in enumerate(held)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return given({"object": "list", "data": data, "model": "up", "usage": usage})

    service.default = answer
    body = {"model": "m", "input": [f"t{n}" for n in range(20)]}
    assert wire.post(f"{gateway.url}/v1/embeddings", body).status == 502


def test_more_texts_than_openai_takes_are_not_cut(service, at, start):
    texts_ = [f"t{number}" for number in range(2049)]
    asks = [{"model": "models/m", "content": {"parts": [{"text": text}]}} for text in texts_]
    gateway = at("qwen", "text-embedding-v4")
    service.default = vectors
    answer = wire.post(f"{gateway.url}/v1/embeddings", {"model": "m", "input": texts_})
    assert answer.status == 200 and len(service.only().json["input"]) == 2049
    service.script()
    refused = wire.post(f"{gateway.url}/v1beta/models/m:batchEmbedContents", {"requests": asks})
    assert refused.status == 400 and "requests" in refused.text
    model = {"provider": "gemini", "model": "gemini-embedding-001", "api_base": service.url}
    gateway = start({"models": {"m": {"deployments": [model | {"api_keys": ["k"]}]}}})
    refused = wire.post(f"{gateway.url}/v1/embeddings", {"model": "m", "input": texts_})
    assert refused.status == 400 and json.loads(refused.body)["error"]["param"] == "input"
    assert not service.requests


def test_texts_for_gemini_go_in_batches_of_its_own_bound(service, start):
    model = {"provider": "gemini", "model": "gemini-embedding-001", "api_base": service.url}
    gateway = start({"models": {"m": {"deployments": [model | {"api_keys": ["k"]}]}}})

    def answer(request):
        asks = request.json["requests"]
        found = [{"values": [float(one["content"]["parts"][0]["text"])]} for one in asks]
        return given({"embeddings": found})

    service.default = answer
    client = gateway.openai(_strict_response_validation=False)
    answer = client.embeddings.create(model="m", input=[str(n) for n in range(230)])
    assert [item.embedding for item in answer.data] == [[float(n)] for n in range(230)]
    assert sorted(len(request.json["requests"]) for request in service.requests) == [30, 100, 100]


# DeepSeek.


def test_blank_lines_before_a_whole_answer_say_nothing(service, at):
    gateway = at("deepseek")
    body = [b"\n", b"\n\n", b"\n", json.dumps(whole({"reasoning_content": "hm"})).encode()]
    service.script(Answer(200, list(body)), Answer(200, list(body)))
    assert ask(gateway).choices[0].message.content == "yes"
    assert texts(ask_messages(gateway)) == ("hm", "yes")


def test_a_spent_balance_isolates_the_key_alone(service, at):
    gateway = at("deepseek", api_keys=["poor", "rich"])

    def answer(request):
        if request.headers["authorization"] == "Bearer rich":
            return given(whole())
        error = {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}
        return given({"error": error}, 402)

    service.default = answer
    for _ in range(6):
        assert ask(gateway).choices[0].message.content == "yes"
    keys = [request.headers["authorization"] for request in service.requests]
    assert keys.count("Bearer poor") <= 1 and keys.count("Bearer rich") == 6, keys


def test_reasoning_goes_back_where_it_is_needed_and_nowhere_else(service, at):
    gateway = at("deepseek")
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns = [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "sunny"},
    ]
    ask(gateway, messages=turns, tools=[WEATHER], user="u", max_completion_tokens=9)
    sent = service.requests[-1].json
    assert sent["messages"][0] == {"role": "system", "content": "be brief"}
    assert sent["messages"][1]["content"] == "Hi"
    assert sent["messages"][2]["reasoning_content"] == " "
    assert (sent["max_tokens"], sent["user_id"]) == (9, "u")
    ask(gateway, messages=turns, tools=[WEATHER], reasoning_effort="none")
    sent = service.requests[-1].json
    assert sent["thinking"] == {"type": "disabled"}
    assert "reasoning_content" not in sent["messages"][2]
    # The reasoning that this vendor gave comes back to it from a client of the other dialect.
    service.script(given(whole({"reasoning_content": "hm", "content": None, "tool_calls": [call]}, "tool_calls")))
    tool = {"name": "weather", "input_schema": {"type": "object"}}
    first = ask_messages(gateway, tools=[tool], thinking={"type": "enabled", "budget_tokens": 2048})
    service.script()
    result = {"type": "tool_result", "tool_use_id": "c", "content": "sunny"}
    more = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in first.content]},
        {"role": "user", "content": [result]},
    ]
    ask_messages(gateway, messages=more, tools=[tool])
    assert service.only().json["messages"][1]["reasoning_content"] == "hm"


def test_what_is_beta_goes_there(service, at):
    gateway = at("deepseek", completions="native")
    begun = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "It"}]
    ask_messages(gateway, messages=begun)
    assert service.requests[-1].path == "/beta/chat/completions"
    assert service.requests[-1].json["messages"][-1]["prefix"] is True
    completion = {"id": "1", "object": "text_completion", "created": 1, "model": "up",
                  "choices": [{"text": "b", "index": 0, "finish_reason": "stop", "logprobs": None}]}  # fmt: skip
    service.script(given(completion))
    gateway.openai().completions.create(model="m", prompt="a", suffix="c")
    assert service.only().path == "/beta/completions"


@pytest.mark.parametrize(
    ("vendor", "base", "path", "key"),
    [
        ("deepseek-anthropic", "/anthropic", "/anthropic/v1/messages", "x-api-key"),
        ("qwen-anthropic", "/apps/anthropic", "/apps/anthropic/v1/messages", "x-api-key"),
        ("siliconflow-anthropic", "", "/v1/messages", "authorization"),
    ],
)
def test_their_endpoints_in_anthropics_dialect_are_reached(service, at, vendor, base, path, key):
    gateway = at(vendor, api_base=service.url + base)
    usage = {"input_tokens": 3, "output_tokens": 2}
    service.default = given({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "up",
        "content": [{"type": "text", "text": "yes"}], "stop_reason": "end_turn",
        "stop_sequence": None, "usage": usage,
    })  # fmt: skip
    assert ask(gateway).choices[0].message.content == "yes"
    assert service.only().path == path
    assert "sk-vendor-secret" in service.only().headers[key]


# A vendor of the user's own.


def test_a_vendor_of_ones_own_has_every_custom_by_configuration(service, at):
    quirks = {
        "no_developer_role": True, "no_max_completion_tokens": True, "plain_content": True,
        "any_for_required": True, "plain_schemas": True, "short_call_ids": True,
        "alternate_turns": True, "thinking_switch": "enable_thinking", "thinking_budget": 1500,
        "reasoning_echo": "tool_calls", "reasoning_field": "reasoning", "stream_only": "thinking",
        "prefill": "partial", "embed_batch": 2, "float_vectors": True, "inline_thinking": True,
        "reasoning_beside_output": True,
    }  # fmt: skip
    own = {
        "dialect": "openai",
        "api_base": service.url + "/v1",
        "chat_path": "/text/chat",
        "error_codes": {"E77": "throttle", "9001": "content_policy"},
        "quirks": quirks,
    }
    gateway = at("house", own=own)
    call = {"id": "call_long_id", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns = [
        {"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_long_id", "content": "sunny"},
    ]
    service.default = told(*STREAM)
    completion = ask(
        gateway, messages=turns, tools=[WEATHER], tool_choice="required", max_completion_tokens=9,
        reasoning_effort="low",
    )  # fmt: skip
    assert completion.choices[0].message.content == "yes"
    request = service.only()
    short = request.json["messages"][2]["tool_call_id"]
    assert request.path == "/v1/text/chat"
    assert len(short) == 9
    assert request.json["messages"][0] == {"role": "system", "content": "a\n\nb"}
    assert request.json["messages"][1]["tool_calls"][0]["id"] == short
    assert request.json["messages"][1]["reasoning"] == " "
    assert "$schema" not in request.json["tools"][0]["function"]["parameters"]
    said = ("tool_choice", "max_tokens", "enable_thinking", "thinking_budget", "stream")
    assert [request.json[key] for key in said] == ["any", 9, True, 1500, True]
    service.script(given(whole({"content": "<think>hm</think>yes"})))
    begun = [
        {"role": "user", "content": "a"}, {"role": "user", "content": "b"},
        {"role": "assistant", "content": "It"},
    ]  # fmt: skip
    assert texts(ask_messages(gateway, messages=begun)) == ("hm", "yes")
    assert service.only().json["messages"] == [
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "It", "partial": True},
    ]
    service.default = given({"error": {"code": "E77", "message": "busy"}})
    with pytest.raises(openai.RateLimitError):
        ask(gateway)


def test_a_wrong_word_is_named_with_its_place(tmp_path):
    path = tmp_path / "tollgate.yaml"
    path.write_text(
        "providers:\n"
        "  house:\n"
        "    dialect: openai\n"
        "    api_base: http://127.0.0.1:9/v1\n"
        "    chat_path: chat\n"
        "    error_codes: { E1: trotle }\n"
        "    quirks: { thinking_switch: enabel_thinking, embed_batch: -1,\n"
        "              max_completion_tokens: true, no_max_completion_tokens: true }\n"
        "models:\n"
        "  m: { provider: house, model: x }\n"
    )
    checked = subprocess.run(
        [binary("TOLLGATE_BIN", "target/release-ci/tollgate"), "check", "--config", path], capture_output=True, text=True, timeout=20
    )
    assert checked.returncode != 0
    said = checked.stdout + checked.stderr
    for words in (
        "providers.house.chat_path",
        "providers.house.error_codes.E1",
        "throttle",
        "providers.house.quirks.thinking_switch",
        "enable_thinking",
        "providers.house.quirks.embed_batch",
        "exclude each other",
    ):
        assert words in said, said


# What goes on the wire at vendors of the table.


def test_mistral_is_asked_in_its_own_words(service, at):
    gateway = at("mistral")
    call = {"id": "toolu_0123456789", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "Hi", "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_0123456789", "content": "sunny"},
    ]
    ask(gateway, messages=turns, tools=[WEATHER], tool_choice="required", seed=7)
    sent = service.only().json
    short = sent["messages"][1]["tool_calls"][0]["id"]
    assert len(short) == 9 and short.isalnum()
    assert sent["messages"][2]["tool_call_id"] == short
    assert (sent["tool_choice"], sent["random_seed"]) == ("any", 7)
    assert "$schema" not in sent["tools"][0]["function"]["parameters"]
    service.script()
    begun = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "It"}]
    tool = {"name": "weather", "input_schema": WEATHER["function"]["parameters"]}
    ask_messages(gateway, messages=begun, tools=[tool], tool_choice={"type": "any"})
    sent = service.only().json
    assert sent["messages"][1] == {"role": "assistant", "content": "It", "prefix": True}
    assert sent["tool_choice"] == "any"


def test_a_vendor_without_tools_is_not_asked_with_tools(service, at):
    gateway = at("perplexity")
    with pytest.raises(openai.APIStatusError) as failed:
        ask(gateway, tools=[WEATHER])
    assert "tools" in failed.value.response.text
    assert service.requests == []
    crowd = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    ask_messages(gateway, messages=crowd)
    assert service.only().json["messages"] == [{"role": "user", "content": "a\n\nb"}]


def test_minimax_is_told_to_set_reasoning_apart(service, at):
    gateway = at("minimax")
    service.default = given(whole({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}))
    assert texts(ask_messages(gateway)) == ("hm", "yes")
    ask(gateway)
    assert [request.json["reasoning_split"] for request in service.requests] == [True, True]


def test_calls_of_tools_in_a_stream_are_made_whole(service, at):
    gateway = at("qwen", "qwq-plus")
    odd = [
        chunk({"role": "assistant", "content": None, "reasoning_content": "hm"}),
        chunk({"content": "", "tool_calls": [
            {"index": 0, "id": "call_1", "type": "function",
             "function": {"name": "weather", "arguments": None}}]}),
        chunk({"tool_calls": [
            {"index": 0, "id": "", "type": "function", "function": {"arguments": '{"city":'}}]}),
        chunk({"tool_calls": [
            {"index": 0, "id": "", "type": "function", "function": {"arguments": '"Paris"}'}}]}),
        chunk({}, "tool_calls"),
        chunk(None, usage=USAGE),
    ]  # fmt: skip
    service.default = told(*odd)
    answer = ask(gateway, tools=[WEATHER]).choices[0]
    assert answer.finish_reason == "tool_calls"
    [called] = answer.message.tool_calls
    assert (called.id, called.function.name) == ("call_1", "weather")
    assert json.loads(called.function.arguments) == {"city": "Paris"}
    tool = {"name": "weather", "input_schema": {"type": "object"}}
    message = ask_messages(gateway, tools=[tool])
    assert message.stop_reason == "tool_use"
    assert message.content[-1].input == {"city": "Paris"}
    assert all(request.json["stream"] for request in service.requests)
    # A stream that breaks off is no answer, also where it was to be made whole.
    service.default = told(*odd[:3], done=False)
    with pytest.raises(openai.APIStatusError) as failed:
        ask(gateway, tools=[WEATHER])
    assert failed.value.status_code >= 500
