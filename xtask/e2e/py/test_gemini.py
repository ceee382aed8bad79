"""Gemini on both sides of the gateway, driven and checked by Google's own SDK.

Its types forbid fields that they do not know, so that a request which they accept is one that the
SDK could have sent, and an answer which they parse is one that the vendor could have given.
"""

from __future__ import annotations

import base64
import json
import struct

import pydantic
import pytest
from google import genai
from google.genai import errors, types

from harness.config import MODELS, NO_RETRIES, deployment, key_of
from harness.processes import CLIENT_KEY, poll

MODEL = "gemini-3-flash"
PNG = "iVBORw0KGgo="
SIGNATURE = "U0lHTkFUVVJF"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": SCHEMA},
}
CALL = {"id": "", "name": "weather", "arguments": '{"city":"Paris"}'}


# The fields of a request that the gateway makes, as the SDK's types know them.
KNOWN = {
    "contents": list[types.Content],
    "systemInstruction": types.Content,
    "tools": list[types.Tool],
    "toolConfig": types.ToolConfig,
    "generationConfig": types.GenerationConfig,
    "safetySettings": list[types.SafetySetting],
    "serviceTier": str,
}


@pytest.fixture
def gemini(upstream):
    return upstream("gemini", "gemini")


@pytest.fixture
def vendors(upstream, gemini):
    found = {name: upstream(name, name) for name in ("openai", "anthropic")}
    return found | {"gemini": gemini}


@pytest.fixture
def gateway(vendors, shared_gateways):
    """One model at each vendor, by the vendor's name."""
    models = {}
    for name, vendor in vendors.items():
        model = MODEL if name == "gemini" else MODELS[name]
        entry = {
            "provider": name,
            "model": model,
            "api_base": vendor.base,
            "api_keys": [key_of(vendor)],
        }
        models[name] = {"deployments": [entry], "retries": NO_RETRIES}
    return shared_gateways({"models": models})


# A client that nobody holds is closed, even while its parts are in use.
CLIENTS: list[genai.Client] = []


def sdk(gateway, version: str = "v1") -> genai.Client:
    """Google's own client, which hides no failure."""
    options = types.HttpOptions(
        base_url=gateway.url,
        api_version=version,
        timeout=20_000,
        retry_options=types.HttpRetryOptions(attempts=1),
    )
    CLIENTS.append(genai.Client(api_key=CLIENT_KEY, http_options=options))
    return CLIENTS[-1]


def check_sent(entry: dict) -> dict:
    """Fails unless the SDK's types know every field of a body that the gateway made."""
    for key, value in entry["body"].items():
        assert key in KNOWN, key
        pydantic.TypeAdapter(KNOWN[key]).validate_python(value)
    assert entry["path"].startswith("/v1/models/")
    assert entry["headers"]["x-goog-api-key"] == "sk-gemini-secret"
    assert CLIENT_KEY not in json.dumps(entry)
    return entry["body"]


# What OpenAI's clients may ask, and what of it must stand in Gemini's request.
ASKED = {
    "text": ({}, {}),
    "settings": (
        {
            "temperature": 0.5,
            "top_p": 0.9,
            "max_completion_tokens": 50,
            "stop": ["x", "y"],
            "seed": 7,
            "presence_penalty": 1,
            "frequency_penalty": -1,
        },
        {
            "generationConfig": {
                "temperature": 0.5,
                "topP": 0.9,
                "maxOutputTokens": 50,
                "stopSequences": ["x", "y"],
                "seed": 7,
                "presencePenalty": 1,
                "frequencyPenalty": -1,
            }
        },
    ),
    "tools": (
        {"tools": [OPENAI_TOOL], "tool_choice": "required"},
        {
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "weather", "description": "d", "parametersJsonSchema": SCHEMA}
                    ]
                }
            ],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        },
    ),
    "named tool": (
        {
            "tools": [OPENAI_TOOL],
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
        },
        {
            "toolConfig": {
                "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}
            }
        },
    ),
    "schema": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA},
            }
        },
        {
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseJsonSchema": SCHEMA,
            }
        },
    ),
    "effort": (
        {"reasoning_effort": "low"},
        {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"}}},
    ),
    "picture": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "see"},
                        {
                            "type": "image_url",
                            "image_url": {"url": f"data:image/png;base64,{PNG}"},
                        },
                    ],
                }
            ]
        },
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {"text": "see"},
                        {"inlineData": {"mimeType": "image/png", "data": PNG}},
                    ],
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("case", ASKED)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_openai_clients_ask_is_what_gemini_reads(gateway, gemini, case, streamed):
    asked, wanted = ASKED[case]
    body = {
        "model": "gemini",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}],
    } | asked
    answer = gateway.openai().chat.completions.create(**body, stream=streamed)
    if streamed:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
    else:
        text = answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.total_tokens == 17
    assert text == "Hello from gemini."
    entry = gemini.only()
    sent = check_sent(entry)
    method = "streamGenerateContent" if streamed else "generateContent"
    assert entry["path"] == f"/v1/models/{MODEL}:{method}"
    assert entry["query"] == ("alt=sse" if streamed else None)
    for key, value in wanted.items():
        assert sent[key] == value


def turn_of_tools(gateway, client: str, streamed: bool) -> None:
    """A turn with a call, and the next one with its result, as a client of that dialect does."""
    if client == "openai":
        chat = gateway.openai().chat.completions
        ask = {"model": "gemini", "tools": [OPENAI_TOOL]}
        first = {"role": "user", "content": "weather?"}
        if streamed:
            message = {"role": "assistant", "content": None, "tool_calls": []}
            for chunk in chat.create(**ask, messages=[first], stream=True):
                for call in chunk.choices[0].delta.tool_calls or []:
                    piece = call.model_dump(exclude_none=True)
                    if call.index == len(message["tool_calls"]):
                        piece.pop("index")
                        message["tool_calls"].append(piece)
                    else:
                        known = message["tool_calls"][call.index]["function"]
                        known["arguments"] += piece["function"]["arguments"]
        else:
            answer = chat.create(**ask, messages=[first])
            message = answer.choices[0].message.model_dump(exclude_none=True)
        call = message["tool_calls"][0]
        assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
        result = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky":"blue"}'}
        chat.create(**ask, messages=[first, message, result])
        return
    messages = gateway.anthropic().messages
    tool = {"name": "weather", "description": "d", "input_schema": SCHEMA}
    ask = {"model": "gemini", "max_tokens": 99, "tools": [tool]}
    first = {"role": "user", "content": "weather?"}
    if streamed:
        with messages.stream(**ask, messages=[first]) as events:
            answer = events.get_final_message()
    else:
        answer = messages.create(**ask, messages=[first])
    call = answer.content[-1]
    assert call.input == {"city": "Paris"}
    content = [block.model_dump(exclude_none=True) for block in answer.content]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": '{"sky":"blue"}'}
    messages.create(
        **ask,
        messages=[
            first,
            {"role": "assistant", "content": content},
            {"role": "user", "content": [result]},
        ],
    )


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_a_thought_signature_comes_back_on_its_call(gateway, gemini, client, streamed):
    gemini.script(
        {"answer": {"reasoning": "hm", "tools": [CALL], "signature": SIGNATURE}},
    )
    turn_of_tools(gateway, client, streamed)
    sent = check_sent(gemini.last())
    model = next(content for content in sent["contents"] if content["role"] == "model")
    (call,) = [part for part in model["parts"] if "functionCall" in part]
    assert call["thoughtSignature"] == SIGNATURE
    assert call["functionCall"]["args"] == {"city": "Paris"}
    answered = sent["contents"][-1]["parts"][0]["functionResponse"]
    assert answered["name"] == "weather"
    assert answered["response"] == {"sky": "blue"}
    assert answered["id"] == call["functionCall"]["id"]


def test_calls_of_another_vendor_are_excused_from_their_signature(gateway, gemini, vendors):
    vendors["openai"].script({"answer": {"tools": [CALL | {"id": "call_1"}]}})
    chat = gateway.openai().chat.completions
    first = {"role": "user", "content": "weather?"}
    answer = chat.create(model="openai", messages=[first], tools=[OPENAI_TOOL])
    message = answer.choices[0].message.model_dump(exclude_none=True)
    result = {"role": "tool", "tool_call_id": "call_1", "content": "blue"}
    chat.create(model="gemini", messages=[first, message, result], tools=[OPENAI_TOOL])
    sent = check_sent(gemini.last())
    assert sent["contents"][1]["parts"][0]["thoughtSignature"]
    assert sent["contents"][2]["parts"][0]["functionResponse"]["response"] == {"output": "blue"}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_blocked_prompt_is_refused_with_its_reason(gateway, gemini, streamed):
    gemini.script(default={"answer": {"refusal": "no", "finish": "PROHIBITED_CONTENT"}})
    body = {"model": "gemini", "messages": [{"role": "user", "content": "x"}], "stream": streamed}
    answer = gateway.post("/v1/chat/completions", body)
    assert answer.status == 400, answer.text
    assert "PROHIBITED_CONTENT" in answer.json["error"]["message"]
    assert gemini.hits == 1, "a refused prompt is not tried again"


def test_a_blocked_prompt_falls_back(start, gemini, vendors):
    blocked = {"answer": {"refusal": "no"}}
    gemini.script(default=blocked)
    entry = {
        "provider": "gemini",
        "model": MODEL,
        "api_base": gemini.base,
        "api_keys": ["k"],
        "fallbacks": {"content_policy": ["other"]},
    }
    other = {"deployments": [deployment(vendors["openai"])]}
    gateway = start({"models": {"m": entry, "other": other}})
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    answer = gateway.post("/v1/chat/completions", body)
    assert answer.json["choices"][0]["message"]["content"] == "Hello from openai."
    own = sdk(gateway).models.generate_content(model="m", contents="x")
    assert own.text == "Hello from openai."


@pytest.mark.parametrize(
    ("why", "error_class"),
    [
        ("context_length", "context_window"),
        ("auth", "auth"),
        ("quota", "billing"),
        ("model_missing", "model_missing"),
    ],
)
def test_refusals_of_the_vendor_have_their_class(start, gemini, why, error_class):
    gemini.fault("refuse", why=why)
    entry = {
        "provider": "gemini",
        "model": MODEL,
        "api_base": gemini.base,
        "api_keys": ["k"],
        "retries": NO_RETRIES,
    }
    gateway = start({"models": {"m": entry}})
    contents = {"contents": [{"parts": [{"text": "x"}]}]}
    answer = gateway.post("/v1beta/models/m:generateContent", contents)
    assert answer.json["error"]["code"] == answer.status >= 400
    assert gemini.hits == 1
    lines = poll("the request's line", lambda: gateway.log('"event":"request"'))
    assert error_class in lines[-1]


def test_a_stream_without_its_finish_is_never_complete(gateway, gemini):
    gemini.fault("cut", after=2)
    body = {"model": "gemini", "messages": [{"role": "user", "content": "x"}], "stream": True}
    with gateway.stream("/v1/chat/completions", body) as stream:
        events = list(stream.events())
    assert "error" in events[-1].json
    assert "[DONE]" not in [event.data for event in events]
    contents = {"contents": [{"parts": [{"text": "x"}]}]}
    path = "/v1beta/models/gemini:streamGenerateContent"
    with gateway.stream(f"{path}?alt=sse", contents) as stream:
        events = list(stream.events())
    assert events[-1].json["error"]["code"] >= 500
    listed = gateway.post(path, contents).json
    assert listed[-1]["error"]["status"]


# --- the clients' half ---


@pytest.mark.parametrize("version", ["v1", "v1beta"])
@pytest.mark.parametrize("vendor", ["gemini", "openai", "anthropic"])
def test_googles_sdk_reaches_every_vendor(gateway, vendors, vendor, version):
    models = sdk(gateway, version).models
    config = types.GenerateContentConfig(
        system_instruction="be kind", max_output_tokens=500, stop_sequences=["x"]
    )
    answer = models.generate_content(model=vendor, contents="hi", config=config)
    assert answer.text == f"Hello from {vendor}."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.prompt_token_count == 12
    assert answer.usage_metadata.total_token_count == 17
    chunks = list(models.generate_content_stream(model=vendor, contents="hi", config=config))
    assert "".join(chunk.text or "" for chunk in chunks) == f"Hello from {vendor}."
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.total_token_count == 17
    assert CLIENT_KEY not in json.dumps(vendors[vendor].journal())


@pytest.mark.parametrize("vendor", ["gemini", "openai", "anthropic"])
def test_googles_sdk_calls_functions_at_every_vendor(gateway, vendors, vendor):
    vendors[vendor].script({"answer": {"tools": [CALL | {"id": "toolu_1"}]}})
    function = types.FunctionDeclaration(
        name="weather", description="d", parameters_json_schema=SCHEMA
    )
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[function])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    chat = sdk(gateway).chats.create(model=vendor, config=config)
    answer = chat.send_message("weather?")
    (call,) = answer.function_calls
    assert (call.name, call.args) == ("weather", {"city": "Paris"})
    result = types.Part.from_function_response(name="weather", response={"result": "blue"})
    assert chat.send_message(result).text == f"Hello from {vendor}."
    sent = json.dumps(vendors[vendor].last()["body"])
    assert "blue" in sent and "Paris" in sent


def test_claudes_thoughts_survive_a_client_of_gemini(gateway, vendors, gemini):
    vendors["anthropic"].script(
        {
            "answer": {
                "reasoning": "why",
                "signature": "sig/+=",
                "tools": [CALL | {"id": "toolu_1"}],
            }
        }
    )
    client = sdk(gateway)
    function = types.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[function])],
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=2000),
        max_output_tokens=4000,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    ask = types.Content(role="user", parts=[types.Part(text="weather?")])
    answer = client.models.generate_content(model="anthropic", contents=[ask], config=config)
    thought, call = answer.candidates[0].content.parts
    assert thought.thought and thought.text == "why"
    result = types.Part.from_function_response(name="weather", response={"result": "blue"})
    history = [ask, answer.candidates[0].content, types.Content(role="user", parts=[result])]
    client.models.generate_content(model="anthropic", contents=history, config=config)
    block = vendors["anthropic"].last()["body"]["messages"][1]["content"][0]
    assert (block["thinking"], block["signature"]) == ("why", "sig/+=")
    # At Gemini itself the conversation goes on without them.
    client.models.generate_content(model="gemini", contents=history, config=config)
    parts = gemini.last()["body"]["contents"][1]["parts"]
    assert [list(part) for part in parts] == [["functionCall", "thoughtSignature"]]


def test_geminis_own_client_is_relayed_byte_for_byte(gateway, gemini):
    body = b'{ "contents":[ {"parts":[{"text":"\\u00e9"}]} ] , "generationConfig":{"topK":1.0} }'
    answer = gateway.post(
        "/v1/models/gemini:generateContent?key=leak", body, content_type="application/json"
    )
    entry = gemini.only()
    assert entry["text"].encode() == body
    assert entry["query"] is None
    direct = types.GenerateContentResponse.model_validate(answer.json)
    assert direct.text == "Hello from gemini."


def test_googles_sdk_counts_tokens_at_every_vendor(gateway):
    for vendor in ("gemini", "openai", "anthropic"):
        counted = sdk(gateway).models.count_tokens(model=vendor, contents="hello there")
        assert counted.total_tokens > 0, vendor


def test_googles_sdk_embeds_at_gemini(gateway, gemini):
    contents = [types.Content(parts=[types.Part(text=text)]) for text in ("a", "b")]
    answer = sdk(gateway).models.embed_content(model="gemini", contents=contents)
    entry = gemini.only()
    asked = len(entry["body"]["requests"])
    assert [vector.values for vector in answer.embeddings] == [[0.25, -0.5, 1.0]] * asked
    assert entry["path"] == f"/v1/models/{MODEL}:batchEmbedContents"
    assert {one["model"] for one in entry["body"]["requests"]} == {f"models/{MODEL}"}


def test_googles_sdk_lists_models(gateway):
    models = sdk(gateway, "v1beta").models
    assert {model.name for model in models.list()} >= {"models/gemini", "models/openai"}
    assert models.get(model="openai").name == "models/openai"


def test_errors_are_in_googles_envelope(gateway):
    models = sdk(gateway).models
    with pytest.raises(errors.ClientError) as unknown:
        models.generate_content(model="nope", contents="x")
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    for body, field in [({}, "contents"), ({"contents": [{"role": 7}]}, "contents[0].role")]:
        answer = gateway.post("/v1beta/models/openai:generateContent", body)
        assert answer.status == 400
        error = answer.json["error"]
        assert error["status"] == "INVALID_ARGUMENT"
        assert field in error["message"]
    assert gateway.get("/v1beta/nothing").json["error"]["code"] == 404
    assert gateway.post("/v1beta/models/openai:sing", {}).json["error"]["code"] == 405


@pytest.fixture
def embedders(vendors, shared_gateways):
    """An embedding model at either vendor."""
    models = {}
    for name, model in (("gemini", "gemini-embedding-001"), ("openai", "text-embedding-3-small")):
        vendor = vendors[name]
        models[name] = {
            "provider": name,
            "model": model,
            "api_base": vendor.base,
            "api_keys": [key_of(vendor)],
        }
    return shared_gateways({"models": models})


def test_openais_clients_get_geminis_vectors(embedders, gemini):
    ask = {"model": "gemini", "input": ["a", "b"], "dimensions": 3}
    answer = embedders.openai().embeddings.create(**ask, encoding_format="float")
    assert [one.embedding for one in answer.data] == [[0.25, -0.5, 1.0]] * 2
    entry = gemini.only()
    assert entry["path"] == "/v1/models/gemini-embedding-001:batchEmbedContents"
    content = {"parts": [{"text": "b"}]}
    name = "models/gemini-embedding-001"
    want = {"model": name, "content": content, "outputDimensionality": 3}
    assert entry["body"]["requests"][1] == want
    packed = embedders.post("/v1/embeddings", ask | {"encoding_format": "base64"}).json["data"]
    assert packed[1]["embedding"] == base64.b64encode(struct.pack("<3f", 0.25, -0.5, 1.0)).decode()
    tokens = embedders.post("/v1/embeddings", {"model": "gemini", "input": [1, 2]})
    assert tokens.status == 400
    assert "tokens" in tokens.json["error"]["message"]


def test_googles_clients_get_openais_vectors(embedders, vendors):
    answer = sdk(embedders).models.embed_content(model="openai", contents="a")
    direct = embedders.openai().embeddings.create(
        model="openai", input="a", encoding_format="float"
    )
    assert answer.embeddings[0].values == pytest.approx(direct.data[0].embedding)
    sent = vendors["openai"].journal()[0]["body"]
    assert sent["input"] == ["a"]
    body = {"content": {"parts": [{"text": "a"}]}, "taskType": "RETRIEVAL_QUERY"}
    one = embedders.post("/v1beta/models/openai:embedContent", body)
    assert one.json["embedding"]["values"] == pytest.approx(direct.data[0].embedding)
    assert one.headers["x-tollgate-dropped"] == "taskType"
