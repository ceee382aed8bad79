"""Responses on both sides of the gateway, driven and checked by OpenAI's own SDK.

The SDK's strict mode validates every answer and every event. Events are checked for their order and
numbers as well, since its types say nothing of those.
"""

from __future__ import annotations

import json
from typing import Any

import openai
import pydantic
import pytest

from harness.config import MODELS, NO_RETRIES, deployment, key_of, many
from harness.contract import check_sent
from harness.processes import CLIENT_KEY, fault, status
from harness.translation import ABSENT, holds

PATH = "/v1/responses"
PNG = "iVBORw0KGgo="
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "name": "weather", "description": "d", "parameters": SCHEMA}
STRICT_TOOL = TOOL | {"strict": True}
CALLED = {"id": "call_1", "name": "weather", "arguments": '{"city":"Paris"}'}
OTHER_CALL = {"id": "call_2", "name": "weather", "arguments": '{"city":"Rome"}'}
USAGE = {"input": 1000, "output": 300, "cached": 600, "cache_write": 100, "reasoning": 120}
# Where each vendor's models are spoken to, by the gateway's model.
VENDORS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "responses": "openai",
    "both": "openai",
}
FOREIGN = ["openai", "anthropic", "gemini"]
EVERYWHERE = [*FOREIGN, "responses"]


@pytest.fixture
def vendors(upstream):
    return {name: upstream(name, name) for name in ("openai", "anthropic", "gemini")}


def config(vendors) -> dict:
    """One model at a vendor of each dialect; `both` speaks chat and Responses."""
    models = {}
    for name, vendor in VENDORS.items():
        upstream = vendors[vendor]
        entry = {
            "provider": vendor,
            "model": {"gemini": "gemini-3-flash"}.get(vendor) or MODELS[vendor],
            "api_base": upstream.base,
            "api_keys": [key_of(upstream)],
        }
        if name == "responses":
            entry |= {"api": "responses", "model": "o4-mini"}
        if name == "both":
            entry |= {"api": "auto"}
        models[name] = {"deployments": [entry], "retries": NO_RETRIES}
    for family in ("gpt-5.4", "gpt-6", "gpt-5-pro"):
        entry = deployment(vendors["openai"], model=family, api="auto")
        models[family] = {"deployments": [entry], "retries": NO_RETRIES}
    return {"models": models}


@pytest.fixture
def gateway(vendors, shared_gateways):
    return shared_gateways(config(vendors))


@pytest.fixture
def failing(vendors, start):
    """A gateway of the test's own, for what a breaker remembers."""
    return start(config(vendors))


def vendor_of(vendors, model: str):
    return vendors[VENDORS.get(model, "openai")]


def asked(gateway, vendor, body: dict, lost: tuple[str, ...] = ()) -> dict:
    """Asks in Responses; the request that arrived, which the vendor's SDK could have sent."""
    answer = gateway.post(PATH, body)
    assert answer.status == 200, answer.text
    dropped = answer.headers.get("x-tollgate-dropped") or ""
    assert set(filter(None, dropped.split(", "))) == set(lost)
    entry = vendor.only()
    if vendor.dialect != "gemini":
        check_sent(entry["path"], entry["body"])
    assert CLIENT_KEY not in json.dumps(entry)
    return entry["body"]


# --- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*EVERYWHERE, "both"])
def test_an_answer_is_one_to_the_sdk(vendors, gateway, model):
    vendor_of(vendors, model).script({"answer": {"text": "Paris. 🗼", "usage": USAGE}})
    answer = gateway.openai().responses.create(model=model, input="Capital?", store=False)
    assert answer.output_text == "Paris. 🗼"
    assert (answer.status, answer.object, answer.error) == ("completed", "response", None)
    assert answer.id.startswith("resp_")
    assert [item.type for item in answer.output] == ["message"]
    assert answer.output[0].id.startswith("msg_")
    usage = answer.usage
    assert usage.input_tokens == 1000
    assert usage.output_tokens == 300
    assert usage.input_tokens_details.cached_tokens == 600
    assert usage.total_tokens == 1300


@pytest.mark.parametrize("model", [*EVERYWHERE, "both"])
def test_a_stream_is_the_complete_sequence(vendors, gateway, model):
    script = {"answer": {"reasoning": "I think so.", "text": "Paris it is.", "tools": [CALLED]}}
    vendor_of(vendors, model).script(script)
    events = list(
        gateway.openai().responses.create(
            model=model, input="Capital?", tools=[STRICT_TOOL], stream=True
        )
    )
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    folded = [kind for kind, before in zip(kinds, [None, *kinds]) if kind != before]
    item = ["response.output_item.added", "response.output_item.done"]
    summary = [
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
    ]
    message = [
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
    ]
    call = ["response.function_call_arguments.delta", "response.function_call_arguments.done"]
    wanted = kinds[:2]
    for inner in (summary, message, call):
        wanted += [item[0], *inner, item[1]]
    assert folded == [*wanted, "response.completed"]
    final = events[-1].response
    assert final.id == events[0].response.id
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert done == final.output
    assert [item.type for item in final.output] == ["reasoning", "message", "function_call"]
    assert final.output[0].summary[0].text == "I think so."
    assert final.output_text == "Paris it is."
    assert final.output[2].arguments == CALLED["arguments"]
    for event in events:
        if (at := getattr(event, "item_id", None)) is not None:
            assert at == final.output[event.output_index].id


@pytest.mark.parametrize("model", EVERYWHERE)
def test_the_bytes_of_every_event_are_named_by_their_type(vendors, gateway, model):
    body = {"model": model, "input": "hi", "stream": True}
    with gateway.stream(PATH, body) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = list(stream.events())
    assert all(event.name == event.json["type"] for event in events)
    assert "[DONE]" not in [event.data for event in events]


@pytest.mark.parametrize("model", [*EVERYWHERE, "both"])
def test_the_sdks_stream_helper_follows(vendors, gateway, model):
    vendor_of(vendors, model).script({"answer": {"text": "One two.", "tools": [CALLED, OTHER_CALL]}})
    with gateway.openai().responses.stream(
        model=model, input="hi", tools=[STRICT_TOOL]
    ) as stream:
        text = "".join(
            event.delta for event in stream if event.type == "response.output_text.delta"
        )
        final = stream.get_final_response()
    assert text == final.output_text == "One two."
    calls = [item for item in final.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
    if model != "gemini":
        assert [call.call_id for call in calls] == ["call_1", "call_2"]
    assert len({call.call_id for call in calls}) == 2


class City(pydantic.BaseModel):
    city: str


@pytest.mark.parametrize("model", EVERYWHERE)
def test_the_sdks_parse_helper_follows(vendors, gateway, model):
    vendor = vendor_of(vendors, model)
    vendor.script({"answer": {"text": '{"city": "Paris"}'}})
    answer = gateway.openai().responses.parse(model=model, input="hi", text_format=City)
    assert answer.output_parsed == City(city="Paris")
    sent = vendor.only()["body"]
    assert '"city"' in json.dumps(sent)
    if model == "openai":
        assert sent["response_format"]["json_schema"]["name"] == "City"
    if model == "responses":
        assert sent["text"]["format"]["name"] == "City"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["openai", "responses", "both"])
def test_a_refusal_is_one(vendors, gateway, model, stream):
    vendor_of(vendors, model).script({"answer": {"refusal": "I would rather not."}})
    final, kinds = told(gateway, model, stream)
    assert final.output[0].content[0].refusal == "I would rather not."
    if stream:
        assert "response.refusal.delta" in kinds and "response.refusal.done" in kinds


LENGTH = {"openai": "length", "anthropic": "max_tokens", "gemini": "MAX_TOKENS"}
LENGTH |= {"responses": "max_output_tokens", "both": "max_output_tokens"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", LENGTH)
def test_an_answer_that_met_its_bound_is_incomplete(vendors, gateway, model, stream):
    script = {"answer": {"text": "It began", "finish": LENGTH[model]}}
    vendor_of(vendors, model).script(script)
    final, kinds = told(gateway, model, stream)
    assert (final.status, final.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert final.output_text == "It began"
    assert not stream or kinds[-1] == "response.incomplete"


@pytest.mark.parametrize("stream", [False, True])
def test_a_filtered_answer_is_incomplete(vendors, gateway, stream):
    vendors["openai"].script({"answer": {"text": "It", "finish": "content_filter"}})
    final, _ = told(gateway, "openai", stream)
    assert (final.status, final.incomplete_details.reason) == ("incomplete", "content_filter")


def told(gateway, model: str, stream: bool, **more: Any):
    """The answer, and the types of its events."""
    sdk = gateway.openai().responses
    if not stream:
        return sdk.create(model=model, input="hi", **more), []
    events = list(sdk.create(model=model, input="hi", stream=True, **more))
    return events[-1].response, [event.type for event in events]


def test_what_was_asked_is_repeated(vendors, gateway):
    answer = gateway.openai().responses.create(
        model="anthropic",
        input="hi",
        instructions="Be brief.",
        tools=[STRICT_TOOL],
        tool_choice={"type": "function", "name": "weather"},
        parallel_tool_calls=False,
        temperature=0.5,
        max_output_tokens=99,
        store=False,
    )
    assert answer.instructions == "Be brief."
    assert answer.tools[0].name == "weather"
    assert answer.tool_choice.name == "weather"
    assert answer.parallel_tool_calls is False
    assert (answer.temperature, answer.max_output_tokens) == (0.5, 99)
    assert answer.to_dict()["store"] is False


# --- what is asked -------------------------------------------------------------------------------

CONVERSATION = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
    {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"A"}'},
    {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": '{"city":"B"}'},
    {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
    {
        "type": "function_call_output",
        "call_id": "call_2",
        "output": [{"type": "input_text", "text": "sun"}],
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Mixed.", "annotations": [], "logprobs": []}],
    },
    {"role": "user", "content": "And tomorrow?"},
]


def test_a_conversation_becomes_chat(vendors, gateway):
    body = {"model": "openai", "instructions": "Speak.", "input": CONVERSATION, "tools": [TOOL]}
    sent = asked(gateway, vendors["openai"], body)
    roles = [message["role"] for message in sent["messages"]]
    assert roles == ["system", "developer", "user", "assistant", "tool", "tool", "assistant", "user"]
    holds(
        sent,
        {
            "messages.0.content": "Speak.",
            "messages.3.tool_calls.1.id": "call_2",
            "messages.4": {"role": "tool", "content": "rain", "tool_call_id": "call_1"},
            "messages.5.content": "sun",
            "messages.6.content": "Mixed.",
            "tools.0.function.name": "weather",
        },
    )


def test_a_conversation_becomes_messages(vendors, gateway):
    body = {"model": "anthropic", "instructions": "Speak.", "input": CONVERSATION, "tools": [TOOL]}
    sent = asked(gateway, vendors["anthropic"], body)
    holds(
        sent,
        {
            "messages.1.content.1.id": "call_2",
            "messages.2.content.0.tool_use_id": "call_1",
            "messages.2.content.1.tool_use_id": "call_2",
            "messages.3.content.0.text": "Mixed.",
        },
    )
    assert "Speak." in json.dumps(sent["system"]) and "Be brief." in json.dumps(sent["system"])


def test_a_conversation_becomes_contents(vendors, gateway):
    body = {"model": "gemini", "instructions": "Speak.", "input": CONVERSATION, "tools": [TOOL]}
    sent = asked(gateway, vendors["gemini"], body)
    calls = [
        part["functionCall"]["args"]
        for content in sent["contents"]
        for part in content["parts"]
        if "functionCall" in part
    ]
    assert calls == [{"city": "A"}, {"city": "B"}]


CHAT_CASES = {
    "a text": ({"input": "hi"}, (), {"messages": [{"role": "user", "content": "hi"}]}),
    "settings": (
        {
            "max_output_tokens": 77,
            "temperature": 0.5,
            "top_p": 0.9,
            "parallel_tool_calls": False,
            "tools": [STRICT_TOOL],
            "tool_choice": {"type": "function", "name": "weather"},
            "metadata": {"a": "b"},
            "safety_identifier": "u",
            "store": False,
            "stream_options": {"include_obfuscation": False},
            "truncation": "disabled",
            "include": ["reasoning.encrypted_content"],
            "text": {"verbosity": "low"},
        },
        (),
        {
            "max_tokens": 77,
            "temperature": 0.5,
            "tools.0.function.strict": True,
            "tool_choice.function.name": "weather",
            "parallel_tool_calls": False,
            "metadata": {"a": "b"},
            "user": "u",
            "verbosity": "low",
            "stream_options": ABSENT,
        },
    ),
    "allowed tools": (
        {
            "tools": [TOOL, TOOL | {"name": "clock"}],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "clock"}],
            },
        },
        (),
        {"tool_choice": "required", "tools.0.function.name": "clock", "tools.1": ABSENT},
    ),
    "a schema": (
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}}},
        (),
        {"response_format.json_schema.schema": SCHEMA, "response_format.json_schema.strict": True},
    ),
    "pictures and files": (
        {
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "w"},
                        {
                            "type": "input_image",
                            "image_url": f"data:image/png;base64,{PNG}",
                            "detail": "low",
                        },
                        {"type": "input_image", "image_url": "https://a.org/b.png"},
                        {
                            "type": "input_file",
                            "filename": "a.pdf",
                            "file_data": "data:application/pdf;base64,JVBERg==",
                        },
                    ],
                }
            ]
        },
        (),
        {
            "messages.0.content.1.image_url": {
                "url": f"data:image/png;base64,{PNG}",
                "detail": "low",
            },
            "messages.0.content.2.image_url": {"url": "https://a.org/b.png"},
            "messages.0.content.3.file.filename": "a.pdf",
        },
    ),
    "what chat has no word for": (
        {"max_tool_calls": 3, "truncation": "auto", "top_logprobs": 2, "store": True},
        ("max_tool_calls", "truncation", "top_logprobs"),
        {"store": True},
    ),
    "reasoning at a model without": ({"reasoning": {"effort": "none"}}, (), {}),
}


@pytest.mark.parametrize("case", CHAT_CASES)
def test_a_request_becomes_one_of_chat(vendors, gateway, case):
    body, lost, wanted = CHAT_CASES[case]
    sent = asked(gateway, vendors["openai"], {"model": "openai", "input": "hi"} | body, lost)
    holds(sent, wanted)


# What only OpenAI has, and the field that a refusal names.
ONLY_OPENAI = {
    "previous_response_id": ({"previous_response_id": "resp_1"}, "previous_response_id"),
    "conversation": ({"conversation": "conv_1"}, "conversation"),
    "background": ({"background": True}, "background"),
    "prompt": ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    "a hosted tool": ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    "a custom tool": ({"tools": [{"type": "custom", "name": "c"}]}, "tools[0].type"),
    "an item of its own": ({"input": [{"type": "web_search_call", "id": "w"}]}, "input[0].type"),
    "a reference": ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    "a hosted choice": ({"tools": [TOOL], "tool_choice": {"type": "mcp"}}, "tool_choice.type"),
}


@pytest.mark.parametrize("model", FOREIGN)
@pytest.mark.parametrize("case", ONLY_OPENAI)
def test_what_only_openai_has_is_refused_elsewhere_by_name(vendors, gateway, case, model):
    more, field = ONLY_OPENAI[case]
    with pytest.raises(openai.BadRequestError) as refusal:
        body = {"input": "hi"} | more
        gateway.openai().responses.create(model=model, **body)
    assert refusal.value.param == field
    assert f"`{field}`" in refusal.value.message
    assert vendor_of(vendors, model).hits == 0


@pytest.mark.parametrize("case", ONLY_OPENAI)
def test_what_only_openai_has_goes_there_as_it_is(vendors, gateway, case):
    more, _ = ONLY_OPENAI[case]
    body = {"model": "both", "input": "hi"} | more
    assert gateway.post(PATH, body).status == 200
    assert vendors["openai"].only()["body"] == body | {"model": MODELS["openai"]}


def test_what_only_openai_has_goes_to_the_deployment_that_has_it(vendors, start):
    entries = [
        deployment(vendors["anthropic"]),
        deployment(vendors["openai"], api="responses"),
    ]
    gateway = start({"models": {"m": {"strategy": "first_available", "deployments": entries}}})
    answer = gateway.openai().responses.create(
        model="m", input="hi", previous_response_id="resp_1"
    )
    assert answer.output_text == "Hello from openai."
    assert vendors["anthropic"].hits == 0
    assert vendors["openai"].only()["body"]["previous_response_id"] == "resp_1"


def test_kept_responses_are_not_here_and_said_so(gateway):
    sdk = gateway.openai().responses
    for ask in (sdk.retrieve, sdk.delete, sdk.cancel, sdk.input_items.list):
        with pytest.raises(openai.NotFoundError) as missing:
            ask("resp_1")
        assert "only the vendor that made one has it" in missing.value.message


BAD = {
    "no input": ({}, "input"),
    "null input": ({"input": None}, "input"),
    "no items": ({"input": []}, "input"),
    "an item of text": ({"input": ["hi"]}, "input[0]"),
    "input of another type": ({"input": 7}, "input"),
    "a word as a number": ({"input": "hi", "temperature": "hot"}, "temperature"),
    "a negative bound": ({"input": "hi", "max_output_tokens": -1}, "max_output_tokens"),
    "an unknown role": ({"input": [{"role": "wizard", "content": "x"}]}, "input[0].role"),
    "no content": ({"input": [{"role": "user"}]}, "input[0].content"),
    "no call id": ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
    "no output": (
        {"input": [{"type": "function_call_output", "call_id": "c"}]},
        "input[0].output",
    ),
    "a picture of nothing": (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "input[0].content[0]",
    ),
    "an unknown format": ({"input": "hi", "text": {"format": {"type": "x"}}}, "text.format.type"),
    "tools of words": ({"input": "hi", "tools": ["f"]}, "tools[0]"),
    "a tool without a name": ({"input": "hi", "tools": [{"type": "function"}]}, "tools[0].name"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_request_is_refused_by_the_name_of_the_field(vendors, gateway, case):
    body, field = BAD[case]
    answer = gateway.post(PATH, {"model": "openai"} | body)
    assert answer.status == 400, answer.text
    error = answer.json["error"]
    assert error["param"] == field
    assert error["type"] == "invalid_request_error"
    assert field in error["message"]
    assert vendors["openai"].hits == 0


def test_an_unknown_model_is_refused_in_openais_words(gateway):
    with pytest.raises(openai.NotFoundError) as missing:
        gateway.openai().responses.create(model="nobody", input="hi")
    assert missing.value.code == "model_not_found"


# --- the verbatim path ---------------------------------------------------------------------------


def test_a_request_of_the_same_dialect_is_relayed_but_for_the_model(vendors, gateway):
    text = (
        '{ "model" : "both", "input": "h\\u00e9", "x_new": {"a": 1.50}, '
        '"stream": true, "stream_options": {"include_obfuscation": true} }'
    )
    with gateway.stream(PATH, text.encode(), content_type="application/json") as stream:
        events = list(stream.events())
    assert events[-1].name == "response.completed"
    sent = vendors["openai"].only()
    assert sent["raw"] == text.replace('"both"', '"gpt-4o"') if "raw" in sent else True
    assert sent["body"] == json.loads(text) | {"model": "gpt-4o"}


def test_configured_parameters_are_said_in_this_dialects_words(vendors, start):
    more = {
        "api": "auto",
        "default_params": {"max_tokens": 500, "reasoning_effort": "low", "stop": ["x"]},
        "params": {"set": {"metadata": {"a": "b"}}},
    }
    entry = deployment(vendors["openai"], model="o4-mini", **more)
    gateway = start({"models": {"m": {"deployments": [entry]}}})
    gateway.post(PATH, {"model": "m", "input": "hi"})
    sent = vendors["openai"].only()["body"]
    wanted = {
        "model": "o4-mini",
        "input": "hi",
        "max_output_tokens": 500,
        "reasoning": {"effort": "low"},
        "metadata": {"a": "b"},
    }
    assert sent == wanted


def test_configured_parameters_reach_other_dialects(vendors, start):
    entry = deployment(vendors["anthropic"], default_params={"max_tokens": 500, "stop": ["x"]})
    gateway = start({"models": {"m": {"deployments": [entry]}}})
    gateway.post(PATH, {"model": "m", "input": "hi"})
    sent = vendors["anthropic"].only()["body"]
    assert (sent["max_tokens"], sent["stop_sequences"]) == (500, ["x"])
    vendors["anthropic"].reset()
    gateway.post(PATH, {"model": "m", "input": "hi", "max_output_tokens": 44})
    assert vendors["anthropic"].only()["body"]["max_tokens"] == 44


# --- reasoning that survives ---------------------------------------------------------------------


def turn_of(items: list) -> list[dict]:
    """What a client sends back of an answer."""
    return [item.to_dict() for item in items]


@pytest.mark.parametrize("stream", [False, True])
def test_claudes_signature_comes_back_to_it(vendors, gateway, stream):
    script = {"answer": {"reasoning": "Hm.", "signature": "c2ln", "tools": [CALLED]}}
    vendors["anthropic"].script(script)
    ask = {"reasoning": {"effort": "high"}, "tools": [TOOL | {"strict": False}]}
    final, _ = told(gateway, "anthropic", stream, **ask)
    assert [item.type for item in final.output] == ["reasoning", "function_call"]
    result = {"type": "function_call_output", "call_id": "call_1", "output": "rain"}
    items = [{"role": "user", "content": "hi"}, *turn_of(final.output), result]
    vendors["anthropic"].reset()
    sent = asked(gateway, vendors["anthropic"], {"model": "anthropic", "input": items} | ask)
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    assert sent["messages"][1]["content"][0] == thought
    # The same conversation goes on at OpenAI, without what it did not seal.
    body = {"model": "both", "input": items}
    answer = gateway.post(PATH, body)
    assert answer.status == 200
    assert answer.headers["x-tollgate-dropped"] == "input[1]"
    kept = [item.get("type", "message") for item in vendors["openai"].only()["body"]["input"]]
    assert kept == ["message", "function_call", "function_call_output"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_openai_sealed_comes_back_through_chat(vendors, gateway, stream):
    script = {"answer": {"reasoning": "Hm.", "signature": "gAAA", "tools": [CALLED]}}
    vendors["openai"].script(script)
    tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    body = {"model": "gpt-5.4", "reasoning_effort": "low", "tools": tools}
    messages: list = [{"role": "user", "content": "hi"}]
    sdk = gateway.openai().chat.completions
    if stream:
        with sdk.stream(messages=messages, **body) as chunks:
            for _ in chunks:
                pass
            message = chunks.get_final_completion().choices[0].message
    else:
        message = sdk.create(messages=messages, **body).choices[0].message
    assert vendors["openai"].only()["path"].endswith("/responses")
    assert message.tool_calls[0].id == "call_1"
    kept = {key: value for key, value in message.to_dict().items() if key != "parsed"}
    for call in kept["tool_calls"]:
        call["function"].pop("parsed_arguments", None)
        call.pop("index", None)
    result = {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
    vendors["openai"].reset()
    sdk.create(messages=[*messages, kept, result], **body)
    entry = vendors["openai"].only()
    check_sent(entry["path"], entry["body"])
    holds(
        entry["body"],
        {
            "input.1": {
                "type": "reasoning",
                "id": "rs_fault0001",
                "summary": [{"type": "summary_text", "text": "Hm."}],
                "encrypted_content": "gAAA",
            },
            "input.2.call_id": "call_1",
            "input.3.output": "rain",
        },
    )


@pytest.mark.parametrize("path", ["anthropic", "gemini"])
def test_what_openai_sealed_comes_back_through_other_faces(vendors, gateway, path):
    vendors["openai"].script(
        {"answer": {"reasoning": "Hm.", "signature": "gAAA", "tools": [CALLED]}}
    )
    sealed = {"type": "reasoning", "id": "rs_fault0001", "encrypted_content": "gAAA"}
    sealed["summary"] = [{"type": "summary_text", "text": "Hm."}]
    if path == "anthropic":
        ask = {
            "model": "responses",
            "max_tokens": 2048,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "tools": [{"name": "weather", "input_schema": SCHEMA}],
        }
        messages = [{"role": "user", "content": "hi"}]
        first = gateway.post("/v1/messages", ask | {"messages": messages}).json
        said = {"role": "assistant", "content": first["content"]}
        result = {"type": "tool_result", "tool_use_id": "call_1", "content": "rain"}
        messages += [said, {"role": "user", "content": [result]}]
        vendors["openai"].reset()
        again = gateway.post("/v1/messages", ask | {"messages": messages})
    else:
        url = "/v1beta/models/responses:generateContent"
        ask = {"tools": [{"functionDeclarations": [{"name": "weather", "parameters": SCHEMA}]}]}
        ask["tools"][0]["functionDeclarations"][0]["parameters"] = {
            key: value for key, value in SCHEMA.items() if key != "additionalProperties"
        }
        contents = [{"role": "user", "parts": [{"text": "hi"}]}]
        first = gateway.post(url, ask | {"contents": contents}).json
        said = first["candidates"][0]["content"]
        result = {"functionResponse": {"name": "weather", "response": {"output": "rain"}}}
        contents += [said, {"role": "user", "parts": [result]}]
        vendors["openai"].reset()
        again = gateway.post(url, ask | {"contents": contents})
    assert again.status == 200, again.text
    entry = vendors["openai"].only()
    check_sent(entry["path"], entry["body"])
    assert sealed in entry["body"]["input"], entry["body"]["input"]


def test_readable_reasoning_goes_back_to_those_who_want_it(vendors, start):
    # OpenAI itself is spared a field that only compatible servers know.
    mine = {"dialect": "openai", "api_base": vendors["openai"].base, "api_key": "sk-mine"}
    entry = {"provider": "mine", "model": "any"}
    gateway = start({"providers": {"mine": mine}, "models": {"m": {"deployments": [entry]}}})
    vendors["openai"].script({"answer": {"reasoning": "Hm.", "text": "Paris."}})
    final, _ = told(gateway, "m", True)
    items = [*turn_of(final.output), {"role": "user", "content": "And Italy?"}]
    vendors["openai"].reset()
    assert gateway.post(PATH, {"model": "m", "input": items}).status == 200
    sent = vendors["openai"].only()["body"]
    assert sent["messages"][0]["reasoning_content"] == "Hm."


# --- chat over Responses -------------------------------------------------------------------------

CHAT_TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
ROUTES = {
    "tools beside an effort": ("gpt-5.4", {"tools": CHAT_TOOLS, "reasoning_effort": "low"}, True),
    "tools alone": ("gpt-5.4", {"tools": CHAT_TOOLS}, False),
    "tools without thinking": (
        "gpt-5.4",
        {"tools": CHAT_TOOLS, "reasoning_effort": "none"},
        False,
    ),
    "an effort alone": ("gpt-5.4", {"reasoning_effort": "high"}, False),
    "tools at a model that always thinks": ("gpt-6", {"tools": CHAT_TOOLS}, True),
    "nothing at a model that always thinks": ("gpt-6", {}, False),
    "a model that has no chat": ("gpt-5-pro", {}, True),
    "an older model": ("both", {"tools": CHAT_TOOLS}, False),
}


@pytest.mark.parametrize("case", ROUTES)
def test_chat_goes_over_responses_where_the_model_takes_it_there_alone(vendors, gateway, case):
    model, more, bridged = ROUTES[case]
    messages = [{"role": "user", "content": "hi"}]
    gateway.openai().chat.completions.create(model=model, messages=messages, **more)
    entry = vendors["openai"].only()
    assert entry["path"].endswith("/responses" if bridged else "/chat/completions")
    check_sent(entry["path"], entry["body"])


BRIDGED = {
    "everything": (
        {
            "messages": [
                {"role": "system", "content": "s"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "w"},
                        {"type": "image_url", "image_url": {"url": "https://a.org/b.png"}},
                        {
                            "type": "file",
                            "file": {
                                "filename": "a.pdf",
                                "file_data": "data:application/pdf;base64,JVBERg==",
                            },
                        },
                    ],
                },
                {"role": "assistant", "content": "I look.", "tool_calls": [
                    {
                        "id": "call_9",
                        "type": "function",
                        "function": {"name": "weather", "arguments": "{}"},
                    }
                ]},
                {"role": "tool", "tool_call_id": "call_9", "content": "rain"},
                {"role": "user", "content": "and?"},
            ],
            "max_completion_tokens": 99,
            "tool_choice": "required",
            "parallel_tool_calls": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
            },
            "verbosity": "low",
            "metadata": {"a": "b"},
            "user": "u",
            "service_tier": "flex",
        },
        [],
        {
            "input.0": {"type": "message", "role": "developer", "content": "s"},
            "input.1.content.1.image_url": "https://a.org/b.png",
            "input.1.content.2.filename": "a.pdf",
            "input.2.content": "I look.",
            "input.3": {
                "type": "function_call",
                "call_id": "call_9",
                "name": "weather",
                "arguments": "{}",
            },
            "input.4": {"type": "function_call_output", "call_id": "call_9", "output": "rain"},
            "max_output_tokens": 99,
            "tool_choice": "required",
            "parallel_tool_calls": False,
            "text.format.name": "n",
            "text.verbosity": "low",
            "metadata": {"a": "b"},
            "user": "u",
            "service_tier": "flex",
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": "low"},
            "tools.0.strict": False,
        },
    ),
    "what has no word": (
        {
            "n": 2,
            "stop": ["x"],
            "seed": 7,
            "logprobs": True,
            "temperature": 0.5,
            "logit_bias": {"1": 1},
            "frequency_penalty": 1,
            "max_tokens": 3,
        },
        [
            "n",
            "stop",
            "seed",
            "logprobs",
            "temperature",
            "logit_bias",
            "frequency_penalty",
            "max_tokens",
        ],
        {"max_output_tokens": 16, "temperature": ABSENT},
    ),
}


@pytest.mark.parametrize("case", BRIDGED)
def test_a_chat_request_becomes_a_response(vendors, gateway, case):
    more, lost, wanted = BRIDGED[case]
    body = {"model": "gpt-5.4", "messages": [{"role": "user", "content": "hi"}]}
    body |= {"tools": CHAT_TOOLS, "reasoning_effort": "low"} | more
    answer = gateway.post("/v1/chat/completions", body)
    assert answer.status == 200, answer.text
    dropped = answer.headers.get("x-tollgate-dropped") or ""
    assert set(filter(None, dropped.split(", "))) == set(lost)
    entry = vendors["openai"].only()
    check_sent(entry["path"], entry["body"])
    holds(entry["body"], wanted)


@pytest.mark.parametrize("stream", [False, True])
def test_every_face_reaches_a_vendor_of_responses(vendors, gateway, stream):
    script = {"answer": {"text": "Paris.", "usage": USAGE, "piece": 2}}
    for _ in range(2):
        vendors["openai"].script(default=script)
        messages = [{"role": "user", "content": "hi"}]
        chat = gateway.openai().chat.completions
        claude = gateway.anthropic().messages
        if stream:
            options = {"include_usage": True}
            chunks = list(
                chat.create(
                    model="responses", messages=messages, stream=True, stream_options=options
                )
            )
            text = "".join(
                choice.delta.content or "" for chunk in chunks for choice in chunk.choices
            )
            usage = chunks[-1].usage
            with claude.stream(model="responses", messages=messages, max_tokens=99) as events:
                other = events.get_final_message()
        else:
            answer = chat.create(model="responses", messages=messages)
            text, usage = answer.choices[0].message.content, answer.usage
            other = claude.create(model="responses", messages=messages, max_tokens=99)
        assert text == "Paris."
        assert usage.prompt_tokens == 1000
        assert usage.prompt_tokens_details.cached_tokens == 600
        assert usage.completion_tokens_details.reasoning_tokens == 120
        assert other.content[0].text == "Paris."
        assert other.stop_reason == "end_turn"


def test_a_clients_thoughts_are_asked_for_and_told(vendors, gateway):
    vendors["openai"].script({"answer": {"reasoning": "Hm.", "signature": "s", "text": "a"}})
    body = {
        "model": "responses",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
        "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"},
    }
    answer = gateway.post("/v1/messages", body)
    assert answer.status == 200, answer.text
    assert answer.json["content"][0]["thinking"] == "Hm."
    sent = vendors["openai"].only()["body"]
    assert sent["reasoning"]["summary"] == "auto"
    check_sent("/v1/responses", sent)


# --- what goes wrong -----------------------------------------------------------------------------

BREAKS = {
    "truncate": fault("cut", after=1),
    "reset": fault("cut", after=1, reset=True),
    "error": fault("error_frame", after=1),
}


@pytest.mark.parametrize("model", [*EVERYWHERE, "both"])
@pytest.mark.parametrize("kind", BREAKS)
def test_a_stream_that_breaks_ends_with_one_error(vendors, failing, model, kind):
    vendor = vendor_of(vendors, model)
    vendor.script(default=BREAKS[kind])
    body = {"model": model, "input": "hi", "stream": True}
    with failing.stream(PATH, body) as stream:
        events = list(stream.events())
    last = events[-1].json
    assert [event.name for event in events].count("error") == 1
    assert last["type"] == events[-1].name == "error"
    assert last["message"] and last["code"]
    numbers = [event.json["sequence_number"] for event in events]
    assert numbers == list(range(len(events)))
    assert not {"response.completed", "response.incomplete"} & {event.name for event in events}
    with pytest.raises(openai.APIError) as raised:
        list(failing.openai().responses.create(model=model, input="hi", stream=True))
    assert raised.value.code == last["code"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["responses", "both"])
def test_a_response_that_failed_is_an_error_before_content(vendors, failing, model, stream):
    vendors["openai"].script(default={"answer": {"text": "", "finish": "failed"}})
    with pytest.raises(openai.InternalServerError) as failed:
        told(failing, model, stream)
    assert "The model failed." in failed.value.message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", EVERYWHERE)
def test_a_vendors_error_is_told_in_openais_envelope(vendors, failing, model, stream):
    vendor_of(vendors, model).script(default=status(429))
    with pytest.raises(openai.RateLimitError) as error:
        told(failing, model, stream)
    assert error.value.type == "rate_limit_error"


def test_a_deployment_that_fails_is_replaced_unseen(vendors, start, upstream):
    second = upstream("openai", "second")
    vendors["anthropic"].script(default=status(503))
    gateway = start(many(vendors["anthropic"], second))
    with gateway.openai().responses.stream(model="m", input="hi") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == "Hello from second."


WIRES = {
    "bytes": {"split": 1},
    "pieces": {"split": 7},
    "crlf": {"line_end": "\r\n", "comments": True, "no_space": True},
}


@pytest.mark.parametrize("model", ["responses", "both"])
@pytest.mark.parametrize("form", WIRES)
def test_streams_of_responses_are_read_however_they_are_cut(vendors, gateway, model, form):
    answer = {"reasoning": "Hm.", "text": "Paris. 🗼", "tools": [CALLED], "usage": USAGE}
    vendors["openai"].script(default={"answer": answer, "wire": WIRES[form]})
    final, _ = told(gateway, model, True)
    assert final.output_text == "Paris. 🗼"
    assert final.output[2].arguments == CALLED["arguments"]
    assert final.usage.total_tokens == 1300
    chunks = gateway.openai().chat.completions.create(
        model="responses", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == "Paris. 🗼"


@pytest.mark.parametrize("model", [*EVERYWHERE, "both"])
def test_a_whole_answer_is_told_as_the_stream_that_was_asked_for(vendors, gateway, model):
    vendor_of(vendors, model).script(
        {"answer": {"text": "Paris.", "tools": [CALLED]}} | fault("whole_for_stream")
    )
    with gateway.openai().responses.stream(model=model, input="hi") as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert final.output_text == "Paris."
    assert [item.type for item in final.output] == ["message", "function_call"]


def test_azure_speaks_responses_on_its_v1_path(vendors, start):
    upstream = vendors["openai"]
    entry = {"provider": "azure", "api_base": upstream.origin, "api_keys": ["sk-azure"]}
    models = {
        "known": entry | {"model": "mine", "azure": {"base_model": "gpt-5.4"}},
        "other": entry | {"model": "mistral-large"},
    }
    gateway = start({"models": {name: {"deployments": [one]} for name, one in models.items()}})
    body = {"messages": [{"role": "user", "content": "hi"}], "tools": CHAT_TOOLS}
    for path, ask, sent in [
        (PATH, {"model": "known", "input": "hi"}, "/openai/v1/responses"),
        (PATH, {"model": "other", "input": "hi"}, "/openai/v1/chat/completions"),
        (
            "/v1/chat/completions",
            body | {"model": "known", "reasoning_effort": "low"},
            "/openai/v1/responses",
        ),
        ("/v1/chat/completions", body | {"model": "known"}, "/openai/v1/chat/completions"),
    ]:
        upstream.reset()
        answer = gateway.post(path, ask)
        assert answer.status == 200, answer.text
        arrived = upstream.only()
        assert arrived["path"].split("?")[0] == sent
        assert arrived["body"]["model"] == ("mine" if ask["model"] == "known" else "mistral-large")
        check_sent(sent, arrived["body"])


def test_sampling_goes_on_where_a_model_is_told_not_to_reason(vendors, gateway):
    body = {"model": "gpt-5.4", "input": "hi", "temperature": 0.5}
    chat = {"model": "gpt-5.4", "messages": [{"role": "user", "content": "hi"}]}
    gateway.post("/v1/messages", chat | {"max_tokens": 99, "temperature": 0.5})
    assert "temperature" not in vendors["openai"].only()["body"]
    vendors["openai"].reset()
    off = {"thinking": {"type": "disabled"}}
    gateway.post("/v1/messages", chat | {"max_tokens": 99, "temperature": 0.5} | off)
    sent = vendors["openai"].only()["body"]
    assert (sent["temperature"], sent["reasoning_effort"]) == (0.5, "none")
    vendors["openai"].reset()
    # What the client says in the vendor's own dialect is never judged.
    gateway.post(PATH, body)
    assert vendors["openai"].only()["body"] == body
