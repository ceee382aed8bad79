"""What pairs cannot carry: each loss with what happens instead and why. A loss that is not listed
fails, and so does one that is listed and does not happen."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import Any

from harness.ask import assistant, user
from harness.pairs.vendors.base import Vendor


@dataclasses.dataclass
class Loss:
    """What is not carried, for pairs and cases by pattern (`a|b`, `*`)."""

    why: str
    cases: str = "*"
    faces: str = "*"
    vendors: str = "*"
    # Names in `x-tollgate-dropped`.
    dropped: tuple[str, ...] = ()
    # The field that a 400 names.
    refused: str | None = None
    # How many requests the vendor hears.
    heard: int = 1
    # Where what the vendor sees, or what the client is told, differs.
    seen: dict[str, Any] = dataclasses.field(default_factory=dict)
    said: dict[str, Any] = dataclasses.field(default_factory=dict)

    def holds(self, face: str, vendor: Vendor, case: str) -> bool:
        """Whether it speaks of a case of a pair; of a vendor by its name, or by the name of the one
        that it is like."""
        vendors = (vendor.name, vendor.like)
        pairs = ((self.faces, (face,)), (self.vendors, vendors), (self.cases, (case,)))
        return all(
            any(fnmatch.fnmatchcase(v, pattern) for v in values for pattern in patterns.split("|"))
            for patterns, values in pairs
        )


@dataclasses.dataclass
class Expected:
    """Everything that is listed for one case of one pair."""

    dropped: frozenset[str] = frozenset()
    refused: str | None = None
    heard: int = 1
    seen: dict[str, Any] = dataclasses.field(default_factory=dict)
    said: dict[str, Any] = dataclasses.field(default_factory=dict)


def text_of(*texts: str) -> Any:
    """Texts of a user, apart or with a line between them."""

    def same(found: Any) -> Any:
        parts = [part.text for part in found[0].parts]
        return found if parts in (list(texts), ["\n\n".join(texts)]) else texts

    return same


def unfailed(found: Any) -> Any:
    """Results of tools that say nothing of a failure but in their text."""
    results = found[-1].parts
    said = [result.text for result in results] == ["no such city", "noon"]
    return (
        found if said and not any(result.error for result in results) else "the text of a failure"
    )


def instructed(found: Any) -> Any:
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
