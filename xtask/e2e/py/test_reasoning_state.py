"""Reasoning survives turns and changes of vendor.

A conversation with tools begins at one vendor, goes on at another while the first is down, and comes
back. The vendors of these tests refuse what the real ones refuse: reasoning that they did not sign, calls
without their signature, turns without the reasoning that led to them, fields that they do not know. The
clients send back what they were given, as their SDKs do.
"""

from __future__ import annotations

import base64
import json
import re

import pytest

from harness.contract import check_sent
from harness.stub import Answer, Stub, events, whole

MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "adaptive": "claude-opus-4-6",
    "openai": "gpt-5.1",
    "gemini": "gemini-3-flash",
}
DIALECTS = {"adaptive": "anthropic"}
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
# What Gemini takes for a signature where there is none to give.
EXCUSED = base64.b64encode(b"skip_thought_signature_validator").decode()
USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


class Refused(Exception):
    """What the vendor says of a request that it does not take."""


def need(fact: object, message: str) -> None:
    if not fact:
        raise Refused(message)


class Vendor(Stub):
    """A vendor that signs its reasoning, checks what comes back, and can be down."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dialect = DIALECTS.get(name, name)
        self.down = False
        self.issued: list[str] = []
        self.refused: list[str] = []
        super().__init__(self.say)

    def say(self, asked: dict) -> Answer:
        if self.down:
            return whole({"error": {"message": "down"}}, 503)
        try:
            getattr(self, f"check_{self.dialect}")(asked["body"])
        except (Refused, AssertionError) as error:
            self.refused.append(str(error))
            return whole({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)
        stream = asked["body"].get("stream") or asked["path"].endswith(":streamGenerateContent")
        return getattr(self, f"answer_{self.dialect}")(asked["body"], bool(stream))

    def sign(self) -> str:
        mark = f"{self.name}:signature:{len(self.issued)}".encode()
        self.issued.append(base64.b64encode(mark).decode())
        return self.issued[-1]

    def carried(self) -> list[str]:
        """The signatures of its own that the last request carried."""
        sent = json.dumps(self.last["body"])
        return [signature for signature in self.issued if signature in sent]

    # Anthropic

    def check_anthropic(self, body: dict) -> None:
        check_sent("/v1/messages", body)
        turns = body["messages"]
        blocks = [turn["content"] for turn in turns if not isinstance(turn["content"], str)]
        for block in (block for content in blocks for block in content):
            if block["type"] == "thinking":
                known = block["signature"] in self.issued
                need(known, f"Invalid `signature` in `thinking` block: {block['signature']}")
            if block["type"] == "tool_use":
                need(re.fullmatch("[a-zA-Z0-9_-]+", block["id"]), f"tool_use.id: {block['id']}")
        for turn, after in zip(turns, [*turns[1:], None]):
            if turn["role"] != "assistant" or isinstance(turn["content"], str):
                continue
            called = {block["id"] for block in turn["content"] if block["type"] == "tool_use"}
            results = after["content"] if after and not isinstance(after["content"], str) else []
            told = {block["tool_use_id"] for block in results if block["type"] == "tool_result"}
            need(called == told, f"tool_use ids without tool_result: {called ^ told}")
        last = [turn for turn in turns if turn["role"] == "assistant"]
        if (body.get("thinking") or {}).get("type") == "enabled" and last:
            content = last[-1]["content"]
            calls = any(block["type"] == "tool_use" for block in content)
            first = content[0]["type"]
            message = f"Expected `thinking` or `redacted_thinking`, but found `{first}`."
            need(not calls or first in ("thinking", "redacted_thinking"), message)

    def answer_anthropic(self, body: dict, stream: bool) -> Answer:
        number = results(json.dumps(body))
        content: list[dict] = []
        if (body.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
            content.append({"type": "thinking", "thinking": "Hm.", "signature": self.sign()})
        if number < 2:
            call = {"id": f"toolu_{self.name}_{number}", "name": "look", "input": {"n": number}}
            content.append({"type": "tool_use"} | call)
        else:
            content.append({"type": "text", "text": "Done."})
        stop = "tool_use" if number < 2 else "end_turn"
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 5, "output_tokens": 3},
        }
        if not stream:
            return whole(message)
        frames = [{"type": "message_start", "message": message | {"content": [], "stop_reason": None}}]
        for index, block in enumerate(content):
            start, deltas = dict(block), []
            if block["type"] == "thinking":
                start |= {"thinking": "", "signature": ""}
                deltas.append({"type": "thinking_delta", "thinking": block["thinking"]})
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            elif block["type"] == "tool_use":
                start |= {"input": {}}
                text = json.dumps(block["input"])
                deltas.append({"type": "input_json_delta", "partial_json": text})
            else:
                start |= {"text": ""}
                deltas.append({"type": "text_delta", "text": block["text"]})
            frames.append({"type": "content_block_start", "index": index, "content_block": start})
            for delta in deltas:
                frames.append({"type": "content_block_delta", "index": index, "delta": delta})
            frames.append({"type": "content_block_stop", "index": index})
        delta = {"stop_reason": stop, "stop_sequence": None}
        frames.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 3}})
        frames.append({"type": "message_stop"})
        return events(*frames, names=True)

    # OpenAI

    def check_openai(self, body: dict) -> None:
        check_sent("/v1/chat/completions", body)
        for message in body["messages"]:
            for call in message.get("tool_calls") or []:
                need(len(call["id"]) <= 40, f"tool_calls.id is too long: {call['id']}")
        calls = [call["id"] for m in body["messages"] for call in m.get("tool_calls") or []]
        told = [m["tool_call_id"] for m in body["messages"] if m["role"] == "tool"]
        need(calls == told, f"calls {calls} and results {told}")

    def answer_openai(self, body: dict, stream: bool) -> Answer:
        number = results(json.dumps(body))
        call = {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "look", "arguments": json.dumps({"n": number})},
        }
        message = {"role": "assistant", "content": None if number < 2 else "Done.", "refusal": None}
        if number < 2:
            message["tool_calls"] = [call]
        finish = "tool_calls" if number < 2 else "stop"
        head = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
        if not stream:
            choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
            return whole(head | {"object": "chat.completion", "choices": [choice], "usage": USAGE})
        delta = {key: value for key, value in message.items() if value is not None}
        if number < 2:
            delta["tool_calls"] = [{"index": 0} | call]
        head |= {"object": "chat.completion.chunk"}
        part = [{"index": 0, "delta": delta, "finish_reason": None}]
        end = [{"index": 0, "delta": {}, "finish_reason": finish}]
        frames = [head | {"choices": part}, head | {"choices": end}]
        return events(*frames, head | {"choices": [], "usage": USAGE}, "[DONE]")

    # Gemini

    def check_gemini(self, body: dict) -> None:
        names = []
        for content in body["contents"]:
            called = False
            for part in content["parts"]:
                signature = part.get("thoughtSignature")
                known = signature is None or signature in [*self.issued, EXCUSED]
                need(known, f"Thought signature is not valid: {signature}")
                if "functionCall" in part:
                    names.append(part["functionCall"]["name"])
                    missing = "Function call is missing a thought_signature in functionCall parts."
                    need(called or signature, missing)
                    called = True
                if "functionResponse" in part:
                    need(part["functionResponse"]["name"] in names, "a response to no call")

    def answer_gemini(self, body: dict, stream: bool) -> Answer:
        number = results(json.dumps(body))
        parts: list[dict] = [{"text": "Hm.", "thought": True}]
        if number < 2:
            call = {"name": "look", "args": {"n": number}}
            parts.append({"functionCall": call, "thoughtSignature": self.sign()})
        else:
            parts.append({"text": "Done.", "thoughtSignature": self.sign()})
        content = {"role": "model", "parts": parts}
        answer = {
            "candidates": [{"index": 0, "content": content, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 3, "totalTokenCount": 8},
            "modelVersion": MODELS["gemini"],
            "responseId": "r-1",
        }
        return events(answer) if stream else whole(answer)


def results(sent: str) -> int:
    """How many results of tools a request carries, in whichever dialect."""
    return len(re.findall(r"the-\d-thing", sent))


class OpenAiClient:
    """Keeps messages as they came, further fields and all."""

    def __init__(self, gateway, stream: bool) -> None:
        self.sdk, self.stream = gateway.openai(), stream
        self.messages: list[dict] = [{"role": "user", "content": "look"}]

    def turn(self) -> str | None:
        function = {"name": "look", "parameters": SCHEMA}
        asked = {
            "model": "m",
            "messages": self.messages,
            "tools": [{"type": "function", "function": function}],
            "reasoning_effort": "medium",
            "max_completion_tokens": 9000,
            "stream": self.stream,
        }
        if self.stream:
            message: dict = {"role": "assistant", "content": ""}
            for chunk in self.sdk.chat.completions.create(**asked):
                for choice in chunk.choices:
                    self.add(message, choice.delta.model_dump(exclude_none=True))
        else:
            answer = self.sdk.chat.completions.create(**asked)
            message = answer.choices[0].message.model_dump(exclude_none=True)
        self.messages.append(message)
        for call in message.get("tool_calls") or []:
            number = json.loads(call["function"]["arguments"])["n"]
            result = {"role": "tool", "tool_call_id": call["id"], "content": f"the-{number}-thing"}
            self.messages.append(result)
        return message.get("content")

    def add(self, message: dict, delta: dict) -> None:
        for key, value in delta.items():
            if key == "tool_calls":
                calls = message.setdefault("tool_calls", [])
                for part in value:
                    if part["index"] == len(calls):
                        calls.append({"type": "function", "function": {"name": "", "arguments": ""}})
                    call = calls[part["index"]]
                    function = part.get("function", {})
                    call["function"]["name"] += function.get("name", "")
                    call["function"]["arguments"] += function.get("arguments", "")
                    rest = {k: v for k, v in part.items() if k not in ("index", "function")}
                    call.update(rest)
            elif key == "thinking_blocks":
                message.setdefault(key, []).extend(
                    {name: v for name, v in block.items() if name != "index"} for block in value
                )
            elif isinstance(value, str) and key != "role":
                message[key] = message.get(key, "") + value
            else:
                message[key] = value


class AnthropicClient:
    def __init__(self, gateway, stream: bool) -> None:
        self.sdk, self.stream = gateway.anthropic(), stream
        self.messages: list[dict] = [{"role": "user", "content": "look"}]

    def turn(self) -> str | None:
        asked = {
            "model": "m",
            "max_tokens": 9000,
            "messages": self.messages,
            "tools": [{"name": "look", "input_schema": SCHEMA}],
            "thinking": {"type": "enabled", "budget_tokens": 2048},
        }
        if self.stream:
            with self.sdk.messages.stream(**asked) as stream:
                answer = stream.get_final_message()
        else:
            answer = self.sdk.messages.create(**asked)
        content = [block.model_dump(exclude_none=True) for block in answer.content]
        self.messages.append({"role": "assistant", "content": content})
        told = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": f"the-{block['input']['n']}-thing"}
            for block in content
            if block["type"] == "tool_use"
        ]
        if told:
            self.messages.append({"role": "user", "content": told})
        return "".join(block["text"] for block in content if block["type"] == "text")


class GeminiClient:
    def __init__(self, gateway, stream: bool) -> None:
        self.gateway, self.stream = gateway, stream
        self.contents: list[dict] = [{"role": "user", "parts": [{"text": "look"}]}]

    def turn(self) -> str | None:
        schema = {key: value for key, value in SCHEMA.items() if key != "additionalProperties"}
        asked = {
            "contents": self.contents,
            "tools": [{"functionDeclarations": [{"name": "look", "parameters": schema}]}],
            "generationConfig": {
                "maxOutputTokens": 9000,
                "thinkingConfig": {"thinkingBudget": 2048, "includeThoughts": True},
            },
        }
        method = "streamGenerateContent?alt=sse" if self.stream else "generateContent"
        answer = self.gateway.post(f"/v1beta/models/m:{method}", asked)
        assert answer.status == 200, answer.text
        if self.stream:
            found = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
        else:
            found = [answer.json]
        parts = [
            part
            for chunk in found
            for candidate in chunk.get("candidates", [])
            for part in candidate.get("content", {}).get("parts", [])
        ]
        self.contents.append({"role": "model", "parts": parts})
        told = [
            {
                "functionResponse": {
                    "name": part["functionCall"]["name"],
                    "response": {"result": f"the-{int(part['functionCall']['args']['n'])}-thing"},
                }
                | ({"id": part["functionCall"]["id"]} if "id" in part["functionCall"] else {})
            }
            for part in parts
            if "functionCall" in part
        ]
        if told:
            self.contents.append({"role": "user", "parts": told})
        return "".join(part["text"] for part in parts if "text" in part and not part.get("thought"))


CLIENTS = {"openai": OpenAiClient, "anthropic": AnthropicClient, "gemini": GeminiClient}


@pytest.fixture
def pair(first, second):
    made = Vendor(first), Vendor(second)
    yield made
    for vendor in made:
        vendor.stop()


def config(first: Vendor, second: Vendor) -> dict:
    def place(vendor: Vendor) -> dict:
        base = f"{vendor.origin}/v1" if vendor.dialect == "openai" else vendor.origin
        return {
            "provider": vendor.dialect,
            "model": MODELS[vendor.name],
            "api_base": base,
            "api_key": f"key-of-{vendor.name}",
        }

    model = {
        "strategy": "first_available",
        "deployments": [place(first), place(second)],
        "retries": {"max_attempts": 4, "base": "1ms", "cap": "2ms", "budget": 1},
    }
    return {"models": {"m": model}}


NAMES = list(MODELS)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("first", "second"), [(a, b) for a in NAMES for b in NAMES if DIALECTS.get(a, a) != DIALECTS.get(b, b)]
)
def test_a_conversation_goes_to_another_vendor_and_back(start, pair, first, second, client, stream):
    one, other = pair
    gateway = start(config(one, other))
    talker = CLIENTS[client](gateway, stream)

    talker.turn()
    issued = list(one.issued)
    assert bool(issued) == (first != "openai"), "it reasons, and signs it"
    one.down = True
    talker.turn()
    one.down, other.down = False, True
    assert talker.turn() == "Done."

    assert not one.refused and not other.refused, (one.refused, other.refused)
    assert results(json.dumps(one.last["body"])) == 2
    assert one.carried()[: len(issued)] == issued, "its signatures are back"
    # Nobody is told what the other one signed.
    assert not any(signature in json.dumps(one.last["body"]) for signature in other.issued)
    answered = next(asked for asked in other.seen if results(json.dumps(asked["body"])) == 1)
    assert not any(signature in json.dumps(answered["body"]) for signature in one.issued)


@pytest.mark.parametrize("first", ["anthropic", "adaptive", "gemini"])
@pytest.mark.parametrize("second", ["openai"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_conversation_stays_where_it_is(start, pair, first, client):
    """Without any change of vendor every signature comes back, each on its turn."""
    one, _ = pair
    talker = CLIENTS[client](start(config(*pair)), stream=False)
    for _ in range(2):
        talker.turn()
    before = list(one.issued)
    assert talker.turn() == "Done."
    assert len(before) == 2 and one.carried()[:2] == before
    assert not one.refused


@pytest.mark.parametrize("first", ["anthropic", "adaptive", "gemini"])
@pytest.mark.parametrize("second", ["openai"])
def test_a_client_that_keeps_no_signatures_is_served_all_the_same(start, pair, first):
    one, _ = pair
    talker = OpenAiClient(start(config(*pair)), stream=False)
    for _ in range(2):
        talker.turn()
        for message in talker.messages:
            for field in ("thinking_blocks", "reasoning_content", "extra_content"):
                message.pop(field, None)
            for call in message.get("tool_calls") or []:
                call.pop("extra_content", None)
    assert talker.turn() == "Done."
    assert not one.refused, one.refused
