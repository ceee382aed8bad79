"""The words of OpenAI's Responses for a conversation: items in, items out."""

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

PATH = "/v1/responses"
SETTINGS = ("temperature", "top_p", "user")
INCOMPLETE = {"max_output_tokens": "length", "content_filter": "filter"}


def request(ask: Ask, model: str) -> dict:
    """The body that asks it, with nothing kept at the vendor."""
    items: list[dict] = []
    for turn in ask.turns:
        if turn is ask.turns[-1] and ask.back:
            items += ask.back
        items += _items(turn)
    body: dict = {"model": model, "input": items, "store": False}
    body["max_output_tokens"] = ask.max_tokens
    if ask.system:
        body["instructions"] = ask.system
    if ask.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
                "strict": False,
            }
            for tool in ask.tools
        ]
    if ask.choice:
        named = {"type": "function", "name": ask.choice}
        words = ("auto", "required", "none")
        body["tool_choice"] = ask.choice if ask.choice in words else named
    if ask.parallel is not None:
        body["parallel_tool_calls"] = ask.parallel
    if ask.schema:
        form = {"type": "json_schema", "name": "answer", "schema": ask.schema, "strict": True}
        body["text"] = {"format": form}
    elif ask.json:
        body["text"] = {"format": {"type": "json_object"}}
    if ask.budget or ask.effort:
        body["reasoning"] = {"effort": ask.effort or "medium"}
        body["include"] = ["reasoning.encrypted_content"]
    body |= {name: value for name, value in ask.settings if name in SETTINGS}
    return body | ({"extra_body": dict(ask.unknown)} if ask.unknown else {})


def _items(turn: Turn) -> list[dict]:
    """A turn as items: calls and their results are no part of a message."""
    items: list[dict] = []
    content: list[dict] = []
    for part in turn.parts:
        match part:
            case ToolUse(id_, name, arguments):
                said = {"call_id": id_, "name": name, "arguments": json.dumps(dict(arguments))}
                items.append({"type": "function_call"} | said)
            case ToolResult(id_, text):
                item = {"type": "function_call_output", "call_id": id_, "output": text}
                items.append(item)
            case Thinking(text, signature):
                summary = [{"type": "summary_text", "text": text}]
                item = {"type": "reasoning", "id": "rs_1", "summary": summary}
                items.append(item | {"encrypted_content": signature})
            case _:
                content.append(_part(part))
    if not content:
        return items
    said: Any = content
    if turn.role == "assistant":
        # Parts of an answer need the ids that only their vendor gives.
        said = "".join(part["text"] for part in content)
    message = {"type": "message", "role": turn.role, "content": said}
    # What was said stands before what was called, but behind results.
    called = items and items[0]["type"] == "function_call"
    return [message, *items] if called else [*items, message]


def _part(part: Any) -> dict:
    match part:
        case Text(text):
            return {"type": "input_text", "text": text}
        case Document(media_type, data, name):
            url = f"data:{media_type};base64,{data}"
            return {"type": "input_file", "filename": name, "file_data": url}
        case Image(url, media_type, data):
            url = url or f"data:{media_type};base64,{data}"
            return {"type": "input_image", "image_url": url, "detail": "auto"}
    raise TypeError(part)


def seen(body: dict) -> Seen:
    """What a request says that arrived at a vendor of this dialect."""
    choice = body.get("tool_choice")
    form = body.get("text", {}).get("format", {})
    settings = {name: body[name] for name in SETTINGS if name in body}
    if "effort" in body.get("reasoning", {}):
        settings["effort"] = body["reasoning"]["effort"]
    items = body["input"]
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    return Seen(
        turns=merged([_turn(item) for item in items]),
        system=body.get("instructions"),
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        choice=choice["name"] if isinstance(choice, dict) else choice,
        parallel=body.get("parallel_tool_calls", True),
        schema=form.get("schema"),
        thinks="reasoning" in body,
        stop=(),
        max_tokens=body.get("max_output_tokens"),
        json=form.get("type") == "json_object",
        settings=settings,
    )


def _turn(item: dict) -> Turn:
    match item.get("type", "message"):
        case "function_call":
            arguments = json.loads(item["arguments"])
            use = ToolUse(item["call_id"], item["name"], tuple(arguments.items()))
            return Turn("assistant", (use,))
        case "function_call_output":
            return Turn("user", (ToolResult(item["call_id"], item["output"]),))
        case "reasoning":
            text = "".join(part["text"] for part in item["summary"])
            return Turn("assistant", (Thinking(text, item.get("encrypted_content")),))
    content = item["content"]
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    return Turn(item["role"], tuple(_seen_part(part) for part in content))


def _seen_part(part: dict) -> Any:
    if part["type"] in ("input_text", "output_text"):
        return Text(part["text"])
    file = part["type"] == "input_file"
    url = part["file_data"] if file else part["image_url"]
    if not url.startswith("data:"):
        return Image(url=url)
    media_type, data = url.removeprefix("data:").split(";base64,")
    if file:
        return Document(media_type, data, part["filename"])
    return Image(media_type=media_type, data=data)


def whole(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a whole answer."""
    return _said(client.responses.create(**body))


def stream(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a stream; the events are counted, and the last holds the whole answer."""
    last = None
    numbers = []
    text = ""
    for event in client.responses.create(**body, stream=True):
        numbers.append(event.sequence_number)
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type == "error":
            raise openai.APIError(event.message, request=None, body={"type": event.code})
        last = event
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers
    if last.type == "response.failed":
        error = last.response.error
        raise openai.APIError(error.message, request=None, body={"type": error.code})
    assert last.type in ("response.completed", "response.incomplete"), last.type
    said = _said(last.response)
    assert said.text == text, "the pieces make the whole"
    return said


def _sealed(thought: Any) -> bool:
    """Whether there is more to a thought than its text."""
    content = thought.encrypted_content
    return bool(content) and not content.startswith("tollgate:plain:")


def _said(response: Any) -> Said:
    messages = [item for item in response.output if item.type == "message"]
    parts = [part for message in messages for part in message.content]
    thoughts = [item for item in response.output if item.type == "reasoning"]
    calls = [item for item in response.output if item.type == "function_call"]
    finish = "tools" if calls else "stop"
    if response.status == "incomplete":
        finish = INCOMPLETE[response.incomplete_details.reason]
    usage = response.usage
    return Said(
        text="".join(part.text for part in parts if part.type == "output_text"),
        finish=finish,
        model=response.model,
        tools=[(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
        reasoning="".join(part.text for item in thoughts for part in item.summary),
        signature=next((i.encrypted_content for i in thoughts if _sealed(i)), None),
        refusal=next((part.refusal for part in parts if part.type == "refusal"), None),
        usage={
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cached": usage.input_tokens_details.cached_tokens,
            "cache_write": usage.input_tokens_details.cache_write_tokens,
            "reasoning": usage.output_tokens_details.reasoning_tokens,
        },
        back=[item.model_dump(exclude_none=True) for item in response.output],
    )
