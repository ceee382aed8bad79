"""What pairs cannot carry: each loss with what happens instead and why. A loss that is not listed
fails, and so does one that is listed and does not happen."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import Any

from harness.ask import assistant, user


@dataclasses.dataclass
class Loss:
    """What is not carried, for pairs and cases by pattern (`a|b`, `*`)."""

    why: str
    cases: str = "*"
    faces: str = "*"
    vendors: str = "*"
    # `first`, or `later`: a turn that goes on with what was said, here or at another vendor.
    turn: str = "*"
    # Names in `x-tollgate-dropped`.
    dropped: tuple[str, ...] = ()
    # The field that a 400 names.
    refused: str | None = None
    # How many requests the vendor hears.
    heard: int = 1
    # Where what the vendor sees, or what the client is told, differs.
    seen: dict[str, Any] = dataclasses.field(default_factory=dict)
    said: dict[str, Any] = dataclasses.field(default_factory=dict)

    def holds(self, face: str, vendor: str, case: str, turn: str) -> bool:
        """Whether it speaks of a turn of a case of a pair."""
        pairs = ((self.faces, face), (self.vendors, vendor), (self.cases, case), (self.turn, turn))
        return all(
            any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns.split("|"))
            for patterns, value in pairs
        )


@dataclasses.dataclass
class Expected:
    """Everything that is listed for one case of one pair."""

    dropped: frozenset[str] = frozenset()
    refused: str | None = None
    heard: int = 1
    seen: dict[str, Any] = dataclasses.field(default_factory=dict)
    said: dict[str, Any] = dataclasses.field(default_factory=dict)


def _text(*texts: str) -> Any:
    """Texts of a user, apart or with a line between them."""

    def same(found: Any) -> Any:
        parts = [part.text for part in found[0].parts]
        return found if parts in (list(texts), ["\n\n".join(texts)]) else texts

    return same


def _unfailed(found: Any) -> Any:
    """Results of tools that say nothing of a failure but in their text."""
    results = found[-1].parts
    said = [result.text for result in results] == ["no such city", "noon"]
    return (
        found if said and not any(result.error for result in results) else "the text of a failure"
    )


def _instructed(found: Any) -> Any:
    """A system prompt that asks for JSON of the schema."""
    asks = isinstance(found, str) and "JSON" in found and '"city"' in found
    return found if asks else "a prompt that asks for JSON of the schema"


UNTHOUGHT = (user("a"), assistant("b"), user("c"))
COMPLETIONS = "openai.completions"
# Servers of OpenAI's dialect whose clients of completions are translated to chat.
CHAT_ALONE = "compatible|switching|deepseek|azure*"
OPENAI = f"openai|{CHAT_ALONE}"
# Vendors whose clients of completions are translated to chat.
TRANSLATED = f"{CHAT_ALONE}|anthropic|gemini|bedrock-*"
# Vendors whose clients of Responses are translated.
NO_RESPONSES = "compatible|switching|deepseek|anthropic|gemini|bedrock-*"
CLAUDE = "anthropic|bedrock-claude"
BEDROCK = "bedrock-*"
# Clients who say an effort, to be translated for vendors that have no such word.
EFFORT = "openai.chat|openai.responses|gemini"
THINKS = "effort_*|budget|reasoning_shown|reasoning_hidden|reasoning_goes_on*"
# All of them but the one that asks for no thinking.
ASKS = "effort_[lho]*|reasoning_shown|reasoning_hidden|reasoning_goes_on*"
MEDIUM = "effort_of*|reasoning_shown|reasoning_hidden|reasoning_goes_on*"

LOSSES: list[Loss] = [
    # Legacy completions: a prompt and nothing else.
    Loss(
        "A prompt is text; OpenAI itself is the judge of one that is none.",
        "image*|document|tool_results*|tool_error|reasoning_of_another_vendor",
        COMPLETIONS,
        "openai",
        said={"failed": (400, "invalid_request_error", "")},
    ),
    Loss(
        "A prompt is text.",
        "image*|document|tool_results*|tool_error|reasoning_of_another_vendor",
        COMPLETIONS,
        TRANSLATED,
        refused="prompt",
    ),
    Loss(
        "Completions have no tools.",
        "tool|tool_a*|tool_c*|tool_w*|tools*|choice_*|one_call*|goes_on*|schema_beside*"
        "|reasoning_goes_on*",
        COMPLETIONS,
        TRANSLATED,
        dropped=("tools",),
    ),
    Loss("Nor a choice of them.", "choice_*", COMPLETIONS, TRANSLATED, dropped=("tool_choice",)),
    Loss(
        "Nor a bound of their number; without tools it asks nothing of the others.",
        "one_call*",
        COMPLETIONS,
        CHAT_ALONE,
        dropped=("parallel_tool_calls",),
    ),
    Loss("Nor a form.", "schema*|json_mode", COMPLETIONS, TRANSLATED, dropped=("response_format",)),
    Loss("Nor an effort.", THINKS, COMPLETIONS, TRANSLATED, dropped=("reasoning_effort",)),
    Loss(
        "Nor a place for reasoning.",
        "reasoning_*",
        COMPLETIONS,
        said={"reasoning": None, "signature": None},
    ),
    Loss(
        "A refusal is text.",
        "refusal",
        COMPLETIONS,
        OPENAI,
        said={"text": "I cannot help with that.", "refusal": None},
    ),
    Loss(
        "Several answers to one request are OpenAI's alone.",
        "two_answers",
        COMPLETIONS,
        CHAT_ALONE,
        dropped=("n",),
        seen={"settings": {}},
    ),
    Loss(
        "A model that completions do not find may be one of chat, which is asked then.",
        "fails_missing",
        COMPLETIONS,
        "openai",
        heard=2,
    ),
    # Content.
    Loss(
        "A text of several parts may be one with paragraphs.",
        "parts",
        "anthropic.messages|gemini|openai.responses",
        OPENAI,
        seen={"turns": _text("one", "two")},
    ),
    Loss(
        "Bedrock fetches nothing.",
        "image_url",
        EFFORT,
        BEDROCK,
        refused="messages[0].content[1]",
    ),
    Loss(
        "Bedrock fetches nothing, Claude's own words or not.",
        "image_url",
        "anthropic.messages",
        BEDROCK,
        refused="messages[0].content[1]",
    ),
    Loss(
        "Gemini has no names of documents.",
        "document",
        "openai.chat|openai.responses|anthropic.messages",
        "gemini",
        dropped=("messages[0].content[1].file.filename",),
    ),
    # Tools.
    Loss(
        "OpenAI has no word for a tool that failed; its text says so.",
        "tool_error",
        "anthropic.messages|gemini",
        OPENAI,
        dropped=("messages[2].content[0].is_error",),
        seen={"turns": _unfailed},
    ),
    Loss(
        "Converse cannot forbid tools; where the conversation has none they are not offered.",
        "choice_none",
        EFFORT,
        BEDROCK,
        seen={"tools": (), "choice": "auto"},
    ),
    Loss(
        "Converse cannot forbid tools; where the conversation has none they are not offered.",
        "choice_none",
        "anthropic.messages",
        "bedrock-nova",
        seen={"tools": (), "choice": "auto"},
    ),
    Loss(
        "Gemini and Nova cannot be kept from several calls.",
        "one_call*",
        "openai.chat|openai.responses|anthropic.messages",
        "gemini|bedrock-nova",
        dropped=("parallel_tool_calls",),
        seen={"parallel": True},
    ),
    # Reasoning.
    Loss(
        "Older models of Claude have budgets of tokens.",
        "effort_low",
        EFFORT,
        CLAUDE,
        seen={"settings": {"effort": 1024}},
    ),
    Loss(
        "A budget stays below the bound of all tokens.",
        "effort_high",
        EFFORT,
        CLAUDE,
        dropped=("reasoning_effort",),
        seen={"settings": {"effort": 4095}},
    ),
    Loss(
        "Older models of Claude have budgets of tokens.",
        "reasoning_shown|reasoning_hidden|reasoning_goes_on*",
        EFFORT,
        CLAUDE,
        seen={"settings": {"effort": 2048}},
    ),
    Loss(
        "OpenAI's clients have no budgets of tokens.",
        "budget",
        "openai.chat|openai.responses",
        CLAUDE,
        seen={"settings": {"effort": 2048}},
    ),
    Loss(
        "A model that is not asked to think does not.",
        "effort_none",
        EFFORT,
        "anthropic|bedrock-*",
        seen={"settings": {}},
    ),
    Loss(
        "A model that is not asked to think does not.",
        "effort_none",
        "anthropic.messages",
        "bedrock-nova",
        seen={"settings": {}},
    ),
    Loss(
        "Gemini 3 cannot be kept from thinking.",
        "effort_none",
        "openai.chat|openai.responses",
        "gemini",
        dropped=("reasoning_effort",),
        seen={"settings": {"effort": "minimal"}},
    ),
    Loss(
        "Gemini 3 cannot be kept from thinking.",
        "effort_none",
        "anthropic.messages",
        "gemini",
        dropped=("thinking",),
        seen={"settings": {"effort": "minimal"}},
    ),
    Loss(
        "Not every server of OpenAI's dialect takes an effort.",
        f"{ASKS}|budget",
        "anthropic.messages",
        "compatible",
        dropped=("thinking",),
    ),
    Loss(
        "Not every server of OpenAI's dialect takes an effort.",
        ASKS,
        "gemini|openai.responses",
        "compatible",
        dropped=("output_config.effort",),
    ),
    Loss(
        "Not every server of OpenAI's dialect takes an effort.",
        "budget",
        "gemini",
        "compatible",
        dropped=("thinking",),
    ),
    Loss(
        "Not every server of OpenAI's dialect takes an effort.",
        "budget",
        "openai.responses",
        "compatible",
        dropped=("output_config.effort",),
    ),
    Loss(
        "Not every server of OpenAI's dialect takes an effort.",
        THINKS,
        "anthropic.messages|gemini|openai.responses",
        "compatible",
        seen={"settings": {}},
    ),
    Loss(
        "OpenAI's chat shows no reasoning.",
        f"{ASKS}|budget",
        "gemini",
        "openai|azure*",
        dropped=("thinking.display",),
    ),
    Loss(
        "OpenAI has efforts instead of budgets.",
        "budget",
        "anthropic.messages|gemini",
        "openai|azure*|deepseek",
        dropped=("thinking.budget_tokens",),
        seen={"settings": {"effort": "low"}},
    ),
    Loss(
        "Gemini 3 and Nova have efforts instead of budgets.",
        "budget",
        "anthropic.messages",
        "gemini",
        dropped=("thinking.budget_tokens",),
        seen={"settings": {"effort": "medium"}},
    ),
    Loss(
        "Gemini 3 and Nova have efforts instead of budgets.",
        "budget",
        "anthropic.messages|gemini",
        "bedrock-nova",
        dropped=("thinking.budget_tokens",),
        seen={"settings": {"effort": "medium"}},
    ),
    Loss(
        "What one vendor signed is no business of another.",
        "reasoning_of_another_vendor",
        "openai.responses",
        f"azure-classic|{NO_RESPONSES}",
        seen={"turns": UNTHOUGHT},
    ),
    Loss(
        "What one vendor signed is no business of another.",
        "reasoning_of_another_vendor",
        "openai.chat",
        "openai|azure*|compatible|switching|deepseek|gemini|bedrock-nova",
        seen={"turns": UNTHOUGHT},
    ),
    Loss(
        "What one vendor signed is no business of another.",
        "reasoning_of_another_vendor",
        "anthropic.messages",
        "openai|azure*|compatible|switching|deepseek|gemini|bedrock-nova",
        seen={"turns": UNTHOUGHT},
    ),
    Loss(
        "What one vendor signed is no business of another.",
        "reasoning_of_another_vendor",
        "gemini",
        "openai|azure*|compatible|switching|deepseek|anthropic|bedrock-*",
        seen={"turns": UNTHOUGHT},
    ),
    Loss(
        "Qwen and SiliconFlow have a switch and a budget.",
        "effort_low",
        EFFORT + "|anthropic.messages",
        "switching",
        seen={"settings": {"effort": 2048}},
    ),
    Loss(
        "Qwen and SiliconFlow have a switch and a budget.",
        "effort_high",
        EFFORT + "|anthropic.messages",
        "switching",
        seen={"settings": {"effort": "on"}},
    ),
    Loss(
        "Qwen and SiliconFlow have a switch and a budget.",
        MEDIUM,
        EFFORT + "|anthropic.messages",
        "switching",
        seen={"settings": {"effort": 8192}},
    ),
    Loss(
        "Qwen and SiliconFlow have a switch and a budget.",
        "budget",
        "openai.chat|openai.responses",
        "switching",
        seen={"settings": {"effort": 8192}},
    ),
    Loss(
        "An effort is a budget of about that size.",
        ASKS,
        "gemini|openai.responses|anthropic.messages",
        "switching",
        dropped=("output_config.effort",),
    ),
    Loss(
        "An effort is a budget of about that size.",
        "budget",
        "openai.responses",
        "switching",
        dropped=("output_config.effort",),
    ),
    Loss(
        "DeepSeek takes one text, and no pictures or documents beside it.",
        "image*|document",
        "anthropic.messages|gemini|openai.responses",
        "deepseek",
        refused="messages[0].content[",
    ),
    Loss(
        "DeepSeek takes one text, which its own client's texts become.",
        "parts",
        "openai.chat",
        "deepseek",
        seen={"turns": _text("one", "two")},
    ),
    Loss(
        "DeepSeek has JSON without a schema, which is asked for in words.",
        "schema*",
        "anthropic.messages|gemini|openai.responses",
        "deepseek",
        dropped=("response_format",),
        seen={"system": _instructed, "schema": None, "json": True},
    ),
    Loss(
        "DeepSeek has no seeds.",
        "seed",
        "openai.completions|gemini",
        "deepseek",
        dropped=("seed",),
        seen={"settings": {}},
    ),
    # Numbers.
    Loss(
        "OpenAI has no top_k.",
        "top_k",
        "anthropic.messages|gemini",
        OPENAI,
        dropped=("top_k",),
        seen={"settings": {}},
    ),
    Loss(
        "OpenAI has no top_k.",
        "top_k",
        COMPLETIONS,
        CHAT_ALONE,
        dropped=("top_k",),
        seen={"settings": {}},
    ),
    Loss(
        "Claude and Converse have no seeds.",
        "seed",
        "openai.c*|gemini",
        "anthropic|bedrock-*",
        dropped=("seed",),
        seen={"settings": {}},
    ),
    Loss(
        "Claude and Converse have no penalties.",
        "penalties",
        "openai.c*|gemini",
        "anthropic|bedrock-*",
        dropped=("presence_penalty", "frequency_penalty"),
        seen={"settings": {}},
    ),
    Loss(
        "Gemini and Converse know no users.",
        "user",
        "openai.*",
        "gemini|bedrock-*",
        dropped=("user",),
        seen={"settings": {}},
    ),
    Loss(
        "Gemini and Converse know no users.",
        "user",
        "anthropic.messages",
        "gemini|bedrock-nova",
        dropped=("user",),
        seen={"settings": {}},
    ),
    Loss(
        "One request gets one answer of these vendors.",
        "two_answers",
        "openai.c*",
        "anthropic|gemini|bedrock-*",
        refused="n",
    ),
    Loss(
        "One request gets one answer of these vendors.",
        "two_answers",
        "gemini",
        "anthropic|bedrock-*",
        refused="n",
    ),
    Loss(
        "Several answers to one request are for clients of the vendor's own dialect alone.",
        "two_answers",
        "gemini",
        OPENAI,
        dropped=("n",),
        seen={"settings": {}},
    ),
    Loss(
        "A field that nobody knows goes to its own dialect alone.",
        "unknown_field",
        COMPLETIONS,
        TRANSLATED,
        dropped=("zzz",),
    ),
    Loss(
        "A field that nobody knows goes to its own dialect alone.",
        "unknown_field",
        "openai.responses",
        f"azure-classic|{NO_RESPONSES}",
        dropped=("zzz",),
    ),
    Loss(
        "A field that nobody knows goes to its own dialect alone.",
        "unknown_field",
        "openai.chat",
        "anthropic|gemini|bedrock-*",
        dropped=("zzz",),
    ),
    Loss(
        "A field that nobody knows goes to its own dialect alone.",
        "unknown_field",
        "anthropic.messages",
        "openai|azure*|compatible|switching|deepseek|gemini|bedrock-nova",
        dropped=("zzz",),
    ),
    Loss(
        "A field that nobody knows goes to its own dialect alone.",
        "unknown_field",
        "gemini",
        "openai|azure*|compatible|switching|deepseek|anthropic|bedrock-*",
        dropped=("zzz",),
    ),
    # What is told.
    Loss(
        "Gemini's clients are told of no writes to a cache.",
        "usage",
        "gemini",
        "openai|azure*|compatible|switching|deepseek|anthropic|bedrock-*",
        said={"counts": {"cache_write": 0}},
    ),
    Loss(
        "Anthropic's clients look at the reason of the end for a refusal.",
        "refusal",
        "anthropic.messages",
        OPENAI,
        said={"text": "I cannot help with that.", "refusal": None, "finish": "filter"},
    ),
    Loss(
        "Gemini's clients are told a refusal as text.",
        "refusal",
        "gemini",
        OPENAI,
        said={"text": "I cannot help with that.", "refusal": None},
    ),
    Loss(
        "Gemini says with status 200 that it refused a prompt.",
        "prompt_filtered",
        "gemini",
        "gemini",
        said={"failed": (200, "blocked", "PROHIBITED_CONTENT")},
    ),
    Loss(
        "OpenAI and Gemini have one word for both bounds.",
        "context_reached",
        "openai.*|gemini",
        "anthropic|bedrock-*",
        said={"finish": "length"},
    ),
]


def expected(face: str, vendor: str, case: str, turn: str) -> Expected:
    """What is listed for a turn of a case of a pair; later entries go before earlier ones."""
    want = Expected()
    for loss in LOSSES:
        if loss.holds(face, vendor, case, turn):
            want.dropped |= set(loss.dropped)
            want.refused = loss.refused or want.refused
            want.heard = max(want.heard, loss.heard)
            want.seen |= loss.seen
            want.said |= loss.said
    return want
