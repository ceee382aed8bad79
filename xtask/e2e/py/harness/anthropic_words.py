"""Anthropic's words for a conversation: asked by its SDK, seen by its vendor, said in answers."""

from __future__ import annotations

from typing import Any

import anthropic

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

PATH = "/v1/messages"
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tools",
    "refusal": "filter",
    "model_context_window_exceeded": "context",
    "pause_turn": "pause",
}
# What the SDK has no parameter for: newer API versions refuse sampling, the gateway's does not.
SETTINGS = ("temperature", "top_p", "top_k")


def request(ask: Ask, model: str) -> dict:
    """The body that asks it."""
    body: dict = {
        "model": model,
        "max_tokens": ask.max_tokens,
        "messages": [
            {"role": turn.role, "content": [_block(part) for part in turn.parts]}
            for turn in ask.turns
        ],
    }
    if ask.back:
        body["messages"].insert(-1, ask.back)
    if ask.system:
        body["system"] = ask.system
    if ask.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
            for tool in ask.tools
        ]
    if ask.choice or ask.parallel is not None:
        body["tool_choice"] = _choice(ask)
    if ask.schema:
        body["output_config"] = {"format": {"type": "json_schema", "schema": ask.schema}}
    if ask.budget:
        body["thinking"] = {"type": "enabled", "budget_tokens": ask.budget}
    elif ask.effort == "none":
        body["thinking"] = {"type": "disabled"}
    elif ask.effort:
        body["thinking"] = {"type": "adaptive"}
        body.setdefault("output_config", {})["effort"] = ask.effort
    if ask.stop:
        body["stop_sequences"] = list(ask.stop)
    extra = dict(ask.unknown)
    for name, value in ask.settings:
        if name in SETTINGS:
            extra[name] = value
        elif name == "user":
            body["metadata"] = {"user_id": value}
    if extra:
        body["extra_body"] = extra
    return body


def _choice(ask: Ask) -> dict:
    names = {None: "auto", "auto": "auto", "required": "any", "none": "none"}
    choice: dict = {"type": names.get(ask.choice, "tool")}
    if choice["type"] == "tool":
        choice["name"] = ask.choice
    if ask.parallel is not None:
        choice["disable_parallel_tool_use"] = not ask.parallel
    return choice


def _block(part: Any) -> dict:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(url=str(url)):
            return {"type": "image", "source": {"type": "url", "url": url}}
        case Image(media_type=media_type, data=data):
            source = {"type": "base64", "media_type": media_type, "data": data}
            return {"type": "image", "source": source}
        case ToolUse(id_, name, arguments):
            return {"type": "tool_use", "id": id_, "name": name, "input": dict(arguments)}
        case Document(media_type, data, name):
            source = {"type": "base64", "media_type": media_type, "data": data}
            return {"type": "document", "source": source, "title": name}
        case ToolResult(id_, text, error):
            block = {"type": "tool_result", "tool_use_id": id_, "content": text}
            return block | ({"is_error": True} if error else {})
        case Thinking(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
    raise TypeError(part)


def seen(body: dict) -> Seen:
    """What a request says that arrived at Anthropic."""
    choice = body.get("tool_choice") or {}
    names = {"auto": "auto", "any": "required", "none": "none", "tool": choice.get("name")}
    form = body.get("output_config", {}).get("format") or {}
    return Seen(
        turns=merged([_turn(message) for message in body["messages"]]),
        system=_text(body["system"]) if body.get("system") else None,
        tools=tuple(tool["name"] for tool in body.get("tools", [])),
        choice=names[choice["type"]] if choice else None,
        parallel=not choice.get("disable_parallel_tool_use", False),
        schema=form.get("schema"),
        thinks=body.get("thinking", {}).get("type") in ("enabled", "adaptive"),
        stop=tuple(body.get("stop_sequences", ())),
        max_tokens=body["max_tokens"],
        settings=_settings(body),
    )


def _settings(body: dict) -> dict[str, Any]:
    """Numbers and names of a request, in the conversation's words."""
    found = {name: body[name] for name in SETTINGS if name in body}
    if "metadata" in body:
        found["user"] = body["metadata"]["user_id"]
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        found["effort"] = thinking["budget_tokens"]
    elif thinking.get("type") == "disabled":
        found["effort"] = "none"
    elif thinking:
        found["effort"] = body.get("output_config", {}).get("effort", "adaptive")
    return found


def _text(content: str | list) -> str:
    return content if isinstance(content, str) else "\n\n".join(block["text"] for block in content)


def _turn(message: dict) -> Turn:
    content = message["content"]
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return Turn(message["role"], tuple(_part(block) for block in content))


def _part(block: dict) -> Any:
    match block["type"]:
        case "text":
            return Text(block["text"])
        case "image":
            source = block["source"]
            if source["type"] == "url":
                return Image(url=source["url"])
            return Image(media_type=source["media_type"], data=source["data"])
        case "document":
            source = block["source"]
            return Document(source["media_type"], source["data"], block.get("title"))
        case "tool_use":
            return ToolUse(block["id"], block["name"], tuple(block["input"].items()))
        case "tool_result":
            return ToolResult(
                block["tool_use_id"], _text(block.get("content", "")), block.get("is_error", False)
            )
        case "thinking":
            return Thinking(block["thinking"], block["signature"])
    raise TypeError(block)


def whole(client: anthropic.Anthropic, body: dict) -> Said:
    """Asks for a whole answer."""
    return _said(client.messages.create(**body))


def stream(client: anthropic.Anthropic, body: dict) -> Said:
    """Asks for a stream; the SDK's own accumulator, which checks the order, puts it together."""
    with client.messages.stream(**body) as events:
        return _said(events.get_final_message())


def _said(message: Any) -> Said:
    usage = message.usage
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    details = usage.output_tokens_details
    thoughts = [block for block in message.content if block.type == "thinking"]
    refused = message.stop_details
    return Said(
        text="".join(block.text for block in message.content if block.type == "text"),
        finish=FINISH[message.stop_reason],
        model=message.model,
        tools=[
            (block.id, block.name, block.input)
            for block in message.content
            if block.type == "tool_use"
        ],
        reasoning="".join(block.thinking for block in thoughts),
        signature=next((block.signature for block in thoughts if block.signature), None),
        refusal=refused.explanation if refused else None,
        usage={
            "input": usage.input_tokens + cached + written,
            "output": usage.output_tokens,
            "cached": cached,
            "cache_write": written,
            "reasoning": (details.thinking_tokens if details else 0) or 0,
        },
        back={
            "role": "assistant",
            "content": [block.model_dump(exclude_none=True) for block in message.content],
        },
    )
