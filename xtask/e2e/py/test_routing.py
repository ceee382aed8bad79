"""Which deployment serves: strategies, weights, priorities, keys, and the client's own choice."""

from __future__ import annotations

import pytest

from harness.config import deployment, many, model
from harness.processes import status

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def three(upstream):
    return [upstream("openai", name) for name in ("a", "b", "c")]


def ask(gateway, times: int, **more) -> list[str]:
    """Who answered, in order."""
    who = []
    for _ in range(times):
        answer = gateway.post("/v1/chat/completions", CHAT | more)
        assert answer.status == 200, answer.text
        text = answer.json["choices"][0]["message"]["content"]
        who.append(text.removeprefix("Hello from ").removesuffix("."))
    return who


def test_round_robin_goes_round(three, start):
    gateway = start({"models": {"m": model(*three, strategy="round_robin")}})
    who = ask(gateway, 9)
    assert sorted(who[:3]) == ["a", "b", "c"]
    assert who == who[:3] * 3


def test_round_robin_respects_weights_smoothly(three, start):
    weights = (3, 2, 1)
    deployments = [deployment(v, weight=w) for v, w in zip(three, weights, strict=True)]
    gateway = start({"models": {"m": {"deployments": deployments, "strategy": "round_robin"}}})
    who = ask(gateway, 12)
    assert [who.count(name) for name in "abc"] == [6, 4, 2]
    # Smooth: nobody is served all its turns at once.
    assert "aaa" not in "".join(who)


def test_random_respects_weights(three, start):
    deployments = [deployment(v, weight=w) for v, w in zip(three, (8, 1, 1), strict=True)]
    gateway = start({"models": {"m": {"deployments": deployments, "strategy": "random"}}})
    who = ask(gateway, 200)
    # 160 expected, deviation 5.7: six deviations to either side.
    assert 125 <= who.count("a") <= 195
    assert set(who) == {"a", "b", "c"}


def test_first_available_stays_with_the_first_that_can(three, start):
    gateway = start(many(*three))
    assert ask(gateway, 4) == ["a"] * 4
    three[0].script(default=status(429) | {"headers": {"retry-after": "60"}})
    assert ask(gateway, 3) == ["b"] * 3


def test_a_lower_priority_is_kept_in_reserve(three, start):
    priorities = (1, 0, 0)
    deployments = [deployment(v, priority=p) for v, p in zip(three, priorities, strict=True)]
    gateway = start({"models": {"m": {"deployments": deployments, "strategy": "round_robin"}}})
    assert sorted(set(ask(gateway, 6))) == ["b", "c"]
    for vendor in three[1:]:
        vendor.script(default=status(429) | {"headers": {"retry-after": "60"}})
    assert set(ask(gateway, 3)) == {"a"}


@pytest.mark.parametrize(
    ("strategy", "who"),
    [("first_available", {"a"}), ("round_robin", {"a", "b", "c"}), ("random", {"a", "b", "c"})],
)
def test_a_request_may_name_its_strategy(three, start, strategy, who):
    configured = "round_robin" if strategy == "first_available" else "first_available"
    gateway = start({"models": {"m": model(*three, strategy=configured)}})
    assert set(ask(gateway, 30, load_balance_strategy=strategy)) == who
    for vendor in three:
        for entry in vendor.journal():
            assert "load_balance_strategy" not in entry["body"], "ours, and not for vendors"


def test_an_unknown_strategy_is_named(three, start):
    gateway = start(many(*three))
    answer = gateway.post("/v1/chat/completions", CHAT | {"load_balance_strategy": "fastest"})
    assert answer.status == 400
    assert answer.json["error"]["param"] == "load_balance_strategy"
    for name in ("round_robin", "random", "first_available"):
        assert name in answer.json["error"]["message"]
    assert three[0].hits == 0


def test_several_keys_of_one_deployment_share_by_weight(upstream, start):
    vendor = upstream("openai", "a")
    keys = ["sk-one", {"key": "sk-two", "weight": 3}]
    models = {"m": {"deployments": [deployment(vendor, api_keys=keys)], "strategy": "round_robin"}}
    gateway = start({"models": models})
    ask(gateway, 8)
    used = [entry["headers"]["authorization"] for entry in vendor.journal()]
    assert used.count("Bearer sk-one") == 2
    assert used.count("Bearer sk-two") == 6


def test_a_key_that_is_refused_is_set_aside_and_the_others_serve(upstream, start):
    vendor = upstream("openai", "a")
    models = {"m": {"deployments": [deployment(vendor, api_keys=["sk-bad", "sk-good"])]}}
    gateway = start({"models": models | {}, "defaults": {"strategy": "first_available"}})
    vendor.script({"fault": {"kind": "refuse", "why": "auth"}})
    ask(gateway, 4)
    used = [entry["headers"]["authorization"] for entry in vendor.journal()]
    assert used == ["Bearer sk-bad"] + ["Bearer sk-good"] * 4


def test_further_names_of_a_model_lead_to_it(three, start):
    gateway = start({"models": {"m": model(three[0], aliases=["gpt-4o", "smart"])}})
    assert ask(gateway, 1, model="smart") == ["a"]


def test_a_limit_of_requests_at_once_is_kept(three, start):
    deployments = [deployment(v, limits={"concurrency": 1}) for v in three[:2]]
    gateway = start({"models": {"m": {"deployments": deployments, "strategy": "first_available"}}})
    three[0].script(default={"fault": {"kind": "stall", "after": 1}})
    with gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) as held:
        next(held.events())
        assert ask(gateway, 3) == ["b"] * 3
        assert three[0].hits == 1


def test_the_answer_says_who_served(three, start):
    gateway = start(many(*three, retries={"max_attempts": 3, "base": "1ms"}))
    three[0].fault("status", code=500)
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.headers["x-tollgate-model"] == "m"
    assert answer.headers["x-tollgate-attempts"] == "2"
    status_ = gateway.get("/v1/providers/status").json
    ids = [it["id"] for it in status_["models"][0]["deployments"]]
    assert answer.headers["x-tollgate-deployment"] == ids[1]


def test_connections_to_a_vendor_are_kept(three, start):
    gateway = start(many(three[0]))
    ask(gateway, 10)
    assert len({entry["connection"] for entry in three[0].journal()}) == 1


@pytest.mark.parametrize("with_version", [True, False])
def test_a_base_works_with_or_without_v1(upstream, start, with_version):
    for dialect, path in (("openai", "/v1/chat/completions"), ("anthropic", "/v1/messages")):
        vendor = upstream(dialect, dialect)
        base = f"{vendor.origin}/v1" if with_version else vendor.origin
        gateway = start({"models": {"m": {"deployments": [deployment(vendor, api_base=base)]}}})
        ask(gateway, 1)
        assert vendor.only()["path"] == path


def test_the_users_own_vendor_needs_no_code(upstream, start):
    vendor = upstream("openai", "own")
    config = {
        "providers": {
            "house": {"dialect": "openai", "base_url": vendor.base, "api_keys": ["sk-house"]}
        },
        "models": {"m": {"deployments": [{"provider": "house", "model": "house-7b"}]}},
    }
    gateway = start(config)
    assert ask(gateway, 1) == ["own"]
    entry = vendor.only()
    assert entry["body"]["model"] == "house-7b"
    assert entry["headers"]["authorization"] == "Bearer sk-house"
