"""The contract checker itself: what an SDK could send passes, what it could not is found."""

import pytest

from harness.contract import ANTHROPIC_MESSAGES, OPENAI_CHAT, check, check_sent

USER = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def test_what_the_sdks_send_passes():
    check_sent("/v1/chat/completions", {"model": "m", "messages": USER, "tools": [TOOL], "n": 1})
    check_sent("/v1/embeddings", {"model": "m", "input": ["a"], "encoding_format": "base64"})
    check_sent("/v1/completions", {"model": "m", "prompt": "a"})
    messages = {"model": "m", "messages": USER, "max_tokens": 5}
    check_sent("/v1/messages", messages | {"temperature": 0.5, "system": "s", "stream": True})
    check_sent("/v1/messages/count_tokens", {"model": "m", "messages": USER})


@pytest.mark.parametrize(
    ("kind", "body", "at"),
    [
        (OPENAI_CHAT, {"messages": USER}, "$.model"),
        (OPENAI_CHAT, {"model": "m", "messages": USER, "max_output": 1}, "$.max_output"),
        (OPENAI_CHAT, {"model": "m", "messages": USER, "temperature": "1"}, "$.temperature"),
        (OPENAI_CHAT, {"model": "m", "messages": [{"role": "robot", "content": ""}]}, "[0]"),
        (OPENAI_CHAT, {"model": "m", "messages": [{"role": "tool", "content": ""}]}, "[0]"),
        (
            OPENAI_CHAT,
            {"model": "m", "messages": USER, "tools": [{"type": "function"}]},
            "tools[0]",
        ),
        (ANTHROPIC_MESSAGES, {"model": "m", "messages": USER}, "$.max_tokens"),
        (
            ANTHROPIC_MESSAGES,
            {"model": "m", "max_tokens": 1, "messages": [{"role": "tool", "content": "x"}]},
            "role",
        ),
        (
            ANTHROPIC_MESSAGES,
            {"model": "m", "max_tokens": 1, "messages": USER, "tools": [{"name": "f"}]},
            "tools[0]",
        ),
    ],
)
def test_what_they_could_not_send_is_found(kind, body, at):
    errors = check(kind, body)
    assert any(at in error for error in errors), errors


def test_sampling_out_of_range_is_found():
    body = {"model": "m", "messages": USER, "max_tokens": 5, "temperature": 1.5}
    with pytest.raises(AssertionError, match="temperature"):
        check_sent("/v1/messages", body)
