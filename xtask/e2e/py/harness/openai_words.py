"""OpenAI's words for a conversation: asked by its SDK, seen by its vendor, said by its answers."""

from __future__ import annotations

import json
from typing import Any

import openai

from harness.ask import Ask, Image, Said, Seen, Text, Thinking, ToolResult, ToolUse, Turn, merged

PATH = "/v1/chat/completions"
FINISH = {"stop": "stop", "length": "length", "tool_calls": "tools", "content_filter": "filter"}


def request(ask: Ask, model: str) -> dict:
    """The body that asks it."""
    messages: list[dict] = []
    if ask.system:
        role = "developer" if ask.developer else "system"
        messages.append({"role": role, "content": ask.system})
    for turn in ask.turns:
        messages += _messages(turn)
    body: dict = {"model": model, "messages": messages, "max_tokens": ask.max_tokens}
    if ask.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.schema,
                },
            }
            for tool in ask.tools
        ]
    if ask.choice in ("auto", "required", "none"):
        body["tool_choice"] = ask.choice
    elif ask.choice:
        body["tool_choice"] = {"type": "function", "function": {"name": ask.choice}}
    if ask.parallel is not None:
        body["parallel_tool_calls"] = ask.parallel
    if ask.schema:
        form = {"name": "answer", "schema": ask.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    if ask.budget:
        body["reasoning_effort"] = "medium"
    if ask.stop:
        body["stop"] = list(ask.stop)
    return body


def _messages(turn: Turn) -> list[dict]:
    """A turn as messages: results of tools are messages of their own, before what is said."""
    messages = [
        {"role": "tool", "tool_call_id": part.id, "content": part.text}
        for part in turn.parts
        if isinstance(part, ToolResult)
    ]
    said: dict = {"role": turn.role}
    content = [_part(part) for part in turn.parts if isinstance(part, (Text, Image))]
    if len(content) == 1 and content[0]["type"] == "text":
        said["content"] = content[0]["text"]
    elif content:
        said["content"] = content
    calls = [part for part in turn.parts if isinstance(part, ToolUse)]
    if calls:
        said["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in calls
        ]
    thoughts = [part for part in turn.parts if isinstance(part, Thinking)]
    if thoughts:
        said["reasoning_content"] = "".join(part.text for part in thoughts)
        said["thinking_blocks"] = [
            {"type": "thinking", "thinking": part.text, "signature": part.signature}
            for part in thoughts
        ]
    return messages + ([said] if len(said) > 1 else [])


def _part(part: Any) -> dict:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    url = part.url or f"data:{part.media_type};base64,{part.data}"
    return {"type": "image_url", "image_url": {"url": url}}


def seen(body: dict) -> Seen:
    """What a request says that arrived at an OpenAI-compatible vendor."""
    system, turns = [], []
    for message in body["messages"]:
        if message["role"] in ("system", "developer"):
            system.append(_text(message["content"]))
        else:
            turns.append(_turn(message))
    choice = body.get("tool_choice")
    form = body.get("response_format") or {}
    return Seen(
        turns=merged(turns),
        system="\n\n".join(system) or None,
        tools=tuple(tool["function"]["name"] for tool in body.get("tools", [])),
        choice=choice["function"]["name"] if isinstance(choice, dict) else choice,
        parallel=body.get("parallel_tool_calls", True),
        schema=form.get("json_schema", {}).get("schema"),
        thinks="reasoning_effort" in body,
        stop=_stop(body.get("stop")),
        max_tokens=body.get("max_tokens", body.get("max_completion_tokens")),
    )


def _stop(stop: str | list | None) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def _text(content: str | list) -> str:
    return content if isinstance(content, str) else "\n\n".join(part["text"] for part in content)


def _turn(message: dict) -> Turn:
    if message["role"] == "tool":
        return Turn("user", (ToolResult(message["tool_call_id"], _text(message["content"])),))
    parts: list = [
        Thinking(block["thinking"], block["signature"])
        for block in message.get("thinking_blocks", [])
    ]
    content = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for part in content or []:
        parts.append(Text(part["text"]) if part["type"] == "text" else _image(part))
    for call in message.get("tool_calls") or []:
        arguments = json.loads(call["function"]["arguments"])
        parts.append(ToolUse(call["id"], call["function"]["name"], tuple(arguments.items())))
    return Turn(message["role"], tuple(parts))


def _image(part: dict) -> Image:
    url = part["image_url"]["url"]
    if not url.startswith("data:"):
        return Image(url=url)
    media_type, data = url.removeprefix("data:").split(";base64,")
    return Image(media_type=media_type, data=data)


def whole(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a whole answer."""
    answer = client.chat.completions.create(**body)
    choice = answer.choices[0]
    message = choice.message
    extra = message.model_extra or {}
    blocks = extra.get("thinking_blocks") or []
    return Said(
        text=message.content or "",
        finish=FINISH[choice.finish_reason],
        model=answer.model,
        tools=[
            (call.id, call.function.name, json.loads(call.function.arguments))
            for call in message.tool_calls or []
        ],
        reasoning=extra.get("reasoning_content") or "",
        signature=next((block["signature"] for block in blocks if block.get("signature")), None),
        refusal=message.refusal,
        usage=_usage(answer.usage),
    )


def stream(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a stream, and puts it together."""
    said = Said("", "", "", [], "", None, None, {})
    calls: dict[int, list[str]] = {}
    body = body | {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in client.chat.completions.create(**body):
        said.model = chunk.model
        if chunk.usage:
            said.usage = _usage(chunk.usage)
        for choice in chunk.choices:
            _add(said, calls, choice.delta)
            if choice.finish_reason:
                assert not said.finish, "a stream finishes once"
                said.finish = FINISH[choice.finish_reason]
    said.tools = [(id_, name, json.loads(text or "{}")) for id_, name, text in calls.values()]
    return said


def _add(said: Said, calls: dict[int, list[str]], delta: Any) -> None:
    said.text += delta.content or ""
    if delta.refusal:
        said.refusal = (said.refusal or "") + delta.refusal
    extra = delta.model_extra or {}
    said.reasoning += extra.get("reasoning_content") or ""
    for block in extra.get("thinking_blocks") or []:
        said.signature = block.get("signature") or said.signature
    for call in delta.tool_calls or []:
        if call.index not in calls:
            assert call.id and call.function.name, "a call begins with its id and name"
            calls[call.index] = [call.id, call.function.name, ""]
        calls[call.index][2] += call.function.arguments or ""


def _usage(usage: Any) -> dict[str, int]:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return {
        "input": usage.prompt_tokens,
        "output": usage.completion_tokens,
        "cached": (prompt.cached_tokens if prompt else 0) or 0,
        "cache_write": (prompt.cache_write_tokens if prompt else 0) or 0,
        "reasoning": (completion.reasoning_tokens if completion else 0) or 0,
    }
