"""OpenAI's Responses as a scripted vendor: whole answers, and streams with every event."""

from __future__ import annotations

from typing import Any

from harness.pairs.answers import Answer, arguments, pieces
from harness.pairs.vendors.base import data

INCOMPLETE = {"length": "max_output_tokens", "filter": "content_filter"}
HEAD = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1_760_000_000,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}


def whole(model: str, answer: Answer) -> dict[str, Any]:
    """A whole answer."""
    usage = answer.usage
    reason = INCOMPLETE.get(answer.end)
    counts = {
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
    ended = {
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
    }
    return HEAD | {"model": model, "output": _output(answer), "usage": counts} | ended


def _output(answer: Answer) -> list[dict]:
    items: list[dict] = []
    content: list[dict] = []
    if answer.refusal:
        content.append({"type": "refusal", "refusal": answer.refusal})
    elif answer.text or not answer.tools:
        content.append({"type": "output_text", "text": answer.text, "annotations": []})
    if content:
        said = {"role": "assistant", "content": content, "status": "completed"}
        items.append({"id": "msg_1", "type": "message"} | said)
    for number, call in enumerate(answer.tools):
        called = {"call_id": call.id, "name": call.name, "arguments": arguments(call)}
        made = {"id": f"fc_{number}", "type": "function_call", "status": "completed"}
        items.append(made | called)
    return items


def stream(model: str, answer: Answer) -> list[bytes]:
    """A streamed answer."""
    response = whole(model, answer)
    begun = response | {"status": "in_progress", "incomplete_details": None}
    begun |= {"output": [], "usage": None}
    found: list[dict] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for at, item in enumerate(response["output"]):
        found += _message(item, at) if item["type"] == "message" else _call(item, at)
        if answer.breaks:
            found = [one for one in found if not one["type"].endswith(".done")]
            if answer.breaks == "error":
                error = {"code": "server_error", "message": "It broke.", "param": None}
                found.append({"type": "error"} | error)
            return _written(found)
    found.append({"type": f"response.{response['status']}", "response": response})
    return _written(found)


def _message(item: dict, at: int) -> list[dict]:
    (part,) = item["content"]
    kind = "refusal" if part["type"] == "refusal" else "output_text"
    field = "refusal" if kind == "refusal" else "text"
    place = {"item_id": item["id"], "output_index": at, "content_index": 0}
    more = {} if kind == "refusal" else {"logprobs": []}
    begun = item | {"content": [], "status": "in_progress"}
    deltas = [
        {"type": f"response.{kind}.delta", "delta": piece} | place | more
        for piece in pieces(part[field])
    ]
    return [
        {"type": "response.output_item.added", "output_index": at, "item": begun},
        {"type": "response.content_part.added", "part": part | {field: ""}} | place,
        *deltas,
        {"type": f"response.{kind}.done", field: part[field]} | place | more,
        {"type": "response.content_part.done", "part": part} | place,
        {"type": "response.output_item.done", "output_index": at, "item": item},
    ]


def _call(item: dict, at: int) -> list[dict]:
    place = {"item_id": item["id"], "output_index": at}
    kind = "response.function_call_arguments"
    begun = item | {"arguments": "", "status": "in_progress"}
    done = {"arguments": item["arguments"], "name": item["name"]}
    return [
        {"type": "response.output_item.added", "output_index": at, "item": begun},
        *({"type": f"{kind}.delta", "delta": p} | place for p in pieces(item["arguments"])),
        {"type": f"{kind}.done"} | done | place,
        {"type": "response.output_item.done", "output_index": at, "item": item},
    ]


def _written(found: list[dict]) -> list[bytes]:
    return [data(one | {"sequence_number": at}, one["type"]) for at, one in enumerate(found)]
