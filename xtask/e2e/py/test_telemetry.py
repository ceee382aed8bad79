"""What the gateway tells of itself: the request's line, the metrics page, the level of diagnostics."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest

from harness import wire
from harness.client import CHAT, PATHS, QUICK, events_of
from harness.config import NO_RETRIES, key_of, many, model, one
from harness.processes import ROOT, poll, status

CHAT_PATH = PATHS["openai"]
LOGGED = {"telemetry": {"log": "json"}}


def lines(gateway, event: str, count: int) -> list[dict]:
    """The first lines of an event, once there are so many."""
    mark = f'"event":"{event}"'
    poll(f"{count} lines of {event}", lambda: len(gateway.log(mark)) >= count)
    return [json.loads(line) for line in gateway.log(mark)]


@pytest.fixture(scope="session")
def promtool() -> str:
    """The linter of the Prometheus project, which `cargo xtask e2e` installs where it can."""
    program = shutil.which("promtool")
    if not program and os.environ.get("PROMTOOL_MAY_MISS"):
        pytest.skip("promtool is not installed")
    assert program, "promtool is not installed: apt-get install -y prometheus"
    return program


def test_the_metrics_page_is_clean_for_promtool(start, upstream, promtool):
    first, second = upstream("openai", "a"), upstream("openai", "b")
    limits = {"rpm": 600, "qps": 50, "concurrency": 5}
    config = many(first, second, retries=QUICK)
    config["models"]["m"]["deployments"][0]["limits"] = limits
    gateway = start(config)
    # As many kinds of series as one test can make.
    first.script(status(429, body="json"), default={})
    events_of(gateway, "openai")
    assert gateway.post(CHAT_PATH, CHAT).status == 200
    gateway.post(CHAT_PATH, CHAT | {"model": "un\"known\n"})
    gateway.post(CHAT_PATH, b"{")
    page = wire.get(f"{gateway.ops_url}/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=page.body, capture_output=True, timeout=60
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    for name in (
        "gen_ai_client_operation_duration_seconds_bucket",
        "gen_ai_client_token_usage_bucket",
        "gen_ai_server_time_to_first_token_seconds_bucket",
        "gen_ai_server_time_per_output_token_seconds_bucket",
        "tollgate_errors_total",
        "tollgate_overhead_phase_seconds_bucket",
        "tollgate_deployment_cooldown_seconds",
        "tollgate_deployment_limit_remaining",
        "tollgate_config_generation",
        "tollgate_build_info",
    ):
        assert f"\n{name}" in page.text, name
    assert gateway.metric("tollgate_deployment_limit", limit="requests_per_minute") == 600
    assert gateway.metric("tollgate_errors_total", model="other", **{"class": "model_missing"}) == 1
    assert "known" not in page.text


def test_the_rules_and_the_scrape_are_clean_for_promtool(promtool):
    folder = ROOT / "deploy/prometheus"
    for command in (["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]):
        checked = subprocess.run(
            [promtool, *command], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    checked = subprocess.run(
        [promtool, "check", "config", "prometheus.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_rule_names_only_metrics_that_there_are(start, upstream):
    gateway = start(one(upstream("openai", "a")))
    events_of(gateway, "openai")
    gateway.post(CHAT_PATH, CHAT | {"model": "unknown"})
    page = wire.get(f"{gateway.ops_url}/metrics").text
    rules = (ROOT / "deploy/prometheus/rules.yml").read_text()
    named = set(re.findall(r"\b(?:tollgate|gen_ai)_\w+", rules))
    assert len(named) > 5
    for name in named:
        assert f"\n{name}" in page, name


def test_a_request_has_one_line_and_each_failed_attempt_one(start, upstream):
    first, second = upstream("openai", "a"), upstream("openai", "b")
    gateway = start(many(first, second, retries=QUICK) | LOGGED)
    first.script(default=status(503))
    answer = gateway.post(CHAT_PATH, CHAT | {"user": "u-1"}, x_request_id="the-id")
    assert answer.status == 200
    (request,) = lines(gateway, "request", 1)
    attempts = lines(gateway, "attempt", 1)
    assert request["attempts"] == len(attempts) + 1
    usage = answer.json["usage"]
    expected = {
        "request_id": "the-id",
        "operation": "chat",
        "dialect": "openai.chat",
        "model": "m",
        "deployment": "m/openai/2",
        "status": 200,
        "outcome": "ok",
        "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"],
        # 2.50 and 10 US dollars a million tokens.
        "cost_usd": usage["prompt_tokens"] * 2.5e-6 + usage["completion_tokens"] * 1e-5,
        "user": "u-1",
        "stream": False,
    }
    assert expected.items() <= request.items()
    assert 0 <= request["overhead_ms"] <= request["duration_ms"]
    for attempt in attempts:
        assert attempt["request_id"] == "the-id"
        assert (attempt["outcome"], attempt["status"]) == ("error", 503)
        assert attempt["deployment"] == "m/openai/1" and attempt["class"]
    everything = "\n".join(gateway.lines)
    assert "Hello from" not in everything and '"hi"' not in everything
    for vendor in (first, second):
        assert key_of(vendor) not in everything


def test_a_skipped_frame_is_on_the_line_of_its_request(start, upstream):
    vendor = upstream("openai", "a")
    gateway = start(one(vendor) | LOGGED)
    vendor.fault("malformed_frame", after=1)
    events_of(gateway, "openai")
    (request,) = lines(gateway, "request", 1)
    assert (request["outcome"], request["frames_skipped"]) == ("ok", 1)
    assert request["ttft_ms"] <= request["duration_ms"]
    vendor.reset()
    events_of(gateway, "openai")
    assert "frames_skipped" not in lines(gateway, "request", 2)[1]


def test_log_requests_off_writes_no_line(start, upstream):
    gateway = start(one(upstream("openai", "a")) | LOGGED | {"defaults": {"log_requests": False}})
    assert gateway.post(CHAT_PATH, CHAT).status == 200
    gateway.stop()
    assert not gateway.log('"event"')
    assert gateway.said("listens on")


@pytest.mark.parametrize(
    "hostile",
    ["", "a b", "x" * 129, 'a"b', "\u00e9", "a,b", "<script>", "%0d%0a", "a\tb", "../..", "id;x"],
)
def test_a_hostile_request_id_is_replaced(shared_gateways, upstream, hostile):
    gateway = shared_gateways({"models": {"m": {"provider": "mock"}}} | LOGGED)
    answer = gateway.post(CHAT_PATH, CHAT, x_request_id=hostile)
    given = answer.headers["x-request-id"]
    assert given.startswith("req_") and len(given) == 20
    poll("its line", lambda: gateway.log(f'"request_id":"{given}"'))


def test_a_well_formed_request_id_is_kept_on_answers_and_errors(shared_gateways):
    gateway = shared_gateways({"models": {"m": {"provider": "mock"}}} | LOGGED)
    for body, name in ((CHAT, "good-1.a:b_c"), (CHAT | {"model": "none"}, "x" * 128)):
        assert gateway.post(CHAT_PATH, body, x_request_id=name).headers["x-request-id"] == name
        poll("its line", lambda name=name: gateway.log(f'"request_id":"{name}"'))


def level(gateway, body: object, method: str = "PUT") -> wire.Answer:
    return wire.request(method, f"{gateway.ops_url}/admin/log-level", body, {})


def test_the_level_changes_while_it_runs(start):
    gateway = start({"models": {"m": {"provider": "mock"}}, "telemetry": {"level": "warn"}})
    assert level(gateway, None, "GET").json == {"level": "warn"}
    changed = level(gateway, {"level": "info,tollgate_server=debug"})
    assert changed.json == {"level": "info,tollgate_server=debug", "before": "warn"}
    assert gateway.said("the log level was changed")
    for body, said in (
        ({"level": "loud"}, "known are off, error, warn, info, debug, trace"),
        ({"level": "x" * 2000 + "=info"}, "longer than"),
        ({"levle": "info"}, "no field"),
        ({"level": 3}, "no text"),
        (b"{", "no JSON"),
        (b"x" * 5000, "larger than"),
    ):
        refused = level(gateway, body)
        assert refused.status == 400, refused.text
        assert said in refused.json["error"]["message"]
        assert refused.json["error"]["param"] == "level"
    assert level(gateway, None, "GET").json == {"level": "info,tollgate_server=debug"}
    assert level(gateway, {"level": "info"}, "POST").status == 405
    # Clients have no way to it.
    assert gateway.get("/admin/log-level").status == 404
