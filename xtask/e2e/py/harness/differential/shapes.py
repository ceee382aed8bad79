"""Requests of OpenAI's dialect, as their clients write them, without the model."""

from __future__ import annotations

from typing import Any

from harness.pairs.cases import PDF, PNG, SCHEMA

USER = {"role": "user", "content": "hi"}
HELLO = {"role": "assistant", "content": "Hello."}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells it.", "parameters": PARAMETERS},
}
CLOCK = {
    "type": "function",
    "function": {
        "name": "clock",
        "description": "Tells the time.",
        "parameters": {"type": "object", "properties": {}},
    },
}
FORM = {"name": "answer", "schema": SCHEMA, "strict": True}


def _call(number: int, name: str, arguments: str) -> dict:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _result(number: int, text: Any) -> dict:
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": text}


def _asked(*messages: dict, **more: Any) -> dict:
    return {"messages": list(messages) or [USER], "max_tokens": 512} | more


def _parts(*parts: dict) -> dict:
    return {"role": "user", "content": list(parts)}


def _text(text: str, **more: Any) -> dict:
    return {"type": "text", "text": text} | more


def _image(url: str) -> dict:
    return {"type": "image_url", "image_url": {"url": url}}


CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [_call(1, "weather", '{"city": "Paris"}'), _call(2, "clock", "{}")],
}
RESULTS = (_result(1, "rain"), _result(2, "noon"))
PNG_URL = f"data:image/png;base64,{PNG}"
FILE = {"filename": "report.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
TOOLS = [WEATHER, CLOCK]

SHAPES: dict[str, dict] = {
    "text": _asked(),
    "no_bound": {"messages": [USER]},
    "newer_bound": {"messages": [USER], "max_completion_tokens": 77},
    "streamed": _asked(stream=True),
    "system": _asked({"role": "system", "content": "Be brief."}, USER),
    "two_systems": _asked(
        {"role": "system", "content": "Be brief."}, {"role": "system", "content": "Be kind."}, USER
    ),
    "system_in_parts": _asked({"role": "system", "content": [_text("a"), _text("b")]}, USER),
    "developer": _asked({"role": "developer", "content": "Be brief."}, USER),
    "turns": _asked(USER, HELLO, {"role": "user", "content": "And?"}),
    "two_users": _asked(USER, {"role": "user", "content": "Still here."}),
    "prefill": _asked(USER, {"role": "assistant", "content": "Sure:"}),
    "named_user": _asked(USER | {"name": "ada"}),
    "text_parts": _asked(_parts(_text("one"), _text("two"))),
    "image_base64": _asked(_parts(_text("What?"), _image(PNG_URL))),
    "document": _asked(_parts(_text("Read."), {"type": "file", "file": FILE})),
    "cached_text": _asked(_parts(_text("long", cache_control={"type": "ephemeral"}), _text("q"))),
    "cached_system": _asked(
        {"role": "system", "content": [_text("long", cache_control={"type": "ephemeral"})]}, USER
    ),
    "tools": _asked(tools=TOOLS),
    "tool_auto": _asked(tools=TOOLS, tool_choice="auto"),
    "tool_required": _asked(tools=TOOLS, tool_choice="required"),
    "tool_named": _asked(
        tools=TOOLS, tool_choice={"type": "function", "function": {"name": "clock"}}
    ),
    "tool_none": _asked(tools=TOOLS, tool_choice="none"),
    "one_call_at_a_time": _asked(tools=TOOLS, parallel_tool_calls=False),
    "strict_tool": _asked(
        tools=[{"type": "function", "function": WEATHER["function"] | {"strict": True}}]
    ),
    "bare_tool": _asked(tools=[{"type": "function", "function": {"name": "ping"}}]),
    "results": _asked(USER, CALLED, *RESULTS, tools=TOOLS),
    "results_and_text": _asked(USER, CALLED | {"content": "I look."}, *RESULTS, USER, tools=TOOLS),
    "result_in_parts": _asked(
        USER, CALLED, _result(1, [_text("ra"), _text("in")]), RESULTS[1], tools=TOOLS
    ),
    "result_of_json": _asked(USER, CALLED, _result(1, '{"sky": "grey"}'), RESULTS[1], tools=TOOLS),
    "schema": _asked(response_format={"type": "json_schema", "json_schema": FORM}),
    "schema_beside_tools": _asked(
        tools=TOOLS, response_format={"type": "json_schema", "json_schema": FORM}
    ),
    "json_object": _asked(response_format={"type": "json_object"}),
    "effort_low": _asked(reasoning_effort="low", max_tokens=9000),
    "effort_medium": _asked(reasoning_effort="medium", max_tokens=9000),
    "effort_high": _asked(reasoning_effort="high", max_tokens=9000),
    "thoughts": _asked(
        USER,
        CALLED
        | {
            "reasoning_content": "Hm.",
            "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}],
        },
        *RESULTS,
        tools=TOOLS,
        reasoning_effort="low",
        max_tokens=9000,
    ),
    "stop_text": _asked(stop="END"),
    "stop_texts": _asked(stop=["END", "FIN"]),
    "temperature": _asked(temperature=0.5),
    "hot": _asked(temperature=1.5),
    "top_p": _asked(top_p=0.25),
    "top_k": _asked(top_k=40),
    "seed": _asked(seed=7),
    "penalties": _asked(presence_penalty=0.5, frequency_penalty=-0.5),
    "user": _asked(user="user-123"),
    "logit_bias": _asked(logit_bias={"50256": -100}),
}
