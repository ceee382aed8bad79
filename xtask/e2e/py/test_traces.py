"""Spans as a collector that nobody here wrote receives them, by both protocols."""

from __future__ import annotations

import signal
import time

import pytest

from harness.client import CHAT, PATHS, QUICK, events_of
from harness.collector import Collector, Span
from harness.config import NO_RETRIES, deployment, many, model, one
from harness.processes import free_port, poll, status

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
# Spans at once, so that no test waits for a batch to fill.
AT_ONCE = {"OTEL_BSP_SCHEDULE_DELAY": "20"}
CHAT_PATH = PATHS["openai"]


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.stop()


@pytest.fixture(params=["grpc", "http"])
def traced(request, collector, start):
    """Starts gateways that send their spans to the collector, by each protocol."""

    def traced(config: dict, env: dict[str, str] | None = None):
        otlp = {"endpoint": collector.endpoint(request.param), "protocol": request.param}
        telemetry = {"telemetry": {"otlp": otlp, "log": "json"}}
        return start(config | telemetry, AT_ONCE | (env or {}))

    return traced


def kinds(spans: list[Span], kind: str) -> list[Span]:
    return [span for span in spans if span.kind == f"SPAN_KIND_{kind}"]


def ended(spans: list[Span]) -> bool:
    """A request's span is the last of its trace, and whole when its outcome was read."""
    return any("tollgate.outcome" in span.attributes for span in kinds(spans, "SERVER"))


def test_a_request_is_a_server_span_with_a_client_span_beneath(traced, collector, upstream):
    vendor = upstream("openai", "a")
    gateway = traced(one(vendor), {"OTEL_RESOURCE_ATTRIBUTES": "team=search"})
    answer = gateway.post(CHAT_PATH, CHAT, x_request_id="my-id")
    assert answer.status == 200
    inner, outer = collector.wait_for("the request's span", ended)

    assert (outer.name, outer.kind) == (f"POST {CHAT_PATH}", "SPAN_KIND_SERVER")
    assert (inner.name, inner.kind) == ("chat gpt-4o", "SPAN_KIND_CLIENT")
    assert inner.trace == outer.trace
    assert inner.parent == outer.id
    assert not outer.parent.strip("0")
    assert outer.start <= inner.start <= inner.end <= outer.end
    assert outer.resource["service.name"] == "tollgate"
    assert outer.resource["team"] == "search"
    usage = answer.json["usage"]
    expected = {
        "http.request.method": "POST",
        "http.route": CHAT_PATH,
        "http.response.status_code": "200",
        "tollgate.request.id": "my-id",
        "tollgate.model": "m",
        "tollgate.deployment": "m/openai/1",
        "tollgate.attempts": "1",
        "tollgate.outcome": "ok",
    }
    assert expected.items() <= outer.attributes.items()
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.stream": "false",
        "gen_ai.response.model": answer.json["model"],
        "gen_ai.response.finish_reasons": "Str(stop)",
        "gen_ai.usage.input_tokens": str(usage["prompt_tokens"]),
        "gen_ai.usage.output_tokens": str(usage["completion_tokens"]),
        "http.response.status_code": "200",
        "server.address": "127.0.0.1",
        "server.port": str(vendor.port),
        "tollgate.attempt.number": "1",
        "tollgate.attempt.kind": "first",
    }
    assert expected.items() <= inner.attributes.items()
    poll("the request's line", lambda: gateway.log(f'"trace_id":"{outer.trace}"'))
    everything = "\n".join(collector.lines)
    assert "hi" not in inner.attributes.values() and "Hello from" not in everything
    assert "sk-a-secret" not in everything


def test_moves_are_events_and_failed_attempts_are_errors(traced, collector, upstream):
    first, second, other = (upstream("openai", name) for name in "abc")
    config = many(first, second, retries=QUICK | {"max_attempts": 5}, fallbacks={"any": ["n"]})
    config["models"]["n"] = model(other)
    gateway = traced(config)
    first.script(default=status(500))
    second.script(default=status(503))
    assert gateway.post(CHAT_PATH, CHAT).headers["x-tollgate-model"] == "n"
    spans = collector.wait_for("the request's span", ended)
    (outer,) = kinds(spans, "SERVER")
    attempts = kinds(spans, "CLIENT")
    assert [span.attributes["tollgate.attempt.number"] for span in attempts] == [
        str(number + 1) for number in range(len(attempts))
    ]
    assert {span.parent for span in attempts} == {outer.id}
    assert [span.status for span in attempts[:-1]] == ["STATUS_CODE_ERROR"] * (len(attempts) - 1)
    assert all(span.attributes["error.type"] for span in attempts[:-1])
    assert attempts[-1].attributes["tollgate.outcome"] == "ok"
    # One event for each attempt beyond the first, of its kind and with what came before it.
    kinds_of_attempts = [span.attributes["tollgate.attempt.kind"] for span in attempts[1:]]
    assert [name for name, _ in outer.events] == kinds_of_attempts
    assert kinds_of_attempts[-1] == "fallback" and "failover" in kinds_of_attempts
    for (_, told), before, after in zip(outer.events, attempts[:-1], attempts[1:], strict=True):
        assert told["error.type"] == before.attributes["error.type"]
        assert told["tollgate.deployment"] == after.attributes["tollgate.deployment"]


def test_the_clients_trace_is_continued_and_its_decision_kept(traced, collector, upstream):
    gateway = traced(one(upstream("openai", "a")))
    unsampled = SAMPLED.replace("-01", "-00").replace(TRACE, "1" * 32)
    for parent in (unsampled, "00-nonsense", SAMPLED):
        assert gateway.post(CHAT_PATH, CHAT, traceparent=parent).status == 200

    def continued(spans: list[Span]) -> bool:
        return any(span.trace == TRACE and ended([span]) for span in spans)

    spans = collector.wait_for("the continued span", continued)
    assert "1" * 32 not in {span.trace for span in spans}
    (outer,) = [span for span in kinds(spans, "SERVER") if span.trace == TRACE]
    assert outer.parent == PARENT
    # The malformed one began a trace of its own.
    assert len(kinds(spans, "SERVER")) == 2
    # The unsampled one is on its line all the same.
    poll("its line", lambda: gateway.log("1" * 32))


def test_vendors_see_the_trace_only_where_configured(traced, collector, upstream):
    trusted, vendor = upstream("openai", "a"), upstream("openai", "b")
    models = {
        "m": {"deployments": [deployment(trusted, trace_context=True)]},
        "n": {"deployments": [deployment(vendor)]},
    }
    gateway = traced({"models": models})
    headers = {"traceparent": SAMPLED, "tracestate": "v=1", "baggage": "user=secret"}
    for name in ("m", "n"):
        assert gateway.post(CHAT_PATH, CHAT | {"model": name}, **headers).status == 200
    seen = {name.lower(): value for name, value in trusted.only()["headers"].items()}
    spans = collector.wait_for("both spans", lambda spans: len(kinds(spans, "SERVER")) == 2)
    (inner,) = [s for s in kinds(spans, "CLIENT") if s.attributes["tollgate.model"] == "m"]
    assert seen["traceparent"] == f"00-{TRACE}-{inner.id}-01"
    assert seen["tracestate"] == "v=1"
    assert "baggage" not in seen
    unseen = {name.lower() for name in vendor.only()["headers"]}
    assert not unseen & {"traceparent", "tracestate", "baggage"}


def test_every_piece_of_a_request_continues_the_trace(traced, collector, upstream):
    vendor = upstream("openai", "a")
    own = {"dialect": "openai", "api_base": vendor.base, "quirks": {"embed_batch": 1}}
    place = deployment(vendor, provider="house", trace_context=True)
    gateway = traced({"providers": {"house": own}, "models": {"m": {"deployments": [place]}}})
    body = {"model": "m", "input": ["a", "b", "c"]}
    assert gateway.post("/v1/embeddings", body, traceparent=SAMPLED).status == 200
    (inner,) = kinds(collector.wait_for("the request's span", ended), "CLIENT")
    seen = [{name.lower(): value for name, value in one["headers"].items()} for one in vendor.journal()]
    assert [headers["traceparent"] for headers in seen] == [f"00-{TRACE}-{inner.id}-01"] * 3


def test_a_streams_span_ends_with_the_stream(traced, collector, start):
    slow = {"provider": "mock", "mock": {"token_delay": "40ms"}}
    gateway = traced({"models": {"m": slow}})
    began = time.time_ns()
    with gateway.stream(CHAT_PATH, CHAT | {"stream": True}) as stream:
        events = stream.events()
        next(events)
        # The head and the first event are here; nothing has ended.
        assert not collector.spans()
        for _ in events:
            pass
    took = time.time_ns() - began
    inner, outer = collector.wait_for("the stream's span", ended)
    assert inner.end - inner.start > 0.7 * took
    assert float(inner.attributes["gen_ai.response.time_to_first_chunk"]) < took / 1e9 / 2
    assert outer.attributes["tollgate.outcome"] == "ok"


def test_a_stream_that_breaks_or_is_left_ends_its_span_and_says_so(traced, collector, upstream):
    vendor = upstream("openai", "a")
    gateway = traced(one(vendor, retries=NO_RETRIES))
    vendor.fault("cut", after=2)
    events_of(gateway, "openai")
    inner, outer = collector.wait_for("the broken stream's span", ended)
    for span in (inner, outer):
        assert span.attributes["tollgate.outcome"] == "truncated"
        assert span.status == "STATUS_CODE_ERROR"
    vendor.fault("stall", after=2)
    with gateway.stream(CHAT_PATH, CHAT | {"stream": True}) as stream:
        next(stream.events())
        stream.cut()
    spans = collector.wait_for("the left stream's span", lambda spans: len(spans) == 4)
    for span in spans[2:]:
        assert span.attributes["tollgate.outcome"] == "cancelled"
        assert span.status != "STATUS_CODE_ERROR"


def test_the_last_spans_are_flushed_at_the_end(traced, collector, upstream):
    # The delay alone would keep them for an hour.
    gateway = traced(one(upstream("openai", "a")), {"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    assert gateway.post(CHAT_PATH, CHAT).status == 200
    assert not collector.spans()
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    collector.wait_for("the last spans", ended)


def test_the_environment_alone_turns_traces_on(collector, start, upstream):
    env = AT_ONCE | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint("http"),
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "edge",
    }
    gateway = start(one(upstream("openai", "a")), env)
    assert gateway.post(CHAT_PATH, CHAT).status == 200
    spans = collector.wait_for("the span", ended)
    assert spans[0].resource["service.name"] == "edge"
    silent = start(one(upstream("openai", "a")), env | {"OTEL_SDK_DISABLED": "true"})
    assert silent.post(CHAT_PATH, CHAT).status == 200
    assert silent.metric("tollgate_trace_spans_total") == 0


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_collector_that_is_down_costs_spans_and_nothing_else(start, upstream, protocol):
    otlp = {"endpoint": f"http://127.0.0.1:{free_port()}", "protocol": protocol}
    env = AT_ONCE | {"OTEL_BSP_MAX_QUEUE_SIZE": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}
    gateway = start(one(upstream("openai", "a")) | {"telemetry": {"otlp": otlp}}, env)
    for _ in range(40):
        assert gateway.post(CHAT_PATH, CHAT).status == 200

    def lost() -> bool:
        outcomes = ("dropped", "failed")
        counts = [gateway.metric("tollgate_trace_spans_total", outcome=o) for o in outcomes]
        return all(counts)

    poll("spans to be given up", lost)
    assert gateway.metric("tollgate_trace_spans_total", outcome="exported") == 0
    # It is said once, not for every batch.
    assert len(gateway.said("spans cannot be delivered")) == 1
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
