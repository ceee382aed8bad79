"""OpenAI's words for a conversation: asked by its SDK, seen by its vendor, said by its answers."""

from __future__ import annotations

import json
from typing import Any

import openai

from harness.ask import (
    Ask,
    Document,
    Image,
    Said,
    Seen,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Turn,
    merged,
)

PATH = "/v1/chat/completions"
# What the conversation's words are in this dialect; what is not OpenAI's own goes as an extra field.
SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "presence": "presence_penalty",
    "frequency": "frequency_penalty",
    "user": "user",
    "n": "n",
}
FOREIGN = ("top_k",)
FINISH = {"stop": "stop", "length": "length", "tool_calls": "tools", "content_filter": "filter"}


def request(ask: Ask, model: str) -> dict:
    """The body that asks it."""
    messages: list[dict] = []
    if ask.system:
        role = "developer" if ask.developer else "system"
        messages.append({"role": role, "content": ask.system})
    for turn in ask.turns:
        if turn is ask.turns[-1] and ask.back:
            messages.append(ask.back)
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
    if ask.json:
        body["response_format"] = {"type": "json_object"}
    if ask.budget or ask.effort:
        body["reasoning_effort"] = ask.effort or "medium"
    if ask.stop:
        body["stop"] = list(ask.stop)
    settings(body, ask)
    return body


def settings(body: dict, ask: Ask) -> None:
    """Puts numbers and names into a body; what the SDK has no parameter for is an extra of it."""
    extra = dict(ask.unknown)
    for name, value in ask.settings:
        (extra if name in FOREIGN else body)[SETTINGS[name]] = value
    if extra:
        body["extra_body"] = extra


def _messages(turn: Turn) -> list[dict]:
    """A turn as messages: results of tools are messages of their own, before what is said."""
    messages = [
        {"role": "tool", "tool_call_id": part.id, "content": part.text}
        for part in turn.parts
        if isinstance(part, ToolResult)
    ]
    said: dict = {"role": turn.role}
    content = [_part(part) for part in turn.parts if isinstance(part, (Text, Image, Document))]
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
    if isinstance(part, Document):
        data = f"data:{part.media_type};base64,{part.data}"
        return {"type": "file", "file": {"filename": part.name, "file_data": data}}
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
        json=form.get("type") == "json_object",
        settings=settings_of(body),
    )


def settings_of(body: dict) -> dict[str, Any]:
    """Numbers and names of a request, in the conversation's words."""
    found = {name: body[key] for name, key in SETTINGS.items() if key in body}
    if "reasoning_effort" in body:
        found["effort"] = body["reasoning_effort"]
    return found


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
        parts.append(_seen_part(part))
    for call in message.get("tool_calls") or []:
        arguments = json.loads(call["function"]["arguments"])
        parts.append(ToolUse(call["id"], call["function"]["name"], tuple(arguments.items())))
    return Turn(message["role"], tuple(parts))


def _seen_part(part: dict) -> Text | Image | Document:
    if part["type"] == "text":
        return Text(part["text"])
    if part["type"] == "file":
        media_type, data = _data(part["file"]["file_data"])
        return Document(media_type, data, part["file"]["filename"])
    url = part["image_url"]["url"]
    if not url.startswith("data:"):
        return Image(url=url)
    media_type, data = _data(url)
    return Image(media_type=media_type, data=data)


def _data(url: str) -> list[str]:
    """Type and base64 of a data URL."""
    return url.removeprefix("data:").split(";base64,")


def whole(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a whole answer."""
    answer = client.chat.completions.create(**body)
    choice = answer.choices[0]
    message = choice.message
    extra = message.model_extra or {}
    blocks = extra.get("thinking_blocks") or []
    signatures = [block["signature"] for block in blocks if block.get("signature")]
    signatures += [_google(call) for call in [message, *(message.tool_calls or [])]]
    return Said(
        text=message.content or "",
        finish=FINISH[choice.finish_reason],
        model=answer.model,
        tools=[
            (call.id, call.function.name, json.loads(call.function.arguments))
            for call in message.tool_calls or []
        ],
        reasoning=extra.get("reasoning_content") or "",
        signature=next(filter(None, signatures), None),
        refusal=message.refusal,
        usage=usage_of(answer.usage),
        back=message.model_dump(exclude_none=True),
    )


def _google(said: Any) -> str | None:
    """Gemini's signature of a message or a call, where Google's own API of this dialect has it."""
    extra = (said.model_extra or {}).get("extra_content") or {}
    return extra.get("google", {}).get("thought_signature")


def stream(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a stream, and puts it together."""
    said = Said("", "", "", [], "", None, None, {})
    said.back = {"role": "assistant"}
    calls: dict[int, list[str]] = {}
    body = body | {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in client.chat.completions.create(**body):
        said.model = chunk.model
        if chunk.usage:
            said.usage = usage_of(chunk.usage)
        for choice in chunk.choices:
            _add(said, calls, choice.delta)
            if choice.finish_reason:
                assert not said.finish, "a stream finishes once"
                said.finish = FINISH[choice.finish_reason]
    said.tools = [(id_, name, json.loads(text or "{}")) for id_, name, text in calls.values()]
    for call, (_, _, text) in zip(said.back.get("tool_calls", ()), calls.values(), strict=True):
        call["function"]["arguments"] = text
    if said.text:
        said.back["content"] = said.text
    if said.reasoning:
        said.back["reasoning_content"] = said.reasoning
    return said


def _add(said: Said, calls: dict[int, list[str]], delta: Any) -> None:
    said.text += delta.content or ""
    if delta.refusal:
        said.refusal = (said.refusal or "") + delta.refusal
    extra = delta.model_extra or {}
    said.reasoning += extra.get("reasoning_content") or ""
    for block in extra.get("thinking_blocks") or []:
        said.signature = block.get("signature") or said.signature
        said.back.setdefault("thinking_blocks", []).append(block)
    if extra.get("extra_content"):
        said.back["extra_content"] = extra["extra_content"]
    said.signature = said.signature or _google(delta)
    for call in delta.tool_calls or []:
        said.signature = said.signature or _google(call)
        if call.index not in calls:
            assert call.id and call.function.name, "a call begins with its id and name"
            calls[call.index] = [call.id, call.function.name, ""]
            piece = call.model_dump(exclude_none=True, exclude={"index"})
            said.back.setdefault("tool_calls", []).append(piece)
        calls[call.index][2] += call.function.arguments or ""


def usage_of(usage: Any) -> dict[str, int]:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return {
        "input": usage.prompt_tokens,
        "output": usage.completion_tokens,
        "cached": (prompt.cached_tokens if prompt else 0) or 0,
        "cache_write": (prompt.cache_write_tokens if prompt else 0) or 0,
        "reasoning": (completion.reasoning_tokens if completion else 0) or 0,
    }
