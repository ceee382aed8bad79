"""What both clients do in the tests of faults: ask, read, and look at how a stream ended."""

from __future__ import annotations

from harness.processes import Gateway

MESSAGES = [{"role": "user", "content": "hi"}]
CHAT = {"model": "m", "messages": MESSAGES}
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
# Retries without the pauses that production wants.
QUICK = {"max_attempts": 3, "base": "1ms", "cap": "2ms"}


def text_of(gateway: Gateway, client: str, streamed: bool = False) -> str:
    """The text that a client of that dialect gets."""
    if client == "openai":
        sdk = gateway.openai().chat.completions
        if not streamed:
            return sdk.create(**CHAT).choices[0].message.content
        chunks = sdk.create(**CHAT, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    sdk = gateway.anthropic().messages
    if not streamed:
        return sdk.create(**CHAT, max_tokens=99).content[0].text
    with sdk.stream(**CHAT, max_tokens=99) as events:
        return events.get_final_text()


def events_of(gateway: Gateway, client: str) -> list:
    """The events of a stream as they stand on the wire."""
    with gateway.stream(PATHS[client], CHAT | {"stream": True, "max_tokens": 99}) as stream:
        assert stream.status == 200, stream.answer().text
        return list(stream.events())


def assert_ends_with_one_error(events: list, client: str) -> None:
    """Exactly one error event, at the end, and nothing that says the answer was complete."""
    if client == "openai":
        errors = [at for at, event in enumerate(events) if '"error"' in event.data]
        assert "[DONE]" not in [event.data for event in events]
        assert set(events[-1].json["error"]) == {"message", "type", "param", "code"}
        reasons = [
            choice["finish_reason"]
            for event in events[:-1]
            for choice in event.json.get("choices", [])
        ]
        assert not any(reasons), "an answer that broke has no reason to finish"
    else:
        errors = [at for at, event in enumerate(events) if event.name == "error"]
        names = [event.name for event in events]
        assert "message_stop" not in names
        assert events[-1].json["type"] == "error"
        assert events[-1].json["error"]["message"]
    assert errors == [len(events) - 1]
