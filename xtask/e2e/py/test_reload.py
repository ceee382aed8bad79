"""Another configuration while requests run: files, links, secrets and signals; bad ones are refused."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import threading

import pytest

from harness import wire
from harness.client import CHAT
from harness.config import NO_RETRIES, model, one
from harness.processes import Gateway, Process, binary, clean_env, fault, free_port, poll, status


def admin(gateway: Gateway) -> dict:
    """What the operators' listener says of the configuration."""
    return wire.get(f"{gateway.ops_url}/admin/config").json


def models(gateway: Gateway) -> list[str]:
    return [entry["id"] for entry in gateway.get("/v1/models").json["data"]]


def document(gateway: Gateway) -> dict:
    return json.loads(gateway.config.read_text())


def put(path: pathlib.Path, text: str) -> None:
    """Replaces a file as editors do: never half written."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    beside.rename(path)


def change(gateway: Gateway, **parts) -> None:
    put(gateway.config, json.dumps(document(gateway) | parts))


def until_generation(gateway: Gateway, number: int) -> dict:
    def reached():
        told = admin(gateway)
        return told if told["generation"] >= number else None

    return poll(f"generation {number}", reached)


def test_a_changed_file_is_taken_and_told(upstream, start):
    first, second = upstream("openai", "a"), upstream("openai", "b")
    gateway = start(one(first))
    before = admin(gateway)
    assert (before["generation"], before["status"], before["last_error"]) == (1, "current", None)
    assert before["files"] == [str(gateway.config)]
    change(gateway, models={"other": model(second)})
    after = until_generation(gateway, 2)
    assert after["hash"] != before["hash"]
    assert models(gateway) == ["other"]
    assert gateway.post("/v1/chat/completions", CHAT | {"model": "other"}).status == 200
    assert gateway.post("/v1/chat/completions", CHAT).status == 404
    assert gateway.metric("tollgate_config_generation") == 2
    assert gateway.metric("tollgate_config_loads_total", outcome="loaded") == 2
    assert gateway.metric("tollgate_config_last_load_timestamp_seconds") > 1.7e9
    page = wire.get(f"{gateway.ops_url}/metrics").text
    assert 'tollgate_deployment_state{deployment="m/' not in page, "a state of what is gone"
    assert 'tollgate_deployment_state{deployment="other/' in page


def test_a_bad_file_is_refused_aloud_and_the_old_one_runs_on(upstream, start):
    gateway = start(one(upstream("openai", "a")))
    good = gateway.config.read_text()
    put(gateway.config, good.replace('"deployments"', '"deploymints"'))
    told = poll("the refusal", lambda: admin(gateway)["last_error"])
    assert "deploymints" in told["message"] and str(gateway.config) in told["message"]
    assert admin(gateway)["status"] == "stale"
    assert admin(gateway)["generation"] == 1
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    assert gateway.metric("tollgate_config_loads_total", outcome="rejected") == 1
    assert gateway.metric("tollgate_config_last_load_successful") == 0
    assert gateway.said("deploymints")
    put(gateway.config, good)
    # The file is what it was, and yet it must be known that it is good again.
    assert until_generation(gateway, 2)["status"] == "current"
    assert gateway.metric("tollgate_config_last_load_successful") == 1
    gateway.config.unlink()
    poll("the refusal", lambda: admin(gateway)["status"] == "stale")
    assert gateway.post("/v1/chat/completions", CHAT).status == 200


def test_a_signal_loads_again_and_a_touch_does_not(upstream, start):
    gateway = start(one(upstream("openai", "a")))
    gateway.config.touch()
    gateway.config.write_text(gateway.config.read_text())
    gateway.signal(signal.SIGHUP)
    told = until_generation(gateway, 2)
    assert told["generation"] == 2, "the signal counts once, the touch not at all"
    put(gateway.config, "models: [broken")
    gateway.signal(signal.SIGHUP)
    poll("the refusal", lambda: admin(gateway)["last_error"])
    assert gateway.running and gateway.post("/v1/chat/completions", CHAT).status == 200


def test_a_config_map_of_kubernetes_is_followed(upstream, tmp_path):
    """`tollgate.yaml -> ..data/tollgate.yaml`, `..data -> ..v1`, swapped by renaming a link."""
    vendor = upstream("openai", "a")
    mount = tmp_path / "mount"
    mount.mkdir()
    ports = {"listen": f"127.0.0.1:{free_port()}", "ops_listen": f"127.0.0.1:{free_port()}"}

    def version(name: str, alias: str) -> None:
        (mount / name).mkdir()
        text = json.dumps({"server": ports, "models": {alias: model(vendor)}})
        (mount / name / "tollgate.yaml").write_text(text)
        (mount / "..data_tmp").symlink_to(name)
        (mount / "..data_tmp").rename(mount / "..data")

    version("..v1", "one")
    (mount / "tollgate.yaml").symlink_to("..data/tollgate.yaml")
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    args = [program, "--config", str(mount / "tollgate.yaml")]
    process = Process(args, env=clean_env(), cwd=str(tmp_path))
    url = f"http://{ports['listen']}"

    def serves(alias: str):
        try:
            return [entry["id"] for entry in wire.get(f"{url}/v1/models").json["data"]] == [alias]
        except OSError:
            return False

    try:
        poll("the start", lambda: serves("one"))
        for number, alias in ((2, "two"), (3, "three"), (4, "four")):
            version(f"..v{number}", alias)
            old = mount / f"..v{number - 1}"
            (old / "tollgate.yaml").unlink()
            old.rmdir()
            poll(f"version {number}", lambda alias=alias: serves(alias))
    finally:
        process.stop()


def test_a_secret_in_a_file_is_followed_and_a_refused_key_gets_another_chance(
    upstream, start, tmp_path
):
    vendor = upstream("openai", "a")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    key = secrets / "key"
    key.write_text("sk-first\n")
    config = one(vendor, retries=NO_RETRIES)
    config["models"]["m"]["deployments"][0]["api_keys"] = [f"file:{key}"]
    gateway = start(config)
    vendor.script(status(401))
    assert gateway.post("/v1/chat/completions", CHAT).status == 401
    assert gateway.post("/v1/chat/completions", CHAT).status == 503, "the key is out"
    put(key, "sk-second\n")
    told = until_generation(gateway, 2)
    assert str(key) in told["files"]
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    assert vendor.last()["headers"]["authorization"] == "Bearer sk-second"
    assert "sk-" not in "\n".join(gateway.lines) + json.dumps(told)


def test_a_secret_that_comes_later_is_found(upstream, start, tmp_path):
    gateway = start(one(upstream("openai", "a")))
    good = document(gateway)
    key = tmp_path / "late-key"
    good["models"]["m"]["deployments"][0]["api_keys"] = [f"file:{key}"]
    put(gateway.config, json.dumps(good))
    poll("the refusal", lambda: "late-key" in ((admin(gateway)["last_error"] or {}).get("message") or ""))
    key.write_text("sk-late")
    gateway.signal(signal.SIGHUP)
    until_generation(gateway, 2)


def test_what_is_known_of_deployments_stays(pair, start):
    first, second = pair
    config = {"strategy": "first_available", "retries": {"max_attempts": 2, "base": "1ms"}}
    gateway = start({"models": {"m": model(first, second, **config)}})
    first.script(default=status(429) | {"headers": {"retry-after": "60"}})
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    models = document(gateway)["models"]
    change(gateway, models=models | {"more": model(second)})
    until_generation(gateway, 2)
    for _ in range(3):
        assert gateway.post("/v1/chat/completions", CHAT).status == 200
    assert first.hits == 1, "the pause that it asked for is kept"


def test_limits_log_lines_and_levels_follow_and_addresses_need_a_restart(upstream, start):
    vendor = upstream("openai", "a")
    gateway = start(one(vendor))
    gateway.post("/v1/chat/completions", CHAT, **{"x-request-id": "req-before"})
    poll("the line", lambda: gateway.log("req-before"))
    server = document(gateway)["server"] | {"body_limit": "64B", "listen": "127.0.0.1:1"}
    change(gateway, server=server, defaults={"log_requests": False}, telemetry={"level": "debug"})
    told = until_generation(gateway, 2)
    assert told["needs_restart"] == ["server.listen"]
    assert gateway.said("server.listen differs and holds after a restart only")
    assert wire.get(f"{gateway.ops_url}/admin/log-level").json == {"level": "debug"}
    large = CHAT | {"user": "x" * 99}
    assert gateway.post("/v1/chat/completions", large).status == 413
    small = {"messages": [{"role": "user", "content": "h"}]}
    answer = gateway.post("/v1/chat/completions", small, **{"x-request-id": "req-silent"})
    assert answer.status == 200
    change(gateway, server=server | {"body_limit": "1MiB"}, defaults={}, telemetry={})
    until_generation(gateway, 3)
    gateway.post("/v1/chat/completions", CHAT, **{"x-request-id": "req-after"})
    poll("the line", lambda: gateway.log("req-after"))
    assert not gateway.log("req-silent")


def test_a_warning_that_is_new_is_told(upstream, start):
    gateway = start(one(upstream("openai", "a")))
    server = document(gateway)["server"] | {"host": "0.0.0.0", "port": gateway.port}
    del server["listen"]
    change(gateway, server=server)
    until_generation(gateway, 2)
    assert gateway.said("can be reached from other machines")


def test_requests_under_way_keep_their_configuration(upstream, start):
    old, new = upstream("openai", "old"), upstream("openai", "new")
    gateway = start(one(old))
    old.script(default={"answer": {"text": "x" * 60, "piece": 6}, "wire": {"delay_ms": 50}})
    with gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) as stream:
        events = stream.events()
        next(events)
        change(gateway, models={"n": model(new)})
        until_generation(gateway, 2)
        rest = [event.data for event in events]
    assert rest[-1] == "[DONE]"
    assert new.hits == 0


def test_no_stream_is_dropped_while_configurations_come_and_go(upstream, start):
    """A reload every 100 ms under eight clients that stream all the time."""
    vendor, other = upstream("openai", "a"), upstream("openai", "b")
    vendor.script(default={"answer": {"text": "x" * 40, "piece": 4}, "wire": {"delay_ms": 10}})
    gateway = start(one(vendor))
    stop, ends = threading.Event(), []

    def client() -> None:
        while not stop.is_set():
            with gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) as stream:
                ends.append([event.data for event in stream.events()][-1])

    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    models = document(gateway)["models"]
    for number in range(30):
        change(gateway, models=models | {f"extra-{number}": model(other)})
        stop.wait(0.1)
    told = poll("a late generation", lambda: admin(gateway)["generation"] > 15 and admin(gateway))
    stop.set()
    for thread in clients:
        thread.join(20)
    assert len(ends) > 50 and set(ends) == {"[DONE]"}, ends
    assert told["status"] == "current" and told["last_error"] is None
    assert gateway.metric("tollgate_requests_total", outcome="ok") == len(ends)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_any_more_is_refused(upstream, start):
    gateway = start(one(upstream("openai", "a")))
    gateway.config.chmod(0)
    poll("the refusal", lambda: admin(gateway)["last_error"])


def test_a_stalled_vendor_does_not_hold_a_reload(upstream, start):
    vendor = upstream("openai", "a")
    gateway = start(one(vendor))
    vendor.script(default=fault("stall", after=1))
    with gateway.stream("/v1/chat/completions", CHAT | {"stream": True}) as stream:
        next(stream.events())
        gateway.signal(signal.SIGHUP)
        until_generation(gateway, 2)
