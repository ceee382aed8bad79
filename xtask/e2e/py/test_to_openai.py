"""What becomes of Anthropic requests at a vendor of the other dialect, field by field.

Each row is a request, what of it the client is told was lost (`x-tollgate-dropped`), and what must
stand in the vendor's request. Every request that arrives must be one that the vendor's own SDK
could have sent. Values that ask for what happens unasked are lost on nobody.
"""

from __future__ import annotations

import pytest

from harness.translation import ABSENT, CLOSED, USER, YO, config, holds, refused, translate

PATH = "/v1/messages"
PNG = "iVBORw0KGgo="
OPTIONAL = CLOSED | {"required": []}


@pytest.fixture
def gateway(vendors, shared_gateways):
    return shared_gateways(config(vendors))


def said(*blocks):
    return {"role": "user", "content": list(blocks)}


def did(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def text(words, **more):
    return {"type": "text", "text": words} | more


def use(id_, **more):
    return {"type": "tool_use", "id": id_, "name": "f", "input": {"a": "x"}} | more


def result(id_, content="r", **more):
    return {"type": "tool_result", "tool_use_id": id_, "content": content} | more


def tool(**more):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    return {"name": "f", "description": "d", "input_schema": schema} | more


def document(**source):
    return said({"type": "document", "source": source})


LONG_ID = "toolu_" + "x" * 60
CASES = {
    "defaults": (
        {
            "stream": False,
            "tools": [],
            "stop_sequences": [],
            "metadata": {},
            "service_tier": "auto",
            "tool_choice": {"type": "auto"},
            "thinking": {"type": "disabled"},
            "system": "",
            "mcp_servers": [],
            "speed": "standard",
            "container": None,
            "output_config": {},
            "top_k": None,
        },
        [],
        {"messages": [USER], "service_tier": ABSENT, "tool_choice": ABSENT},
    ),
    "sampling": (
        {"temperature": 0.5, "top_p": 0.9, "top_k": 5},
        ["top_k"],
        {"temperature": 0.5, "top_p": 0.9},
    ),
    "sampling at a model without": (
        {"model": "o4-mini", "temperature": 1, "top_p": 0.9},
        ["top_p"],
        {"temperature": ABSENT, "max_completion_tokens": 99, "max_tokens": ABSENT},
    ),
    "system blocks": (
        {
            "system": [
                text("x-anthropic-billing-header: cc_version=1; cch=2;"),
                text("a", cache_control={"type": "ephemeral"}),
                text("b"),
            ]
        },
        ["cache_control"],
        {"messages.0": {"role": "system", "content": "a\n\nb"}},
    ),
    "system at a reasoning model": (
        {"model": "o4-mini", "system": "s"},
        [],
        {"messages.0": {"role": "developer", "content": "s"}},
    ),
    "text blocks": (
        {"messages": [said(text("a"), text("b")), did(text("c "), text("d")), said(text("e"))]},
        [],
        {
            "messages.0.content": "a\n\nb",
            "messages.1.content": "c d",
            "messages.2.content": "e",
        },
    ),
    "an answer that was begun": ({"messages": [USER, YO]}, ["messages[1].role"], {}),
    "a picture": (
        {
            "messages": [
                said(
                    text("w"),
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                    },
                )
            ]
        },
        [],
        {"messages.0.content.1.image_url.url": f"data:image/png;base64,{PNG}"},
    ),
    "a PDF": (
        {"messages": [document(type="base64", media_type="application/pdf", data="JVBERg==")]},
        [],
        {"messages.0.content.0.file.filename": "document.pdf"},
    ),
    "a document of text": (
        {"messages": [document(type="content", content=[text("x"), text("y")])]},
        ["messages[0].content[0]"],
        {"messages.0.content": "x\n\ny"},
    ),
    "a search result": (
        {
            "messages": [
                said(
                    {
                        "type": "search_result",
                        "source": "https://a.org",
                        "title": "t",
                        "content": [text("x")],
                    }
                )
            ]
        },
        ["messages[0].content[0].type"],
        {"messages.0.content": "t\nhttps://a.org\n\nx"},
    ),
    "tools": (
        {"tools": [tool(), tool(name="g", input_schema={"type": "object"}, type="custom")]},
        [],
        {
            "tools.0.function.description": "d",
            "tools.1.function.parameters": {"properties": {}, "type": "object"},
        },
    ),
    "a strict tool that cannot be held": (
        {"tools": [tool(strict=True)]},
        ["tools[0].strict"],
        {"tools.0.function.strict": ABSENT},
    ),
    "a strict tool": (
        {"tools": [tool(strict=True, input_schema=CLOSED)]},
        [],
        {"tools.0.function.strict": True},
    ),
    "any tool, one at a time": (
        {
            "tools": [tool()],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
        [],
        {"tool_choice": "required", "parallel_tool_calls": False},
    ),
    "one at a time at a model that knows no other way": (
        {
            "model": "o4-mini",
            "tools": [tool()],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        },
        [],
        {"tool_choice": "auto", "parallel_tool_calls": ABSENT},
    ),
    "a named tool": (
        {"tools": [tool()], "tool_choice": {"type": "tool", "name": "f"}},
        [],
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
    ),
    "no tool": ({"tools": [tool()], "tool_choice": {"type": "none"}}, [], {"tool_choice": "none"}),
    "calls and results": (
        {
            "tools": [tool()],
            "messages": [
                USER,
                did(text("look"), use("toolu_1"), use("toolu_2", input={})),
                said(result("toolu_1"), result("toolu_2", [text("a"), text("b")]), text("go")),
            ],
        },
        [],
        {
            "messages.1.content": "look",
            "messages.1.tool_calls.1.function.arguments": "{}",
            "messages.2": {"role": "tool", "tool_call_id": "toolu_1", "content": "r"},
            "messages.3.content": "a\n\nb",
            "messages.4": {"role": "user", "content": "go"},
        },
    ),
    "a result that failed": (
        {
            "tools": [tool()],
            "messages": [USER, did(use("t1")), said(result("t1", "boom", is_error=True))],
        },
        ["messages[2].content[0].is_error"],
        {"messages.2.content": "boom"},
    ),
    "a result with a picture": (
        {
            "tools": [tool()],
            "messages": [
                USER,
                did(use("t1")),
                said(
                    result(
                        "t1",
                        [
                            text("see"),
                            {"type": "image", "source": {"type": "url", "url": "https://e.org/a"}},
                        ],
                    ),
                    text("and?"),
                ),
            ],
        },
        ["messages[2].content[0]"],
        {
            "messages.2.content": "see",
            "messages.3.content.1.image_url.url": "https://e.org/a",
            "messages.3.content.2.text": "and?",
            "messages.4": ABSENT,
        },
    ),
    "a form": (
        {"output_config": {"format": {"type": "json_schema", "schema": CLOSED}}},
        [],
        {"response_format.json_schema.schema": CLOSED, "response_format.json_schema.strict": True},
    ),
    "a form that cannot be held": (
        {"output_config": {"format": {"type": "json_schema", "schema": OPTIONAL}}},
        ["response_format"],
        {
            "response_format.json_schema.schema": OPTIONAL,
            "response_format.json_schema.strict": ABSENT,
        },
    ),
    "thinking at a model that does not": (
        {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        ["thinking"],
        {"reasoning_effort": ABSENT},
    ),
    "thinking": (
        {"model": "o4-mini", "thinking": {"type": "enabled", "budget_tokens": 20000}},
        ["thinking.budget_tokens"],
        {"reasoning_effort": "high"},
    ),
    "more effort than the model has": (
        {
            "model": "o4-mini",
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": "max"},
        },
        ["output_config.effort"],
        {"reasoning_effort": "high"},
    ),
    "tools exclude effort": (
        {"model": "gpt-5.4", "tools": [tool()], "thinking": {"type": "adaptive"}},
        ["thinking"],
        {"reasoning_effort": ABSENT},
    ),
    "no thinking, said": (
        {"model": "gpt-5.4", "thinking": {"type": "disabled"}},
        [],
        {"reasoning_effort": "none"},
    ),
    "signed thoughts stay away": (
        {
            "messages": [
                USER,
                did({"type": "thinking", "thinking": "r", "signature": "s"}, text("x")),
                did({"type": "redacted_thinking", "data": "d"}),
                USER,
            ]
        },
        ["messages[1].thinking", "messages[2].thinking"],
        {"messages.1": {"role": "assistant", "content": "x"}, "messages.2": USER},
    ),
    "stop": ({"stop_sequences": ["a", "b"]}, [], {"stop": ["a", "b"]}),
    "stop at a model without": (
        {"model": "o3", "stop_sequences": ["a"]},
        ["stop"],
        {"stop": ABSENT},
    ),
    "a user": ({"metadata": {"user_id": "u"}}, [], {"user": "u"}),
    "a long user": ({"metadata": {"user_id": "u" * 99}}, ["user"], {"user": "u" * 64}),
    "the default tier": ({"service_tier": "standard_only"}, [], {"service_tier": "default"}),
    "what the vendor has no word for": (
        {
            "cache_control": {"type": "ephemeral"},
            "container": "c",
            "context_management": {"edits": []},
            "inference_geo": "us",
            "thinking": {"type": "between_tools"},
        },
        ["cache_control", "container", "context_management", "inference_geo", "thinking"],
        {},
    ),
    "the vendor's own words": (
        {"seed": 4, "logit_bias": {"1": 1}, "frequency_penalty": 0.3},
        [],
        {"seed": 4, "logit_bias": {"1": 1}, "frequency_penalty": 0.3},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_request_is_translated(gateway, vendors, name):
    body, lost, sent = CASES[name]
    body = {"model": "gpt-4o", "max_tokens": 99, "messages": [USER]} | body
    holds(translate(gateway, vendors["openai"], PATH, body, lost), sent)


def test_a_long_id_is_short_at_openai_and_the_same_in_call_and_result(gateway, vendors):
    body = {
        "model": "gpt-4o",
        "max_tokens": 9,
        "tools": [tool()],
        "messages": [USER, did(use(LONG_ID)), said(result(LONG_ID))],
    }
    sent = translate(gateway, vendors["openai"], PATH, body, [])
    id_ = sent["messages"][1]["tool_calls"][0]["id"]
    assert len(id_) <= 40
    assert sent["messages"][2]["tool_call_id"] == id_


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools[0]"),
        ({"messages": [document(type="url", url="https://e.org/a.pdf")]}, "messages[0].content[0]"),
    ],
)
def test_what_would_mean_something_else_is_refused_by_name(gateway, vendors, body, field):
    body = {"model": "gpt-4o", "max_tokens": 9, "messages": [USER]} | body
    refused(gateway, vendors["openai"], PATH, body, field)


def test_reasoning_that_nobody_signed_is_kept_from_claude(gateway, vendors):
    thought = {"type": "thinking", "thinking": "r", "signature": ""}
    body = {
        "model": "claude-opus-4-6",
        "max_tokens": 9,
        "messages": [USER, did(thought, text("x")), USER],
    }
    sent = translate(gateway, vendors["anthropic"], PATH, body, ["messages[1].content[0]"])
    assert sent["messages"][1]["content"] == [text("x")]
