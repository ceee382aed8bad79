"""What helps when a deployment cannot: other groups, a pause that is kept, a breaker."""

from __future__ import annotations

import openai
import pytest

from harness.client import CHAT, QUICK, text_of
from harness.config import NO_RETRIES, many, model, one
from harness.contract import check_sent
from harness.processes import fault, status


@pytest.fixture
def groups(upstream, start):
    """A model `m` with a fallback of each kind."""
    names = ("main", "general", "large", "liberal")
    vendors = {name: upstream("openai", name) for name in names}
    models = {name: model(vendors[name], retries=QUICK) for name in names[1:]}
    fallbacks = {
        "any": ["general"],
        "context_window": ["large"],
        "content_policy": ["liberal"],
    }
    models["m"] = model(vendors["main"], retries=QUICK, fallbacks=fallbacks)
    return start({"models": models}), vendors


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("broken", "by"),
    [
        (status(500), "general"),
        (fault("refuse", why="auth"), "general"),
        (fault("refuse", why="context_length"), "large"),
        (fault("refuse", why="content_filter"), "liberal"),
    ],
    ids=["500", "auth", "context", "policy"],
)
def test_another_group_serves_what_this_one_cannot(groups, broken, by, streamed):
    gateway, vendors = groups
    vendors["main"].script(default=broken)
    assert text_of(gateway, "openai", streamed) == f"Hello from {by}."
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.headers["x-tollgate-model"] == by


def test_a_fallback_of_another_dialect_serves(vendors, start):
    models = {
        "m": model(vendors["openai"], retries=QUICK, fallbacks={"any": ["other"]}),
        "other": model(vendors["anthropic"]),
    }
    gateway = start({"models": models})
    vendors["openai"].fault("status", code=500)
    for streamed in (False, True):
        assert text_of(gateway, "openai", streamed) == "Hello from anthropic."
    entry = vendors["anthropic"].last()
    check_sent(entry["path"], entry["body"])


def test_a_mistake_of_the_client_is_nobody_elses_either(groups):
    gateway, vendors = groups
    vendors["main"].script(default=status(422))
    with pytest.raises(openai.UnprocessableEntityError):
        text_of(gateway, "openai")
    assert [vendor.hits for vendor in vendors.values()] == [1, 0, 0, 0]


def test_a_vendor_that_asks_for_a_pause_gets_it(pair, start):
    first, second = pair
    gateway = start(many(first, second))
    first.script(default=status(429) | {"headers": {"retry-after": "60"}})
    for _ in range(5):
        assert text_of(gateway, "openai") == f"Hello from {second.name}."
    assert first.hits == 1
    states = gateway.get("/v1/providers/status").json["models"][0]["deployments"]
    assert [state["available"] for state in states] == [False, True]
    # What the vendor asked for and at most a second more, so that replicas do not return in step.
    assert 50 < states[0]["retry_in_seconds"] <= 61


def test_a_deployment_that_keeps_failing_is_left_alone(pair, start):
    first, second = pair
    gateway = start(many(first, second))
    first.fault("status", code=500)
    for _ in range(12):
        assert text_of(gateway, "openai") == f"Hello from {second.name}."
    assert 1 <= first.hits <= 6, "the breaker opens after five failures in a row"
    assert second.hits == 12


def test_a_pause_of_every_deployment_is_a_429_with_its_end(pair, start):
    first, _ = pair
    gateway = start(one(first, retries=NO_RETRIES))
    first.script(status(429) | {"headers": {"retry-after": "30"}})
    for expected in (1, 1):
        answer = gateway.post("/v1/chat/completions", CHAT)
        assert answer.status == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 32
        assert first.hits == expected
