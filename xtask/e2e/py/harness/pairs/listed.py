"""The list of what pairs cannot carry, and what it means for a case."""

from __future__ import annotations

from harness.pairs.listed_reasoning import REASONING
from harness.pairs.losses import (
    BEDROCK,
    CHAT_ALONE,
    COMPLETIONS,
    EFFORT,
    NO_RESPONSES,
    OPENAI,
    THINKS,
    TRANSLATED,
    Expected,
    Loss,
    text_of,
    unfailed,
)
from harness.pairs.vendors.base import Vendor

LOSSES: list[Loss] = [
    *REASONING,
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
        seen={"turns": text_of("one", "two")},
    ),
    Loss(
        "Bedrock fetches nothing.",
        "image_url",
        EFFORT,
        BEDROCK,
        refused="messages[0].content[1]",
    ),
    Loss(
        "Bedrock fetches nothing, also where Claude is invoked with what its client said.",
        "image_url",
        "anthropic.messages",
        BEDROCK,
        refused="messages[0].content[1]",
    ),
    Loss(
        "Nor does Vertex AI for Claude.",
        "image_url",
        f"{EFFORT}|anthropic.messages",
        "vertex-claude",
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
        seen={"turns": unfailed},
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


def expected(face: str, vendor: Vendor, case: str) -> Expected:
    """What is listed for a case of a pair; later entries go before earlier ones."""
    want = Expected()
    for loss in LOSSES:
        if loss.holds(face, vendor, case):
            want.dropped |= set(loss.dropped)
            want.refused = loss.refused or want.refused
            want.heard = max(want.heard, loss.heard)
            want.seen |= loss.seen
            want.said |= loss.said
    return want
