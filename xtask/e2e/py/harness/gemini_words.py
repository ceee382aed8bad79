"""Gemini's words for a conversation: asked by its clients, seen by its vendor, said in answers."""

from __future__ import annotations

import json
from typing import Any

from google.genai import types

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

SETTINGS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "presence": "presencePenalty",
    "frequency": "frequencyPenalty",
    "n": "candidateCount",
}
MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
# What stands before the name of a call that has no id.
NAMED = "named:"
FINISH = {"STOP": "stop", "MAX_TOKENS": "length"}


def request(ask: Ask) -> dict:
    """The body that asks it; the model stands in the address."""
    names = {p.id: p.name for turn in ask.turns for p in turn.parts if isinstance(p, ToolUse)}
    names |= {call["id"]: call["name"] for call in _calls(ask.back or {}) if "id" in call}
    contents = [
        {
            "role": "model" if turn.role == "assistant" else "user",
            "parts": [_part(part, names) for part in turn.parts],
        }
        for turn in ask.turns
    ]
    if ask.back:
        contents.insert(-1, ask.back)
    body: dict = {"contents": contents}
    if ask.system:
        body["systemInstruction"] = {"parts": [{"text": ask.system}]}
    if ask.tools:
        functions = [
            {"name": t.name, "description": t.description, "parametersJsonSchema": t.schema}
            for t in ask.tools
        ]
        body["tools"] = [{"functionDeclarations": functions}]
    if ask.choice:
        calling: dict = {"mode": MODES.get(ask.choice, "ANY")}
        if ask.choice not in MODES:
            calling["allowedFunctionNames"] = [ask.choice]
        body["toolConfig"] = {"functionCallingConfig": calling}
    body["generationConfig"] = _config(ask)
    return body | dict(ask.unknown)


def _config(ask: Ask) -> dict:
    config: dict = {"maxOutputTokens": ask.max_tokens}
    if ask.schema or ask.json:
        config["responseMimeType"] = "application/json"
    if ask.schema:
        config["responseJsonSchema"] = ask.schema
    if ask.budget:
        config["thinkingConfig"] = {"includeThoughts": True, "thinkingBudget": ask.budget}
    elif ask.effort == "none":
        # Its word for none at all; levels begin above it.
        config["thinkingConfig"] = {"thinkingBudget": 0}
    elif ask.effort:
        level = ask.effort.upper()
        config["thinkingConfig"] = {"includeThoughts": True, "thinkingLevel": level}
    if ask.stop:
        config["stopSequences"] = list(ask.stop)
    return config | {SETTINGS[name]: value for name, value in ask.settings if name in SETTINGS}


def _part(part: Any, names: dict[str, str]) -> dict:
    match part:
        case Text(text):
            return {"text": text}
        case Image(url=str(url)):
            return {"fileData": {"mimeType": "image/png", "fileUri": url}}
        case Image(media_type=media_type, data=data) | Document(media_type, data):
            return {"inlineData": {"mimeType": media_type, "data": data}}
        case ToolUse(id_, name, arguments):
            return {"functionCall": {"id": id_, "name": name, "args": dict(arguments)}}
        case ToolResult(id_, text, error):
            # Without an id of its vendor, a result goes by the name of its call.
            name = id_.removeprefix(NAMED)
            ids = {} if name != id_ else {"id": id_}
            response = {"error" if error else "output": text}
            called = ids | {"name": names.get(id_, name), "response": response}
            return {"functionResponse": called}
        case Thinking(text, signature):
            return {"text": text, "thought": True, "thoughtSignature": signature}
    raise TypeError(part)


def _calls(content: dict) -> list[dict]:
    return [p["functionCall"] for p in content.get("parts", ()) if "functionCall" in p]


def seen(body: dict) -> Seen:
    """What a request says that arrived at Gemini."""
    config = body.get("generationConfig", {})
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    named = calling.get("allowedFunctionNames")
    modes = {word: mode for mode, word in MODES.items()} | {None: None}
    system = [part["text"] for part in body.get("systemInstruction", {}).get("parts", ())]
    functions = [f for tool in body.get("tools", ()) for f in tool["functionDeclarations"]]
    thinking = config.get("thinkingConfig")
    settings = {name: config[key] for name, key in SETTINGS.items() if key in config}
    if thinking:
        effort = thinking.get("thinkingLevel", thinking.get("thinkingBudget", "adaptive"))
        settings["effort"] = effort.lower() if isinstance(effort, str) else effort or "none"
    return Seen(
        turns=merged([_turn(content) for content in body["contents"]]),
        system="\n\n".join(system) or None,
        tools=tuple(function["name"] for function in functions),
        choice=named[0] if named else modes[calling.get("mode")],
        parallel=True,
        schema=config.get("responseJsonSchema"),
        thinks=bool(thinking),
        stop=tuple(config.get("stopSequences", ())),
        max_tokens=config.get("maxOutputTokens"),
        json=config.get("responseMimeType") == "application/json"
        and "responseJsonSchema" not in config,
        settings=settings,
    )


def _turn(content: dict) -> Turn:
    parts: list = []
    for part in content["parts"]:
        # A signature stands on the part that it led to.
        if "thoughtSignature" in part and not part.get("thought"):
            parts.append(Thinking("", part["thoughtSignature"]))
        parts.append(_seen_part(part))
    return Turn("assistant" if content.get("role") == "model" else "user", tuple(parts))


def _seen_part(part: dict) -> Any:
    match part:
        case {"thought": True, "text": text}:
            return Thinking(text, part.get("thoughtSignature"))
        case {"text": text}:
            return Text(text)
        case {"fileData": {"fileUri": url}}:
            return Image(url=url)
        case {"inlineData": {"mimeType": media_type, "data": data}}:
            if media_type.startswith("image/"):
                return Image(media_type=media_type, data=data)
            return Document(media_type, data, None)
        case {"functionCall": call}:
            return ToolUse(call.get("id"), call["name"], tuple(call.get("args", {}).items()))
        case {"functionResponse": result}:
            response = result["response"]
            error = set(response) == {"error"}
            text = response.get("error" if error else "output")
            id_ = result.get("id", NAMED + result["name"])
            return ToolResult(id_, text or json.dumps(response), error)
    raise TypeError(part)


def said(chunks: list[dict]) -> Said:
    """What an answer says, whole or in chunks; each is one that the SDK's strict types accept."""
    for chunk in chunks:
        types.GenerateContentResponse.model_validate(chunk)
    candidates = [one for chunk in chunks for one in chunk.get("candidates", ())]
    parts = [part for one in candidates for part in one["content"].get("parts", ())]
    ends = [one["finishReason"] for one in candidates if "finishReason" in one]
    assert len(ends) == 1, "an answer ends once"
    thoughts = [part for part in parts if part.get("thought")]
    spoken = [part for part in parts if "text" in part and not part.get("thought")]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    usage = [chunk["usageMetadata"] for chunk in chunks if "usageMetadata" in chunk]
    finish = FINISH.get(ends[0], "filter")
    return Said(
        text="".join(part["text"] for part in spoken),
        finish="tools" if calls and finish == "stop" else finish,
        model=chunks[-1]["modelVersion"],
        tools=[(call.get("id"), call["name"], call.get("args", {})) for call in calls],
        reasoning="".join(part["text"] for part in thoughts),
        signature=next((p["thoughtSignature"] for p in parts if "thoughtSignature" in p), None),
        refusal=None,
        usage=_usage(usage[-1]) if usage else {},
        back={"role": "model", "parts": parts},
    )


def _usage(usage: dict) -> dict[str, int]:
    reasoning = usage.get("thoughtsTokenCount", 0)
    return {
        "input": usage["promptTokenCount"],
        "output": usage.get("candidatesTokenCount", 0) + reasoning,
        "cached": usage.get("cachedContentTokenCount", 0),
        "cache_write": 0,
        "reasoning": reasoning,
    }
