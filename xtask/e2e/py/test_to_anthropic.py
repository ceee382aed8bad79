"""What becomes of OpenAI requests at a vendor of the other dialect, field by field.

Each row is a request, what of it the client is told was lost (`x-tollgate-dropped`), and what must
stand in the vendor's request. Every request that arrives must be one that the vendor's own SDK
could have sent. Values that ask for what happens unasked are lost on nobody.
"""

from __future__ import annotations

import pytest

from harness.translation import ABSENT, CLOSED, USER, YO, config, holds, refused, translate

PATH = "/v1/chat/completions"


@pytest.fixture
def gateway(vendors, shared_gateways):
    return shared_gateways(config(vendors))


def function(name="f", **more):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": schema} | more}


def called(id_, arguments='{"a":"x"}'):
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": arguments}}


def calls(*listed, **more):
    return {"role": "assistant", "content": None, "tool_calls": list(listed)} | more


def answered(id_, content="r", **more):
    return {"role": "tool", "tool_call_id": id_, "content": content} | more


def schema_form(schema, **more):
    return {"type": "json_schema", "json_schema": {"name": "n", "schema": schema} | more}


def part(**more):
    return {"role": "user", "content": [more]}


# name: (body, lost, sent)
CASES = {
    "defaults": (
        {
            "n": 1,
            "stream": False,
            "logprobs": False,
            "top_logprobs": 0,
            "presence_penalty": 0,
            "frequency_penalty": 0.0,
            "logit_bias": {},
            "store": False,
            "tools": [],
            "functions": [],
            "stop": None,
            "seed": None,
            "metadata": {},
            "modalities": ["text"],
            "response_format": {"type": "text"},
            "verbosity": "medium",
            "parallel_tool_calls": True,
            "prediction": None,
            "stream_options": None,
            "user": "",
            "temperature": 1,
            "top_p": 1,
        },
        [],
        {"metadata": ABSENT, "tools": ABSENT, "top_p": ABSENT},
    ),
    "default sampling at a model without": (
        {"model": "claude-opus-5-5", "temperature": 1, "top_p": 1},
        [],
        {"temperature": ABSENT, "top_p": ABSENT},
    ),
    "sampling at a model without": (
        {"model": "claude-opus-5-5", "temperature": 0},
        ["temperature"],
        {"temperature": ABSENT},
    ),
    "a hot temperature": ({"temperature": 1.7}, ["temperature"], {"temperature": 1}),
    "system parts": (
        {
            "messages": [
                {
                    "role": "system",
                    "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                },
                {"role": "developer", "content": "c"},
                USER,
            ]
        },
        [],
        {"system.0.text": "a", "system.1.text": "b", "system.2.text": "c"},
    ),
    "a developer in the middle": (
        {"messages": [USER, YO, {"role": "developer", "content": "mid"}, USER]},
        ["messages[2].role"],
        {"messages.2.content.0.text": "mid", "messages.2.content.1.text": "hi"},
    ),
    "the assistant begins": (
        {"messages": [YO, USER]},
        ["messages[0].role"],
        {"messages.0.role": "user", "messages.1.content.0.text": "yo"},
    ),
    "the name of a user": ({"messages": [USER | {"name": "bob"}]}, ["messages[0].name"], {}),
    "a picture's detail": (
        {
            "messages": [
                part(type="image_url", image_url={"url": "https://e.org/a.png", "detail": "low"})
            ]
        },
        ["messages[0].content[0].image_url.detail"],
        {"messages.0.content.0.source": {"type": "url", "url": "https://e.org/a.png"}},
    ),
    "a PDF": (
        {
            "messages": [
                part(
                    type="file",
                    file={"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
                )
            ]
        },
        [],
        {"messages.0.content.0.source.media_type": "application/pdf"},
    ),
    "tools": (
        {"tools": [function(), {"type": "function", "function": {"name": "g"}}]},
        [],
        {"tools.1.input_schema": {"type": "object", "properties": {}}},
    ),
    "a strict tool that cannot be held": (
        {"tools": [function(strict=True)]},
        ["tools[0].function.parameters"],
        {"tools.0.strict": True, "tools.0.input_schema.additionalProperties": False},
    ),
    "a forced tool where none can be": (
        {"model": "claude-opus-5-5", "tools": [function()], "tool_choice": "required"},
        ["tool_choice"],
        {"tool_choice": {"type": "auto"}},
    ),
    "allowed tools": (
        {
            "tools": [function(), function("g")],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "g"}}],
                },
            },
        },
        [],
        {"tools.0.name": "g", "tools.1": ABSENT, "tool_choice": {"type": "any"}},
    ),
    "one call at a time": (
        {"tools": [function()], "parallel_tool_calls": False},
        [],
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    ),
    "parallel calls and their results": (
        {
            "tools": [function()],
            "messages": [
                USER,
                calls(called("functions.f:0"), called("c2", ""), content=""),
                answered("functions.f:0", name="f"),
                answered("c2", [{"type": "text", "text": "r2"}]),
                USER,
            ],
        },
        [],
        {
            "messages.1.content.0.id": "functions_f_0",
            "messages.1.content.1.input": {},
            "messages.2.content.0.tool_use_id": "functions_f_0",
            "messages.2.content.1.tool_use_id": "c2",
            "messages.2.content.2.text": "hi",
        },
    ),
    "calls of tools that are no longer offered": (
        {"messages": [USER, calls(called("c1")), answered("c1")]},
        [],
        {"tools.0.name": "f", "tool_choice": {"type": "none"}},
    ),
    "legacy functions": (
        {
            "functions": [function()["function"]],
            "messages": [
                USER,
                {
                    "role": "assistant",
                    "content": None,
                    "function_call": {"name": "f", "arguments": "{}"},
                },
                {"role": "function", "name": "f", "content": "r"},
            ],
        },
        [],
        {"messages.2.content.0.type": "tool_result"},
    ),
    "a schema": (
        {"response_format": schema_form(CLOSED, strict=True)},
        [],
        {"output_config.format.schema": CLOSED},
    ),
    "a schema that the vendor cannot hold": (
        {
            "response_format": schema_form(
                {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}
            )
        },
        ["response_format.json_schema.schema"],
        {
            "output_config.format.schema.properties.a.description": "{minimum: 1}",
            "output_config.format.schema.additionalProperties": False,
        },
    ),
    "a schema at a model without": (
        {"model": "claude-opus-4-1", "response_format": schema_form(CLOSED)},
        [],
        {"tool_choice.type": "tool", "tools.0.input_schema": CLOSED, "output_config": ABSENT},
    ),
    "stop": ({"stop": ["\n", "END"]}, ["stop"], {"stop_sequences": ["END"]}),
    "the newer bound": ({"max_completion_tokens": 77, "max_tokens": 5}, [], {"max_tokens": 77}),
    "effort at an adaptive model": (
        {"model": "claude-opus-4-6", "reasoning_effort": "minimal", "temperature": 1},
        [],
        {"thinking.type": "adaptive", "output_config.effort": "low", "temperature": ABSENT},
    ),
    "effort as a budget": (
        {"reasoning_effort": "high", "max_completion_tokens": 20000},
        [],
        {"thinking": {"type": "enabled", "budget_tokens": 4096}},
    ),
    "effort at a model that never thinks": (
        {"model": "claude-3-5-haiku-latest", "reasoning_effort": "high"},
        ["reasoning_effort"],
        {"thinking": ABSENT},
    ),
    "a user": ({"user": "u-1"}, [], {"metadata": {"user_id": "u-1"}}),
    "a user's address": ({"user": "a@b.org"}, ["user"], {"metadata": ABSENT}),
    "what the vendor has no word for": (
        {
            "seed": 1,
            "logprobs": True,
            "logit_bias": {"1": 2},
            "presence_penalty": 0.5,
            "metadata": {"a": "b"},
            "store": True,
            "service_tier": "flex",
            "web_search_options": {},
            "vendor_switch": 1,
        },
        [
            "seed",
            "logprobs",
            "logit_bias",
            "presence_penalty",
            "metadata",
            "store",
            "service_tier",
            "web_search_options",
            "vendor_switch",
        ],
        {},
    ),
    "signed thoughts go back": (
        {
            "model": "claude-opus-4-6",
            "tools": [function()],
            "messages": [
                USER,
                calls(
                    called("c1"),
                    content="t",
                    reasoning_content="r",
                    thinking_blocks=[
                        {"type": "thinking", "thinking": "r", "signature": "sig"},
                        {"type": "redacted_thinking", "data": "dd"},
                    ],
                ),
                answered("c1"),
            ],
        },
        [],
        {
            "messages.1.content.0": {"type": "thinking", "thinking": "r", "signature": "sig"},
            "messages.1.content.1": {"type": "redacted_thinking", "data": "dd"},
            "messages.1.content.2.text": "t",
        },
    ),
    "unsigned thoughts stay away": (
        {"messages": [USER, YO | {"reasoning_content": "r"}, USER]},
        ["messages[1].content[0]"],
        {"messages.1.content": [{"type": "text", "text": "yo"}]},
    ),
    "another time to live": (
        {
            "messages": [
                part(
                    type="text",
                    text="a",
                    prompt_cache_breakpoint={"mode": "explicit", "ttl": "30m"},
                )
            ]
        },
        ["cache_control.ttl"],
        {"messages.0.content.0.cache_control": {"type": "ephemeral"}},
    ),
    "an answer sent back whole": (
        {
            "messages": [
                USER,
                YO
                | {
                    "refusal": None,
                    "annotations": [],
                    "audio": None,
                    "function_call": None,
                    "tool_calls": None,
                },
                USER,
            ]
        },
        [],
        {"messages.1.content": [{"type": "text", "text": "yo"}]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_request_is_translated(gateway, vendors, name):
    body, lost, sent = CASES[name]
    body = {"model": "claude-sonnet-4-5", "messages": [USER]} | body
    holds(translate(gateway, vendors["anthropic"], PATH, body, lost), sent)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"n": 2}, "n"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools[0]"),
        (
            {"messages": [USER, calls(called("c1", "{oops")), answered("c1")]},
            "messages[1].tool_calls[0].function.arguments",
        ),
        ({"messages": [USER, YO, {"role": "user", "content": ""}]}, "messages[2].content"),
        ({"model": "claude-opus-5-5", "messages": [USER, YO]}, "messages[1].role"),
    ],
)
def test_what_would_mean_something_else_is_refused_by_name(gateway, vendors, body, field):
    body = {"model": "claude-sonnet-4-5", "messages": [USER]} | body
    refused(gateway, vendors["anthropic"], PATH, body, field)
