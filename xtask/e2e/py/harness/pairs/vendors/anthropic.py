"""Anthropic's Messages as a scripted vendor; Bedrock gives Claude in the same words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from harness import anthropic_words
from harness.ask import Ask, Seen, Thinking
from harness.contract import check_sent
from harness.pairs.answers import MESSAGES, Answer, Reply, encoded, pieces
from harness.pairs.script import Heard
from harness.pairs.vendors.base import JSON_TOOL, Vendor, by_json_tool, data, events

FINISH = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tools": "tool_use",
    "filter": "refusal",
    "context": "model_context_window_exceeded",
    "pause": "pause_turn",
}
ERRORS = {
    "bad_request": (400, "invalid_request_error"),
    "context": (400, "invalid_request_error"),
    "filter": (400, "invalid_request_error"),
    "auth": (401, "authentication_error"),
    "forbidden": (403, "permission_error"),
    "missing": (404, "not_found_error"),
    "throttle": (429, "rate_limit_error"),
    "server": (500, "api_error"),
    "unavailable": (503, "api_error"),
    "overloaded": (529, "overloaded_error"),
}
WORDS = MESSAGES | {
    "context": "prompt is too long: 210000 tokens > 200000 maximum",
    "filter": "Output blocked by content filtering policy",
    "missing": "model: claude-x",
}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


@dataclasses.dataclass
class Anthropic(Vendor):
    """Anthropic itself."""

    def asks(self, ask: Ask) -> str:
        """Thoughts may only go back where thinking is on."""
        thought = any(isinstance(part, Thinking) for turn in ask.turns for part in turn.parts)
        return "thinks" if thought else super().asks(ask)

    def can(self, answer: Answer) -> Answer:
        """It refuses in plain text, with a reason of its own to end."""
        return refusing(answer)

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        assert self.shown(heard).startswith(self.key)
        body = {key: value for key, value in self.body(heard).items() if key not in unknown}
        assert body["model"] in self.models.values()
        check_sent(anthropic_words.PATH, body)
        return seen(body)

    def shown(self, heard: Heard) -> str:
        """The credential that a request shows."""
        assert "authorization" not in heard.headers
        assert heard.route.endswith(anthropic_words.PATH)
        return heard.headers["x-api-key"]

    def body(self, heard: Heard) -> dict:
        """The body as Anthropic itself would be sent it."""
        return heard.json

    def says(self, heard: Heard, answer: Answer) -> Reply:
        if answer.blocked:
            answer = dataclasses.replace(answer, failure="filter")
        if answer.failure:
            status, _ = ERRORS[answer.failure]
            return Reply(status, encoded(error(answer.failure)))
        body = self.body(heard)
        if body.get("stream"):
            frames = [data(event, event["type"]) for event in stream(body, body["model"], answer)]
            return events(frames, answer, PING)
        if answer.breaks == "error":
            return Reply(200, encoded(error("server")))
        said = whole(body, body["model"], answer)
        return Reply(200, encoded(said), cut=answer.breaks == "cut")


def refusing(answer: Answer) -> Answer:
    """An answer of a vendor whose refusals are text that its filter ended."""
    if not answer.refusal:
        return answer
    return dataclasses.replace(answer, text=answer.refusal, refusal=None, finish="filter")


def seen(body: dict) -> Seen:
    """What a request says that arrived at Claude."""
    tools = body.get("tools", [])
    return by_json_tool(anthropic_words.seen(body), tools, lambda tool: tool["input_schema"])


def error(kind: str) -> dict:
    """An error in Anthropic's envelope."""
    _, type_ = ERRORS[kind]
    return {"type": "error", "error": {"type": type_, "message": WORDS[kind]}, "request_id": "r"}


def _usage(answer: Answer) -> dict:
    usage = answer.usage
    return {
        "input_tokens": usage.input - usage.cached - usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.cache_write,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }


def _blocks(body: dict, answer: Answer) -> list[dict]:
    blocks: list[dict] = []
    if answer.reasoning or answer.signature:
        signature = answer.signature or "c2ln"
        thought = {"type": "thinking", "thinking": answer.reasoning, "signature": signature}
        blocks.append(thought)
    if answer.sealed:
        blocks.append({"type": "redacted_thinking", "data": answer.sealed})
    carried = answer.by_tool and JSON_TOOL in str(body.get("tools"))
    if carried:
        value = json.loads(answer.text)
        blocks.append({"type": "tool_use", "id": "toolu_j", "name": JSON_TOOL, "input": value})
    elif answer.text:
        blocks.append({"type": "text", "text": answer.text})
    for call in answer.tools:
        use = {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)}
        blocks.append(use)
    return blocks


def _message(model: str, answer: Answer) -> dict[str, Any]:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
    nothing = {"content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    return head | nothing | {"usage": _usage(answer)}


def _end(blocks: list[dict], answer: Answer) -> dict:
    reason = "stop_sequence" if answer.met else FINISH[answer.end]
    if any(block.get("name") == JSON_TOOL for block in blocks):
        reason = "tool_use"
    end: dict = {"stop_reason": reason, "stop_sequence": answer.met}
    return end


def whole(body: dict, model: str, answer: Answer) -> dict:
    """A whole answer."""
    blocks = _blocks(body, answer)
    return _message(model, answer) | {"content": blocks} | _end(blocks, answer)


def stream(body: dict, model: str, answer: Answer) -> list[dict]:
    """The events of a streamed answer."""
    message = _message(model, answer)
    message["usage"] = message["usage"] | {"output_tokens": 1}
    found: list[dict] = [{"type": "message_start", "message": message}]
    blocks = _blocks(body, answer)
    for index, block in enumerate(blocks):
        start, deltas = _deltas(block)
        found.append({"type": "content_block_start", "index": index, "content_block": start})
        for delta in deltas:
            found.append({"type": "content_block_delta", "index": index, "delta": delta})
        if answer.breaks:
            return found + ([error("server")] if answer.breaks == "error" else [])
        found.append({"type": "content_block_stop", "index": index})
    end = _end(blocks, answer)
    usage = _usage(answer)
    found.append({"type": "message_delta", "delta": end, "usage": usage})
    return [*found, {"type": "message_stop"}]


def _deltas(block: dict) -> tuple[dict, list[dict]]:
    match block["type"]:
        case "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
            return {"type": "text", "text": ""}, deltas
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])
            ]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case "tool_use":
            text = arguments_of(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(text)]
            return block | {"input": {}}, deltas
    return block, []


def arguments_of(value: dict) -> str:
    """The arguments of a call as a stream has them: none at all where there are none."""
    return json.dumps(value) if value else ""
