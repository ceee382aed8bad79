"""The client dialects of the table. A new one is one more entry: how it asks, what it is told."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterable
from typing import Any

import anthropic
import openai

from harness import (
    anthropic_words,
    completions_words,
    gemini_words,
    openai_words,
    responses_words,
)
from harness.ask import Ask, Document, Said, ToolResult, user
from harness.pairs.answers import Answer
from harness.processes import CLIENT_KEY, Gateway


@dataclasses.dataclass
class Failed:
    """A failure as a client is told of it."""

    # The HTTP status; that of the stream where the failure came in the middle of one.
    status: int
    # The dialect's word for the kind.
    kind: str | None
    message: str
    # The dialect's finer word, where it has one.
    code: str | None = None


@dataclasses.dataclass
class Told:
    """What a client was told, and the losses that it was told of."""

    said: Said | None
    failed: Failed | None
    dropped: frozenset[str]


class Face(abc.ABC):
    """A client dialect, driven by its official SDK where that can check what it reads."""

    name: str
    # Settings that the dialect has a word for.
    settings: frozenset[str]
    # What statuses are called.
    kinds: dict[int, str]
    # Words for failures that programs look for, by kind.
    codes: dict[str, str] = {}

    def __init__(self) -> None:
        self._gateway: Gateway | None = None
        self._headers: dict[str, str] = {}

    def attach(self, gateway: Gateway) -> None:
        """Makes the client, once for a gateway: making one costs more than what it asks."""
        if self._gateway is not gateway:
            self._gateway = gateway
            self.connect(gateway)

    @abc.abstractmethod
    def connect(self, gateway: Gateway) -> None:
        """Makes the SDK's client."""

    def can(self, ask: Ask) -> Ask:
        """The conversation as far as this dialect has words for it; the others are not said, or
        said as fields that it does not have."""
        kept = tuple((name, value) for name, value in ask.settings if name in self.settings)
        return dataclasses.replace(ask, settings=kept)

    def gets(self, answer: Answer) -> Answer:
        """The answer without what a vendor does not say where this dialect asked."""
        return answer

    def unknown(self, ask: Ask) -> tuple[str, ...]:
        """Fields of the body that the dialect has no parameter for."""
        return tuple(name for name, _ in ask.unknown)

    @abc.abstractmethod
    def ask(self, model: str, ask: Ask, streamed: bool) -> Told:
        """Asks, and reads everything."""

    def _told(self, said: Said | None, failed: Failed | None) -> Told:
        dropped = self._headers.get("x-tollgate-dropped", "")
        return Told(said, failed, frozenset(filter(None, dropped.split(", "))))

    def _remember(self, response: Any) -> None:
        self._headers = {name.lower(): value for name, value in response.headers.items()}


class OpenAiFace(Face):
    """Chat Completions."""

    name = "openai.chat"
    words: Any = openai_words
    codes = {"context": "context_length_exceeded"}
    # Whether the SDK's own types know what OpenAI streams.
    strict = True
    settings = frozenset(openai_words.SETTINGS)
    kinds = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        500: "server_error",
        502: "server_error",
        503: "server_error",
        529: "server_error",
    }

    def connect(self, gateway: Gateway) -> None:
        self._sdk = gateway.openai()
        self._loose = gateway.openai(_strict_response_validation=False)
        for sdk in (self._sdk, self._loose):
            sdk._client.event_hooks = {"response": [self._remember]}

    def can(self, ask: Ask) -> Ask:
        """Failed results of tools are results; signed reasoning is an extension."""
        turns = tuple(dataclasses.replace(t, parts=_unfailed(t.parts)) for t in ask.turns)
        effort = ask.effort or ("medium" if ask.budget else None)
        return dataclasses.replace(super().can(ask), turns=turns, effort=effort, budget=None)

    def ask(self, model: str, ask: Ask, streamed: bool) -> Told:
        body = self.words.request(ask, model)
        sdk = self._sdk if self.strict or not streamed else self._loose
        try:
            said = (self.words.stream if streamed else self.words.whole)(sdk, body)
        except openai.APIStatusError as error:
            failed = Failed(error.status_code, error.type, str(error.message), error.code)
            return self._told(None, failed)
        except openai.APIError as error:
            return self._told(None, Failed(200, error.type, str(error.message)))
        return self._told(said, None)


class CompletionsFace(OpenAiFace):
    """OpenAI's legacy completions."""

    name = "openai.completions"
    words = completions_words
    strict = False

    def can(self, ask: Ask) -> Ask:
        """A conversation is one text, and its system prompt the beginning of it."""
        text = completions_words.prompt(ask)
        turns = (user(text),) if isinstance(text, str) else ask.turns
        own = Ask(turns, stop=ask.stop, max_tokens=ask.max_tokens, settings=ask.settings)
        return super().can(own)

    def gets(self, answer: Answer) -> Answer:
        """Where no tools are offered none is called."""
        end = None if answer.finish == "tools" else answer.finish
        return dataclasses.replace(answer, tools=(), finish=end)

    def unknown(self, ask: Ask) -> tuple[str, ...]:
        extra = completions_words.request(ask, "any").get("extra_body", {})
        return tuple(name for name in extra if name not in openai_words.FOREIGN)


class ResponsesFace(OpenAiFace):
    """Responses, with nothing kept at the vendor."""

    name = "openai.responses"
    words = responses_words
    settings = frozenset(responses_words.SETTINGS)

    def can(self, ask: Ask) -> Ask:
        """It has no stop texts."""
        return dataclasses.replace(super().can(ask), stop=())


class AnthropicFace(Face):
    """Messages."""

    name = "anthropic.messages"
    settings = frozenset((*anthropic_words.SETTINGS, "user"))
    kinds = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        500: "api_error",
        502: "api_error",
        503: "api_error",
        529: "overloaded_error",
    }

    def connect(self, gateway: Gateway) -> None:
        # The version whose requests may hold sampling parameters.
        version = {"anthropic-version": "2023-06-01"}
        self._sdk = gateway.anthropic(default_headers=version)
        self._sdk._client.event_hooks = {"response": [self._remember]}

    def can(self, ask: Ask) -> Ask:
        """It has no word for JSON without a schema."""
        return dataclasses.replace(super().can(ask), json=False)

    def ask(self, model: str, ask: Ask, streamed: bool) -> Told:
        body = anthropic_words.request(ask, model)
        words = anthropic_words
        try:
            said = (words.stream if streamed else words.whole)(self._sdk, body)
        except anthropic.APIStatusError as error:
            inner = (error.body or {}).get("error", {}) if isinstance(error.body, dict) else {}
            status = error.status_code
            return self._told(None, Failed(status, inner.get("type"), str(error.body)))
        return self._told(said, None)


class GeminiFace(Face):
    """generateContent. Google's SDK makes no body of ours, so that its types alone are used."""

    name = "gemini"
    settings = frozenset(gemini_words.SETTINGS)
    kinds = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        502: "INTERNAL",
        503: "UNAVAILABLE",
        529: "UNAVAILABLE",
    }

    def connect(self, gateway: Gateway) -> None:
        """Makes nothing: its requests are written as they stand on the wire."""

    def can(self, ask: Ask) -> Ask:
        """It cannot ask for one call at a time, and gives documents no names."""
        turns = tuple(dataclasses.replace(t, parts=_unnamed(t.parts)) for t in ask.turns)
        return dataclasses.replace(super().can(ask), parallel=None, turns=turns)

    def ask(self, model: str, ask: Ask, streamed: bool) -> Told:
        assert self._gateway
        method = "streamGenerateContent?alt=sse" if streamed else "generateContent"
        path = f"/v1beta/models/{model}:{method}"
        key = {"x_goog_api_key": CLIENT_KEY}
        with self._gateway.stream(path, gemini_words.request(ask), **key) as answer:
            self._headers = answer.headers
            if answer.status != 200:
                return self._told(None, _google(answer.status, answer.answer().json["error"]))
            if not streamed:
                return self._read([answer.answer().json])
            chunks = [event.json for event in answer.events()]
        return self._read(chunks)

    def _read(self, chunks: list[dict]) -> Told:
        """An answer in chunks; one that says why there is none is a failure."""
        if "error" in chunks[-1]:
            return self._told(None, _google(200, chunks[-1]["error"]))
        blocked = chunks[-1].get("promptFeedback", {}).get("blockReason")
        if blocked:
            return self._told(None, Failed(200, "blocked", blocked))
        return self._told(gemini_words.said(chunks), None)


def _google(status: int, error: dict) -> Failed:
    assert {"code", "message", "status"} <= set(error)
    return Failed(status, error["status"], str(error))


def _unfailed(parts: Iterable[Any]) -> tuple:
    return tuple(ToolResult(p.id, p.text) if isinstance(p, ToolResult) else p for p in parts)


def _unnamed(parts: Iterable[Any]) -> tuple:
    return tuple(
        Document(p.media_type, p.data, "") if isinstance(p, Document) else p for p in parts
    )


FACES: list[Face] = [
    OpenAiFace(),
    CompletionsFace(),
    ResponsesFace(),
    AnthropicFace(),
    GeminiFace(),
]
