"""The cases of the table: what is asked and what is answered, in no vendor's words."""

from __future__ import annotations

import dataclasses

from harness.ask import (
    Ask,
    Document,
    Image,
    Text,
    Thinking,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
    assistant,
    user,
)
from harness.pairs.answers import FAILURES, Answer, Usage

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = "JVBERi0xLjQK"
WEATHER = Tool("weather", "Tells the weather.")
CLOCK = Tool("clock", "Tells the time.", ("zone",))
NOW = Tool("now", "Tells the time.", ())
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PARIS = ToolUse("call_1", "weather", (("city", "Paris"),))
ROME = ToolUse("call_2", "weather", (("city", 'Roma è "bella"\n'),))
CET = ToolUse("call_3", "clock", (("zone", "CET"),))
HI = Ask((user("hi"),))
TOOLS = dataclasses.replace(HI, tools=(WEATHER, CLOCK))
FAMILY = "Ça va? 👩‍👩‍👧 Paris 🗼 — 東京 ١٢٣"
SIGNATURE = "U0lHTkFUVVJFX09GX1RIT1VHSFRT"


@dataclasses.dataclass(frozen=True)
class Case:
    """One exchange, or several."""

    ask: Ask = HI
    answer: Answer = Answer()
    # The purpose of the model, where the conversation does not tell.
    purpose: str | None = None
    # `back`: the call is answered at the same vendor. `away`: at another one, and once more at the
    # first.
    then: str | None = None


def _ask(*parts: object, **more: object) -> Ask:
    return Ask((user(*parts),), **more)


def _results(*results: ToolResult) -> Ask:
    """A conversation in which tools were called and have answered."""
    called = assistant(Text("I will look."), PARIS, CET)
    return Ask((user("Weather, and time?"), called, user(*results)), tools=(WEATHER, CLOCK))


RESULTS = (ToolResult("call_1", "rain"), ToolResult("call_3", "noon"))
TURNS = (user("My name is Ada."), assistant("Hello Ada."), user("My name?"))
THOUGHT = Thinking("Six times seven.", SIGNATURE)
THOUGHT_OF_OTHERS = (user("a"), Turn("assistant", (THOUGHT, Text("b"))), user("c"))


def _with(**more: object) -> Ask:
    return dataclasses.replace(HI, **more)


CASES: dict[str, Case] = {
    # What is said.
    "text": Case(_ask("What is the capital of France?"), Answer("Paris, naturally.")),
    "unicode": Case(_ask(FAMILY), Answer(FAMILY)),
    "unicode_cut_anywhere": Case(HI, Answer(FAMILY, cut=3)),
    "long_text": Case(_ask("x" * 20_000), Answer("word " * 400, cut=1000)),
    "json_in_text": Case(_ask('{"a": "\\u0000\\n"}'), Answer('data: {"a": [1]}\n\nevent: x\r\n')),
    "empty_answer": Case(HI, Answer("")),
    "pings": Case(HI, Answer("still here", pings=True)),
    "system": Case(_with(system="Answer like a pirate.")),
    "developer": Case(_with(system="Be brief.", developer=True)),
    "turns": Case(Ask(TURNS)),
    "turns_with_system": Case(Ask(TURNS, system="Be kind.")),
    "parts": Case(_ask("one", "two")),
    # Pictures and documents.
    "image_base64": Case(_ask("What is it?", Image(media_type="image/png", data=PNG))),
    "image_url": Case(_ask("What is it?", Image(url="https://example.com/cat.png"))),
    "images": Case(
        _ask(
            Image(media_type="image/png", data=PNG),
            "and",
            Image(media_type="image/jpeg", data=PNG),
            "differ how?",
        )
    ),
    "document": Case(_ask("Read it.", Document("application/pdf", PDF))),
    # Tools.
    "tool": Case(TOOLS, Answer("", tools=(PARIS,))),
    "tool_after_text": Case(TOOLS, Answer("I will look.", tools=(PARIS,))),
    "tools_in_parallel": Case(TOOLS, Answer("I will look.", tools=(PARIS, ROME, CET))),
    "tool_cut_anywhere": Case(TOOLS, Answer("", tools=(ROME, CET), cut=7)),
    "tool_without_arguments": Case(
        _with(tools=(NOW,)), Answer("", tools=(ToolUse("call_1", "now", ()),))
    ),
    "tools_unused": Case(TOOLS, Answer("I know that by heart.")),
    "tool_results": Case(_results(*RESULTS)),
    "tool_results_and_text": Case(
        Ask(
            (*_results().turns[:2], user(*RESULTS, Text("And tomorrow?"))),
            tools=(WEATHER, CLOCK),
        )
    ),
    "tool_error": Case(_results(ToolResult("call_1", "no such city", error=True), RESULTS[1])),
    "choice_auto": Case(dataclasses.replace(TOOLS, choice="auto")),
    "choice_required": Case(
        dataclasses.replace(TOOLS, choice="required"), Answer("", tools=(PARIS,))
    ),
    "choice_named": Case(dataclasses.replace(TOOLS, choice="clock"), Answer("", tools=(CET,))),
    "choice_none": Case(dataclasses.replace(TOOLS, choice="none")),
    "one_call_at_a_time": Case(dataclasses.replace(TOOLS, parallel=False)),
    "goes_on_with_tools": Case(TOOLS, Answer("Wait.", tools=(PARIS, CET)), then="back"),
    "goes_on_elsewhere": Case(TOOLS, Answer("Wait.", tools=(PARIS, CET)), then="away"),
    # The form of the answer.
    "schema": Case(_with(schema=SCHEMA), Answer('{"city": "Paris"}', by_tool=True)),
    "schema_of_old_models": Case(
        _with(schema=SCHEMA), Answer('{"city": "Paris"}', by_tool=True), purpose="old"
    ),
    "schema_beside_tools": Case(
        dataclasses.replace(TOOLS, schema=SCHEMA), Answer('{"city": "Rome"}', by_tool=True)
    ),
    "json_mode": Case(_with(json=True), Answer('{"any": ["thing"]}', by_tool=True)),
    # Reasoning.
    "effort_low": Case(_with(effort="low")),
    "effort_high": Case(_with(effort="high")),
    "effort_none": Case(_with(effort="none")),
    "effort_of_adaptive_models": Case(_with(effort="medium"), purpose="adaptive"),
    "budget": Case(_with(budget=2048, max_tokens=8000)),
    "reasoning_shown": Case(
        _with(effort="medium"),
        Answer("42.", reasoning="Six times seven is…", signature=SIGNATURE),
    ),
    "reasoning_hidden": Case(_with(effort="medium"), Answer("42.", sealed="c2VhbGVk")),
    "reasoning_goes_on": Case(
        dataclasses.replace(TOOLS, effort="medium"),
        Answer("Wait.", reasoning="Hm.", signature=SIGNATURE, tools=(PARIS, CET)),
        then="back",
    ),
    "reasoning_goes_on_elsewhere": Case(
        dataclasses.replace(TOOLS, effort="medium"),
        Answer("", reasoning="Hm.", signature=SIGNATURE, tools=(PARIS,)),
        then="away",
    ),
    "reasoning_of_another_vendor": Case(Ask(THOUGHT_OF_OTHERS)),
    # Numbers.
    "stop": Case(_with(stop=("five", "six")), Answer("one two ", met="five")),
    "max_tokens": Case(_with(max_tokens=7), Answer("It began", finish="length")),
    "temperature": Case(_with(settings=(("temperature", 0.5),))),
    "top_p": Case(_with(settings=(("top_p", 0.25),))),
    "top_k": Case(_with(settings=(("top_k", 40),))),
    "seed": Case(_with(settings=(("seed", 7),))),
    "penalties": Case(_with(settings=(("presence", 0.5), ("frequency", -0.5)))),
    "user": Case(_with(settings=(("user", "user-123"),))),
    "two_answers": Case(_with(settings=(("n", 2),))),
    "unknown_field": Case(_with(unknown=(("zzz", {"a": 1.5}),))),
    "usage": Case(
        HI,
        Answer(usage=Usage(input=1000, output=300, cached=600, cache_write=100, reasoning=120)),
    ),
    # Ends.
    "refusal": Case(HI, Answer("", refusal="I cannot help with that.")),
    "answer_filtered": Case(HI, Answer("It is", finish="filter")),
    "prompt_filtered": Case(HI, Answer(blocked=True)),
    "context_reached": Case(HI, Answer("It went on", finish="context")),
    "stream_fails": Case(HI, Answer("It went well until", breaks="error")),
    "stream_cut": Case(HI, Answer("It went well until", breaks="cut")),
} | {f"fails_{kind}": Case(HI, Answer(failure=kind)) for kind in FAILURES}
