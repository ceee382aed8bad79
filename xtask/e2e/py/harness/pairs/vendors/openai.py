"""OpenAI's chat and legacy completions as a scripted vendor, and whoever speaks its dialect."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness import completions_words, openai_words, responses_words
from harness.ask import Seen, ToolUse
from harness.contract import check_sent
from harness.pairs.answers import MESSAGES, Answer, Reply, arguments, encoded, pieces
from harness.pairs.script import Heard
from harness.pairs.vendors import responses
from harness.pairs.vendors.base import Refused, Vendor, data, events

FINISH = {"stop": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter"}
SHOWN = ("reasoning_content", "thinking_blocks")
HEAD = {"id": "chatcmpl-1", "created": 1_760_000_000}
# kind: (status, type, code)
ERRORS = {
    "bad_request": (400, "invalid_request_error", None),
    "context": (400, "invalid_request_error", "context_length_exceeded"),
    "filter": (400, "invalid_request_error", "content_policy_violation"),
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "forbidden": (403, "permission_error", None),
    "missing": (404, "invalid_request_error", "model_not_found"),
    "throttle": (429, "rate_limit_error", "rate_limit_exceeded"),
    "server": (500, "server_error", None),
    "unavailable": (503, "server_error", None),
    "overloaded": (529, "server_error", None),
}
WORDS = MESSAGES | {
    "context": "This model's maximum context length is 8192 tokens, yours has 9000.",
    "filter": "Your request was rejected as a result of our safety system.",
    "missing": "The model `x` does not exist.",
}


@dataclasses.dataclass
class OpenAi(Vendor):
    """A vendor of OpenAI's dialect. The path below the origin may be another."""

    path: str = "/v1"
    # Whether it shows what its models think.
    shows: bool = False
    # Fields of requests that it has beside OpenAI's.
    own: tuple[str, ...] = ()

    def base(self, url: str) -> str:
        return url + self.path

    def can(self, answer: Answer) -> Answer:
        """It signs no reasoning and names no stop text."""
        finish = {"context": "length", "pause": "stop"}.get(answer.finish, answer.finish)
        reasoning = answer.reasoning if self.shows else ""
        answer = dataclasses.replace(answer, reasoning=reasoning, signature=None, sealed=None)
        return dataclasses.replace(answer, met=None, finish=finish)

    def shown(self, heard: Heard) -> str:
        """The credential that a request shows."""
        return heard.headers["authorization"].removeprefix("Bearer ")

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        assert self.shown(heard).startswith(self.key)
        strange = (*unknown, *self.own)
        body = {key: value for key, value in heard.json.items() if key not in strange}
        if self.shows:
            # Its own word for what its models thought, which comes back to it. It may also be another
            # gateway, which reads what others signed.
            said = [_without(message, *SHOWN) for message in body.get("messages", ())]
            body |= {"messages": said} if said else {}
        assert body["model"] in self.models.values()
        if not isinstance(body.get("prompt", ""), str):
            raise Refused
        check_sent(heard.route, {key: body[key] for key in body if key not in ("top_k",)})
        return _words(heard).seen(body)

    def says(self, heard: Heard, answer: Answer) -> Reply:
        if answer.blocked:
            answer = dataclasses.replace(answer, failure="filter")
        if answer.failure:
            status, _, _ = ERRORS[answer.failure]
            return Reply(status, encoded(error(answer.failure)))
        body = heard.json
        if not isinstance(body.get("prompt", ""), str):
            return Reply(400, encoded(error("bad_request")))
        words = _words(heard)
        if body.get("stream"):
            return events(STREAMS[words](body, answer), answer)
        if answer.breaks == "error":
            return Reply(200, encoded(error("server")))
        whole = WHOLE[words](body["model"], answer)
        return Reply(200, encoded(whole), cut=answer.breaks == "cut")


def _words(heard: Heard) -> Any:
    """The dialect of a request, by its path."""
    if heard.route.endswith("/responses"):
        return responses_words
    return openai_words if heard.route.endswith("/chat/completions") else completions_words


def _without(message: dict, *keys: str) -> dict:
    return {name: value for name, value in message.items() if name not in keys}


def error(kind: str) -> dict:
    """An error in OpenAI's envelope."""
    _, type_, code = ERRORS[kind]
    return {"error": {"message": WORDS[kind], "type": type_, "param": None, "code": code}}


def usage_of(answer: Answer) -> dict:
    """Tokens as OpenAI counts them."""
    usage = answer.usage
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _call(call: ToolUse, text: str) -> dict:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": text}}


def chat_whole(model: str, answer: Answer) -> dict:
    """A whole answer of chat."""
    text = None if answer.refusal or (answer.tools and not answer.text) else answer.text
    message: dict = {"role": "assistant", "content": text, "refusal": answer.refusal}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tools:
        message["tool_calls"] = [_call(call, arguments(call)) for call in answer.tools]
    end = {"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH[answer.end]}
    head = HEAD | {"object": "chat.completion", "model": model}
    return head | {"choices": [end], "usage": usage_of(answer)}


def chat_stream(body: dict, answer: Answer) -> list[bytes]:
    """A streamed answer of chat."""
    head = HEAD | {"object": "chat.completion.chunk", "model": body["model"]}

    def chunk(delta: dict, finish: str | None = None) -> bytes:
        end = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return data(head | {"choices": [end], "usage": None})

    frames = [chunk({"role": "assistant", "content": "", "refusal": None})]
    frames += [chunk({"reasoning_content": piece}) for piece in pieces(answer.reasoning)]
    frames += [chunk({"content": piece}) for piece in answer.pieces if not answer.refusal]
    if answer.breaks:
        return frames + ([data(error("server"))] if answer.breaks == "error" else [])
    frames += [chunk({"refusal": piece}) for piece in pieces(answer.refusal or "")]
    for index, call in enumerate(answer.tools):
        frames.append(chunk({"tool_calls": [{"index": index} | _call(call, "")]}))
        for piece in pieces(arguments(call)):
            more = {"index": index, "function": {"arguments": piece}}
            frames.append(chunk({"tool_calls": [more]}))
    frames.append(chunk({}, FINISH[answer.end]))
    return frames + _ending(body, head, answer)


def _ending(body: dict, head: dict, answer: Answer) -> list[bytes]:
    frames = []
    if body.get("stream_options", {}).get("include_usage"):
        frames.append(data(head | {"choices": [], "usage": usage_of(answer)}))
    return [*frames, b"data: [DONE]\n\n"]


def _text(answer: Answer, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}


def text_whole(model: str, answer: Answer) -> dict:
    """A whole answer of legacy completions."""
    head = HEAD | {"object": "text_completion", "model": model}
    choice = _text(answer, answer.refusal or answer.text, FINISH[answer.end])
    return head | {"choices": [choice], "usage": usage_of(answer)}


def text_stream(body: dict, answer: Answer) -> list[bytes]:
    """A streamed answer of legacy completions."""
    head = HEAD | {"object": "text_completion", "model": body["model"]}
    said = pieces(answer.refusal or answer.text)
    frames = [data(head | {"choices": [_text(answer, piece, None)]}) for piece in said]
    if answer.breaks:
        return frames + ([data(error("server"))] if answer.breaks == "error" else [])
    frames.append(data(head | {"choices": [_text(answer, "", FINISH[answer.end])]}))
    return frames + _ending(body, head, answer)


def _responses_stream(body: dict, answer: Answer) -> list[bytes]:
    return responses.stream(body["model"], answer)


WHOLE = {
    openai_words: chat_whole,
    completions_words: text_whole,
    responses_words: responses.whole,
}
STREAMS = {
    openai_words: chat_stream,
    completions_words: text_stream,
    responses_words: _responses_stream,
}
