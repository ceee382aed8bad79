"""What a scripted vendor answers, in no vendor's words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from harness.ask import ToolUse


@dataclasses.dataclass(frozen=True)
class Usage:
    """Tokens, inclusive: cached ones are input, those of reasoning are output."""

    input: int = 12
    output: int = 5
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer, or a failure in its place."""

    text: str = "Hello."
    reasoning: str = ""
    signature: str | None = None
    # Reasoning that nobody but its vendor can read.
    sealed: str | None = None
    tools: tuple[ToolUse, ...] = ()
    # The model declines in these words.
    refusal: str | None = None
    # `stop`, `length`, `tools`, `filter`, `context` or `pause`; what is natural where unsaid.
    finish: str | None = None
    # The stop text that was met.
    met: str | None = None
    usage: Usage = Usage()
    # The text is JSON that a forced tool carries where the vendor has no structured output.
    by_tool: bool = False
    # The prompt is refused by the vendor's filter.
    blocked: bool = False
    # The kind of a failure, one of `FAILURES`.
    failure: str | None = None
    # What ends the answer after its first content: `error` or `cut`.
    breaks: str | None = None
    # Bytes per write; none means one frame per write.
    cut: int = 0
    # Whether the stream is kept alive between its frames.
    pings: bool = False

    @property
    def end(self) -> str:
        """The finish, said or natural."""
        return self.finish or ("tools" if self.tools else "stop")

    @property
    def pieces(self) -> list[str]:
        """The text as a stream has it."""
        return pieces(self.text)


def pieces(text: str) -> list[str]:
    """A text in pieces of three characters."""
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def arguments(call: ToolUse) -> str:
    """The arguments of a call as text."""
    return json.dumps(dict(call.arguments))


# kind: (status that a client is told, whether its SDK may know more than the status)
FAILURES: dict[str, int] = {
    "bad_request": 400,
    "context": 400,
    "filter": 400,
    "auth": 401,
    "forbidden": 403,
    "missing": 404,
    "throttle": 429,
    "server": 500,
    "unavailable": 503,
    "overloaded": 529,
}

# What the vendor's message says; it must not tell two kinds apart by accident.
MESSAGES: dict[str, str] = {
    "bad_request": "messages: something is wrong with it.",
    "auth": "The key is not a key.",
    "forbidden": "The key may not do this.",
    "throttle": "Too many requests, slow down.",
    "server": "It broke.",
    "unavailable": "It is away.",
    "overloaded": "It is overloaded.",
}


@dataclasses.dataclass
class Reply:
    """An answer on the wire; a list of bodies is sent piece by piece."""

    status: int
    body: bytes | list[bytes]
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    # Whether the connection ends before the body does.
    cut: bool = False


def encoded(body: Any) -> bytes:
    """JSON as vendors write it: other alphabets in the clear."""
    return json.dumps(body, ensure_ascii=False).encode()


def recut(frames: list[bytes], size: int) -> list[bytes]:
    """The same bytes in writes of `size`, wherever characters and frames end."""
    if not size:
        return frames
    whole = b"".join(frames)
    return [whole[at : at + size] for at in range(0, len(whole), size)]
