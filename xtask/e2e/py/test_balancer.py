"""What a deployment bears, and what happens beyond it: tokens per minute, queues, breakers."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time

from harness import wire
from harness.config import deployment, model, one
from harness.processes import status

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50}


def limited(upstream, **limits):
    return deployment(upstream, limits=limits)


def who(answer) -> str:
    assert answer.status == 200, answer.text
    text = answer.json["choices"][0]["message"]["content"]
    return text.removeprefix("Hello from ").removesuffix(".")


def shown(gateway, number: int = 0) -> dict:
    return gateway.get("/v1/providers/status").json["models"][0]["deployments"][number]


def test_tokens_are_reserved_and_settled_by_usage(upstream, start):
    vendor = upstream("openai", "a")
    # A token a second comes back: slowly enough to be seen.
    gateway = start({"models": {"m": {"deployments": [limited(vendor, tpm=60)]}}})
    answer = gateway.post("/v1/chat/completions", CHAT | {"max_tokens": 5000})
    taken = answer.json["usage"]["total_tokens"]
    assert taken < 1000, "the vendor says far less than what was reserved"
    assert 0 < shown(gateway)["tokens_of_the_minute"] <= taken
    assert shown(gateway)["limits"]["tpm"] == 60
    assert gateway.metric("tollgate_deployment_limit", limit="tokens_per_minute") == 60


def test_a_streams_usage_is_settled_too(upstream, start):
    vendor = upstream("openai", "a")
    gateway = start({"models": {"m": {"deployments": [limited(vendor, tpm=60)]}}})
    for _ in gateway.openai().chat.completions.create(**CHAT | {"max_tokens": 5000}, stream=True):
        pass
    used = shown(gateway)["tokens_of_the_minute"]
    assert 0 < used < 1000


def test_what_does_not_fit_goes_to_the_next_deployment(upstream, start):
    a, b = upstream("openai", "a"), upstream("openai", "b")
    deployments = [limited(a, tpm=600), deployment(b)]
    config = {"models": {"m": {"deployments": deployments, "strategy": "first_available"}}}
    gateway = start(config)
    small = CHAT | {"max_tokens": 100}
    assert who(gateway.post("/v1/chat/completions", small)) == "a"
    # What it asks for fits no longer: the bucket holds 600, and some are taken.
    large = CHAT | {"max_tokens": 590}
    assert who(gateway.post("/v1/chat/completions", large)) == "b"
    assert who(gateway.post("/v1/chat/completions", small)) == "a", "the small one still fits"


def test_where_nothing_fits_the_refusal_says_when_it_would(upstream, start):
    vendor = upstream("openai", "a")
    gateway = start({"models": {"m": {"deployments": [limited(vendor, tpm=60)]}}})
    first = gateway.post("/v1/chat/completions", CHAT | {"max_tokens": 6000})
    assert first.status == 200, "what never fits is let through a full bucket"
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 429
    assert "units_limited" in answer.json["error"]["message"]
    taken = first.json["usage"]["total_tokens"]
    # A token a second; the small one reserves about 55 of a bucket of 60.
    assert 1 <= int(answer.headers["retry-after"]) <= taken + 60
    assert vendor.hits == 1


def test_requests_wait_for_a_place_and_are_all_served(upstream, start):
    vendor = upstream("openai", "a")
    vendor.script(default={"wire": {"delay_ms": 20}})
    config = one(vendor, queue={"max": 50, "timeout": "30s"})
    config["models"]["m"]["deployments"] = [limited(vendor, concurrency=1)]
    gateway = start(config)
    statuses = []

    def ask():
        statuses.append(gateway.post("/v1/chat/completions", CHAT).status)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 12
    assert shown(gateway)["in_flight"] == 0


def test_beyond_the_queue_a_request_is_refused_at_once(upstream, start):
    vendor = upstream("openai", "a")
    vendor.fault("silent")
    config = one(vendor, queue={"max": 1, "timeout": "1s"}, timeouts={"total": "20s"})
    config["models"]["m"]["deployments"] = [limited(vendor, concurrency=1)]
    gateway = start(config)

    def wait():
        # The gateway ends before the silent vendor's answer comes.
        with contextlib.suppress(OSError, http.client.HTTPException):
            gateway.post("/v1/chat/completions", CHAT)

    patient = [threading.Thread(target=wait, daemon=True) for _ in range(2)]
    patient[0].start()
    vendor.wait_for("the first request", lambda _: True)
    started = time.monotonic()
    patient[1].start()
    answers = [gateway.post("/v1/chat/completions", CHAT) for _ in range(2)]
    assert [answer.status for answer in answers] == [429, 429]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert time.monotonic() - started < 10, "nobody waits longer than a queue lets them"


def test_a_bound_that_finds_itself_is_shown_and_shrinks(upstream, start):
    vendor = upstream("openai", "a")
    gateway = start(one(vendor, retries={"max_attempts": 1}) | {})
    assert shown(gateway)["concurrency_allowed"] is None
    deployments = [limited(vendor, adaptive_concurrency=True, concurrency=10)]
    gateway = start({"models": {"m": {"deployments": deployments, "retries": 0}}})
    assert shown(gateway)["concurrency_allowed"] == 10
    vendor.script(default=status(500))
    assert gateway.post("/v1/chat/completions", CHAT).status == 500
    assert shown(gateway)["concurrency_allowed"] == 7


def test_a_breaker_opens_as_configured(upstream, start):
    vendor = upstream("openai", "a")
    breaker = {"failures": 2, "open": "50s", "max_open": "60s", "panic": "none"}
    gateway = start({"models": {"m": model(vendor, retries=0, breaker=breaker)}})
    vendor.script(default=status(500))
    for _ in range(2):
        assert gateway.post("/v1/chat/completions", CHAT).status == 500
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 503
    assert 30 <= int(answer.headers["retry-after"]) <= 61
    assert vendor.hits == 2, "panic: none lets nothing through"
    assert shown(gateway)["state"] == "open"


def explained(gateway, query: str) -> wire.Answer:
    return wire.get(f"{gateway.ops_url}/admin/explain{query}")


def test_operators_are_told_what_would_become_of_a_request(upstream, start):
    a, b, c = (upstream("openai", name) for name in "abc")
    plain = deployment(b, supports_tools=False, id="b")
    deployments = [deployment(a, id="a", priority=1), plain]
    models = {
        "m": {"deployments": deployments, "strategy": "adaptive", "fallbacks": ["other"]},
        "other": {"deployments": [deployment(c, id="c")]},
    }
    gateway = start({"models": models})
    groups = explained(gateway, "?model=m").json["groups"]
    assert [group["model"] for group in groups] == ["m", "other"]
    order = [(it["id"], it["order"], it["eligible"]) for it in groups[0]["deployments"]]
    assert order == [("b", 1, True), ("a", 2, True)]
    assert groups[0]["deployments"][0]["score"] == 1.0
    tools = explained(gateway, "?model=m&tools=true").json["groups"][0]["deployments"]
    assert [(it["id"], it["reason"]) for it in tools][1] == ("b", "ineligible: it takes no tools")
    assert explained(gateway, "?model=n").status == 400
    assert "strategy" in explained(gateway, "?strategy=best").json["error"]["message"]
    assert gateway.get("/admin/explain").status == 404, "not for clients"
    assert a.hits + b.hits + c.hits == 0


def test_a_request_may_ask_for_the_cheapest_or_the_quickest(upstream, start):
    a, b = upstream("openai", "a"), upstream("openai", "b")
    gateway = start({"models": {"m": model(a, b)}})
    for strategy in ("cost", "latency"):
        answer = gateway.post("/v1/chat/completions", CHAT | {"load_balance_strategy": strategy})
        assert who(answer) in ("a", "b")
