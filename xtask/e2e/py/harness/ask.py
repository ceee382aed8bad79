"""A conversation in no vendor's words, so that one case can be asked in every dialect."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Text:
    text: str


@dataclasses.dataclass(frozen=True)
class Image:
    """By address, or as base64 with its type."""

    url: str | None = None
    media_type: str | None = None
    data: str | None = None


@dataclasses.dataclass(frozen=True)
class Document:
    """As base64 with its type and name."""

    media_type: str
    data: str
    name: str = "report.pdf"


@dataclasses.dataclass(frozen=True)
class ToolUse:
    id: str
    name: str
    arguments: tuple[tuple[str, Any], ...]


@dataclasses.dataclass(frozen=True)
class ToolResult:
    id: str
    text: str
    # Whether the tool failed; its text says how.
    error: bool = False


@dataclasses.dataclass(frozen=True)
class Thinking:
    text: str
    signature: str


@dataclasses.dataclass(frozen=True)
class Turn:
    """`user` or `assistant`; the results of tools are the user's."""

    role: str
    parts: tuple


@dataclasses.dataclass(frozen=True)
class Tool:
    name: str
    description: str = "What it does."
    # A tuple of names: every argument is a required string.
    arguments: tuple[str, ...] = ("city",)

    @property
    def schema(self) -> dict:
        return {
            "type": "object",
            "properties": {name: {"type": "string"} for name in self.arguments},
            "required": list(self.arguments),
        }


@dataclasses.dataclass(frozen=True)
class Ask:
    """One request."""

    turns: tuple[Turn, ...]
    system: str | None = None
    # Said with OpenAI's role of that name; Anthropic has only system.
    developer: bool = False
    tools: tuple[Tool, ...] = ()
    # `auto`, `required`, `none`, or the name of a tool.
    choice: str | None = None
    parallel: bool | None = None
    schema: dict | None = None
    # Tokens to think with.
    budget: int | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int = 4096
    # Any JSON object, without a schema.
    json: bool = False
    # `none`, `low`, `medium`, `high` ...
    effort: str | None = None
    # temperature, top_p, top_k, seed, presence, frequency, user, n: by these names.
    settings: tuple[tuple[str, Any], ...] = ()
    # Fields that no dialect has.
    unknown: tuple[tuple[str, Any], ...] = ()
    # What a client sends back as it got it, in its dialect's words, before the last turn.
    back: Any = None


@dataclasses.dataclass
class Seen:
    """What arrived at a vendor, in no vendor's words."""

    turns: tuple[Turn, ...]
    system: str | None
    tools: tuple[str, ...]
    choice: str | None
    parallel: bool
    schema: dict | None
    thinks: bool
    stop: tuple[str, ...]
    max_tokens: int | None
    json: bool = False
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Said:
    """What a client was told, in no vendor's words. Usage is inclusive, as OpenAI counts."""

    text: str
    finish: str
    model: str
    tools: list[tuple[str, str, dict]]
    reasoning: str
    signature: str | None
    refusal: str | None
    usage: dict[str, int]
    # The message as the client would send it back.
    back: Any = None


def user(*parts: Any) -> Turn:
    return Turn("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def assistant(*parts: Any) -> Turn:
    return Turn("assistant", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def merged(turns: list[Turn]) -> tuple[Turn, ...]:
    """Neighbours of one role as one turn: dialects differ in where they cut."""
    out: list[Turn] = []
    for turn in turns:
        if out and out[-1].role == turn.role:
            out[-1] = Turn(turn.role, out[-1].parts + turn.parts)
        elif turn.parts:
            out.append(turn)
    return tuple(out)
