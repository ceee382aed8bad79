"""Bedrock Converse's words for a conversation, as its vendor sees them."""

from __future__ import annotations

import json
from typing import Any

from harness.ask import Document, Image, Seen, Text, Thinking, ToolResult, ToolUse, Turn, merged


def seen(body: dict) -> Seen:
    """What a request says that arrived at Converse."""
    config = body.get("toolConfig", {})
    choice = config.get("toolChoice", {})
    names = {"auto": "auto", "any": "required", "tool": choice.get("tool", {}).get("name")}
    inference = body.get("inferenceConfig", {})
    extra = body.get("additionalModelRequestFields", {})
    form = body.get("outputConfig", {}).get("textFormat", {})
    schema = form.get("structure", {}).get("jsonSchema", {}).get("schema")
    system = [block["text"] for block in body.get("system", ()) if "text" in block]
    thinks = "thinking" in extra or "reasoningConfig" in extra
    return Seen(
        turns=merged([_turn(message) for message in body["messages"]]),
        system="\n\n".join(system) or None,
        tools=tuple(tool["toolSpec"]["name"] for tool in config.get("tools", ())),
        choice=names[next(iter(choice))] if choice else None,
        parallel=not extra.get("tool_choice", {}).get("disable_parallel_tool_use", False),
        schema=json.loads(schema) if schema else None,
        thinks=thinks,
        stop=tuple(inference.get("stopSequences", ())),
        max_tokens=inference.get("maxTokens"),
        settings=_settings(inference, extra, body),
    )


def _settings(inference: dict, extra: dict, body: dict) -> dict[str, Any]:
    names = {"temperature": "temperature", "top_p": "topP"}
    found = {name: inference[key] for name, key in names.items() if key in inference}
    top_k = extra.get("top_k", extra.get("inferenceConfig", {}).get("topK"))
    if top_k is not None:
        found["top_k"] = top_k
    if "reasoningConfig" in extra:
        found["effort"] = extra["reasoningConfig"]["maxReasoningEffort"]
    elif "thinking" in extra:
        effort = body.get("outputConfig", {}).get("effort", "adaptive")
        found["effort"] = extra["thinking"].get("budget_tokens", effort)
    return found


def _turn(message: dict) -> Turn:
    parts = [_part(block) for block in message["content"] if "cachePoint" not in block]
    return Turn(message["role"], tuple(parts))


def _part(block: dict) -> Any:
    match block:
        case {"text": text}:
            return Text(text)
        case {"image": {"format": form, "source": {"bytes": data}}}:
            return Image(media_type=f"image/{form}", data=data)
        case {"document": {"format": form, "name": name, "source": {"bytes": data}}}:
            return Document(f"application/{form}", data, name)
        case {"toolUse": call}:
            return ToolUse(call["toolUseId"], call["name"], tuple(call["input"].items()))
        case {"toolResult": result}:
            text = "\n\n".join(part["text"] for part in result["content"])
            return ToolResult(result["toolUseId"], text, result.get("status") == "error")
        case {"reasoningContent": {"reasoningText": said}}:
            return Thinking(said["text"], said.get("signature"))
        case {"reasoningContent": {"redactedContent": data}}:
            return Thinking("", data)
    raise TypeError(block)
