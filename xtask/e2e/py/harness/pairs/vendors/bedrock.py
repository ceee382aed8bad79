"""Bedrock as a scripted vendor: Converse for every model, InvokeModel for Anthropic's clients of
Claude. Requests hold under botocore's rules and are signed as botocore signs them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from harness import converse_words
from harness.ask import Seen
from harness.bedrock import KEY_ID, REGION, SECRET, chunk, event, exception
from harness.contract import ANTHROPIC_MESSAGES, ANTHROPIC_SAMPLING, check
from harness.pairs.answers import MESSAGES, Answer, Reply, encoded, pieces, recut
from harness.pairs.script import Heard
from harness.pairs.vendors import anthropic
from harness.pairs.vendors.base import JSON_TOOL, Vendor, by_json_tool

FINISH = anthropic.FINISH | {"filter": "content_filtered"}
ERRORS = {
    "bad_request": (400, "ValidationException"),
    "context": (400, "ValidationException"),
    "filter": (400, "ValidationException"),
    "auth": (403, "UnrecognizedClientException"),
    "forbidden": (403, "AccessDeniedException"),
    "missing": (404, "ResourceNotFoundException"),
    "throttle": (429, "ThrottlingException"),
    "server": (500, "InternalServerException"),
    "unavailable": (503, "ServiceUnavailableException"),
    "overloaded": (503, "ServiceUnavailableException"),
}
WORDS = MESSAGES | {
    "context": "Input is too long for requested model.",
    "filter": "The content was blocked by our content filters.",
    "missing": "Could not resolve the foundation model from the provided model identifier.",
}


@dataclasses.dataclass
class Bedrock(Vendor):
    """Bedrock, with keys that sign."""

    def credentials(self, key: str) -> dict[str, Any]:
        keys = {"access_key_id": KEY_ID, "secret_access_key": SECRET, "region": REGION}
        return {"aws": keys}

    def can(self, answer: Answer) -> Answer:
        """It does not count reasoning apart. A refused prompt is an answer that says so."""
        answer = anthropic.refusing(answer)
        if "claude" not in self.models["chat"]:
            answer = dataclasses.replace(answer, signature=None, sealed=None)
        usage = dataclasses.replace(answer.usage, reasoning=0)
        if answer.blocked:
            answer = dataclasses.replace(answer, text="Blocked.", finish="filter", blocked=False)
        return dataclasses.replace(answer, usage=usage)

    def status(self, kind: str) -> int:
        return ERRORS[kind][0]

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        heard.check_signature()
        assert heard.model in self.models.values()
        body = {key: value for key, value in heard.json.items() if key not in unknown}
        known = dataclasses.replace(heard, body=json.dumps(body).encode())
        known.check()
        if heard.operation.startswith("Invoke"):
            return _invoked(body, heard.model)
        tools = body.get("toolConfig", {}).get("tools", [])
        schema = lambda tool: tool["toolSpec"]["inputSchema"]["json"]  # noqa: E731
        return by_json_tool(converse_words.seen(body), tools, schema)

    def says(self, heard: Heard, answer: Answer) -> Reply:
        if answer.failure:
            status, kind = ERRORS[answer.failure]
            headers = {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/"}
            return Reply(status, encoded({"message": WORDS[answer.failure]}), headers)
        if heard.operation.startswith("Invoke"):
            return _invoke(heard, answer)
        if heard.operation == "ConverseStream":
            return _stream(converse_stream(heard.json, answer), answer)
        if answer.breaks == "error":
            return self.says(heard, Answer(failure="server"))
        body = converse_whole(heard.json, answer)
        return Reply(200, encoded(body), cut=answer.breaks == "cut")


def _invoked(body: dict, model: str) -> Seen:
    """An invocation of Claude is Anthropic's request, but for what the address says."""
    assert body["anthropic_version"] == "bedrock-2023-05-31"
    said = {key: body[key] for key in body if not key.startswith("anthropic_")}
    known = {key: said[key] for key in said if key not in ANTHROPIC_SAMPLING}
    errors = check(ANTHROPIC_MESSAGES, known | {"model": model})
    assert not errors, "\n".join(errors)
    return anthropic.seen(said)


def _invoke(heard: Heard, answer: Answer) -> Reply:
    model = heard.model
    if heard.operation == "InvokeModel":
        if answer.breaks == "error":
            return Reply(200, encoded(anthropic.error("server")))
        said = anthropic.whole(heard.json, model, answer)
        return Reply(200, encoded(said), cut=answer.breaks == "cut")
    found = anthropic.stream(heard.json, model, answer)
    frames = [chunk(one) for one in found if one["type"] != "error"]
    if answer.breaks == "error":
        frames.append(exception("internalServerException", WORDS["server"]))
    return _stream(frames, answer)


def _stream(frames: list[bytes], answer: Answer) -> Reply:
    headers = {"content-type": "application/vnd.amazon.eventstream"}
    return Reply(200, recut(frames, answer.cut), headers, cut=answer.breaks == "cut")


def _usage(answer: Answer) -> dict:
    usage = answer.usage
    return {
        "inputTokens": usage.input - usage.cached - usage.cache_write,
        "outputTokens": usage.output,
        "totalTokens": usage.input + usage.output,
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": usage.cache_write,
    }


def _blocks(body: dict, answer: Answer) -> list[dict]:
    blocks: list[dict] = []
    if answer.reasoning or answer.signature:
        said = {"text": answer.reasoning}
        said |= {"signature": answer.signature} if answer.signature else {}
        blocks.append({"reasoningContent": {"reasoningText": said}})
    if answer.sealed:
        blocks.append({"reasoningContent": {"redactedContent": answer.sealed}})
    if answer.by_tool and JSON_TOOL in str(body.get("toolConfig")):
        value = json.loads(answer.text)
        blocks.append({"toolUse": {"toolUseId": "j", "name": JSON_TOOL, "input": value}})
    elif answer.text:
        blocks.append({"text": answer.text})
    for call in answer.tools:
        use = {"toolUseId": call.id, "name": call.name, "input": dict(call.arguments)}
        blocks.append({"toolUse": use})
    return blocks


def _reason(blocks: list[dict], answer: Answer) -> str:
    if any(block.get("toolUse", {}).get("name") == JSON_TOOL for block in blocks):
        return "tool_use"
    return "stop_sequence" if answer.met else FINISH[answer.end]


def converse_whole(body: dict, answer: Answer) -> dict:
    """A whole answer of Converse."""
    blocks = _blocks(body, answer)
    return {
        "output": {"message": {"role": "assistant", "content": blocks}},
        "stopReason": _reason(blocks, answer),
        "usage": _usage(answer),
        "metrics": {"latencyMs": 5},
    }


def converse_stream(body: dict, answer: Answer) -> list[bytes]:
    """A streamed answer of Converse."""
    frames = [event("messageStart", {"role": "assistant"})]
    blocks = _blocks(body, answer)
    for index, block in enumerate(blocks):
        at = {"contentBlockIndex": index}
        if "toolUse" in block:
            start = {key: block["toolUse"][key] for key in ("toolUseId", "name")}
            frames.append(event("contentBlockStart", at | {"start": {"toolUse": start}}))
        frames += [event("contentBlockDelta", at | {"delta": one}) for one in _deltas(block)]
        if answer.breaks:
            broken = exception("internalServerException", WORDS["server"])
            return frames + ([broken] if answer.breaks == "error" else [])
        frames.append(event("contentBlockStop", at))
    frames.append(event("messageStop", {"stopReason": _reason(blocks, answer)}))
    metadata = {"usage": _usage(answer), "metrics": {"latencyMs": 5}}
    return [*frames, event("metadata", metadata)]


def _deltas(block: dict) -> list[dict]:
    match block:
        case {"text": text}:
            return [{"text": piece} for piece in pieces(text)]
        case {"toolUse": call}:
            text = json.dumps(call["input"]) if call["input"] else ""
            return [{"toolUse": {"input": piece}} for piece in pieces(text)]
        case {"reasoningContent": {"reasoningText": said}}:
            deltas = [{"reasoningContent": {"text": piece}} for piece in pieces(said["text"])]
            if "signature" in said:
                deltas.append({"reasoningContent": {"signature": said["signature"]}})
            return deltas
    return [block]
