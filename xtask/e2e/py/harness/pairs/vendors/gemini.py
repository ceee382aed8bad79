"""Gemini's generateContent as a scripted vendor."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pydantic
from google.genai import types

from harness import gemini_words
from harness.ask import Seen, Text, Thinking, ToolUse, Turn
from harness.pairs.answers import MESSAGES, Answer, Reply, encoded, pieces
from harness.pairs.script import Heard
from harness.pairs.vendors.anthropic import refusing
from harness.pairs.vendors.base import Vendor, data, events

FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "filter": "SAFETY"}
# What the vendor takes for a signature of calls that are not its own.
EXCUSE = base64.b64encode(b"skip_thought_signature_validator").decode()
# The fields of a request, as the SDK's types know them.
KNOWN = {
    "contents": list[types.Content],
    "systemInstruction": types.Content,
    "tools": list[types.Tool],
    "toolConfig": types.ToolConfig,
    "generationConfig": types.GenerationConfig,
    "safetySettings": list[types.SafetySetting],
    "serviceTier": str,
}
ERRORS = {
    "bad_request": (400, "INVALID_ARGUMENT"),
    "context": (400, "INVALID_ARGUMENT"),
    "filter": (400, "INVALID_ARGUMENT"),
    "auth": (401, "UNAUTHENTICATED"),
    "forbidden": (403, "PERMISSION_DENIED"),
    "missing": (404, "NOT_FOUND"),
    "throttle": (429, "RESOURCE_EXHAUSTED"),
    "server": (500, "INTERNAL"),
    "unavailable": (503, "UNAVAILABLE"),
    "overloaded": (529, "UNAVAILABLE"),
}
WORDS = MESSAGES | {
    "context": "The input token count (9000) exceeds the maximum number of tokens allowed (8192).",
    "filter": "The prompt was blocked.",
    "missing": "models/gemini-x is not found for API version v1.",
}


@dataclasses.dataclass
class Gemini(Vendor):
    """Gemini at AI Studio."""

    ids = False

    def base(self, url: str) -> str:
        return f"{url}/v1"

    def can(self, answer: Answer) -> Answer:
        """It counts no writes to a cache, names no stop text, and ends for four reasons alone."""
        answer = refusing(answer)
        finish = {"context": "length", "pause": "stop"}.get(answer.finish, answer.finish)
        usage = dataclasses.replace(answer.usage, cache_write=0)
        return dataclasses.replace(answer, usage=usage, met=None, sealed=None, finish=finish)

    def shown(self, heard: Heard) -> str:
        """The credential that a request shows."""
        assert "/v1/models/" in heard.route
        return heard.headers["x-goog-api-key"]

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        assert self.shown(heard).startswith(self.key)
        body = {key: value for key, value in heard.json.items() if key not in unknown}
        for key, value in body.items():
            pydantic.TypeAdapter(KNOWN[key]).validate_python(value)
        model = heard.route.rpartition("/models/")[2]
        assert model.split(":")[0] in self.models.values()
        seen = gemini_words.seen(body)
        turns = tuple(Turn(turn.role, _excused(turn.parts)) for turn in seen.turns)
        return dataclasses.replace(seen, turns=turns)

    def before(self, answer: Answer, calls: list[ToolUse]) -> list[Any]:
        """The signature stands on the first call, and thoughts stay with the client."""
        signed = [Thinking("", answer.signature)] if answer.signature else []
        return ([Text(answer.text)] if answer.text else []) + signed + calls

    def says(self, heard: Heard, answer: Answer) -> Reply:
        if answer.failure:
            status, _ = ERRORS[answer.failure]
            return Reply(status, encoded(error(answer.failure)))
        model = heard.route.split("/models/")[1].split(":")[0]
        streamed = heard.route.endswith(":streamGenerateContent")
        if answer.blocked:
            blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
            body = blocked | {"usageMetadata": _usage(answer), "modelVersion": model}
            return events([data(body)], answer) if streamed else Reply(200, encoded(body))
        if streamed:
            return events([data(chunk) for chunk in chunks(model, answer)], answer)
        if answer.breaks == "error":
            return Reply(200, encoded(error("server")))
        body = chunk(model, _parts(answer, whole=True), answer, FINISH[answer.end])
        return Reply(200, encoded(body), cut=answer.breaks == "cut")


def _excused(parts: tuple) -> tuple:
    """Parts without what says nothing to the vendor: the word that stands for a signature where there
    is none to give, and thoughts that nobody signed."""
    nothing = (EXCUSE, None)
    return tuple(
        part for part in parts if not (isinstance(part, Thinking) and part.signature in nothing)
    )


def error(kind: str) -> dict:
    """An error in Google's envelope."""
    status, word = ERRORS[kind]
    return {"error": {"code": status, "message": WORDS[kind], "status": word}}


def _usage(answer: Answer) -> dict:
    usage = answer.usage
    counts = {
        "promptTokenCount": usage.input,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }
    # A zero is left out.
    return {name: count for name, count in counts.items() if count}


def _parts(answer: Answer, whole: bool) -> list[dict]:
    cut = (lambda text: [text] if text else []) if whole else pieces
    parts = [{"text": piece, "thought": True} for piece in cut(answer.reasoning)]
    said: list[dict] = [{"text": piece} for piece in cut(answer.text)]
    for call in answer.tools:
        said.append({"functionCall": {"name": call.name, "args": dict(call.arguments)}})
    if answer.signature:
        said = said or [{"text": ""}]
        # On the first call, or on the last text where there is none.
        at = next((i for i, part in enumerate(said) if "functionCall" in part), len(said) - 1)
        said[at]["thoughtSignature"] = answer.signature
    return parts + said


def chunk(model: str, parts: list[dict], answer: Answer, finish: str | None) -> dict[str, Any]:
    """A whole answer, or a chunk of one."""
    candidate: dict = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    head = {"modelVersion": model, "responseId": "r1"}
    return {"candidates": [candidate], "usageMetadata": _usage(answer)} | head


def chunks(model: str, answer: Answer) -> list[dict]:
    """A streamed answer."""
    found = [chunk(model, [part], answer, None) for part in _parts(answer, whole=False)]
    if answer.breaks:
        return found + ([error("server")] if answer.breaks == "error" else [])
    return [*found, chunk(model, [{"text": ""}], answer, FINISH[answer.end])]
