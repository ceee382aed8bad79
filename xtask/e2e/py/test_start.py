"""Starting and stopping: the demo, the environment, configuration that is wrong, a drain."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import pytest

from harness import wire
from harness.config import one
from harness.processes import ROOT, Process, binary, clean_env, fault, free_port, poll

MESSAGES = [{"role": "user", "content": "hi"}]


def tollgate(*args: str, env: dict[str, str] | None = None, cwd=None) -> Process:
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    return Process([program, *args], env=clean_env() | (env or {}), cwd=cwd and str(cwd))


def listening(env: dict[str, str]) -> tuple[dict[str, str], str]:
    """The environment with a free place to listen, and its address."""
    port = free_port()
    listen = {
        "TOLLGATE__SERVER__LISTEN": f"127.0.0.1:{port}",
        "TOLLGATE__SERVER__OPS_LISTEN": f"127.0.0.1:{free_port()}",
    }
    return env | listen, f"http://127.0.0.1:{port}"


def serves(url: str):
    try:
        return wire.get(f"{url}/health").status == 200
    except OSError:
        return False


def test_with_nothing_at_all_it_is_a_demo(tmp_path):
    env, url = listening({})
    process = tollgate(env=env, cwd=tmp_path)
    try:
        poll("the demo", lambda: serves(url))
        for word in (url, "curl", "mock-chat", "mock-embedding", "/docs", "/metrics"):
            assert process.said(word)
        for _ in range(6):
            answer = wire.post(f"{url}/v1/chat/completions", {"messages": MESSAGES})
            assert answer.status == 200, "one of the two is flaky, and nobody notices"
        assert answer.json["choices"][0]["message"]["content"]
        body = {"model": "mock-chat", "messages": MESSAGES, "stream": True}
        with wire.Stream(f"{url}/v1/chat/completions", body, {}) as stream:
            assert [event.data for event in stream.events()][-1] == "[DONE]"
        body = {"model": "mock-embedding", "input": "hi"}
        assert wire.post(f"{url}/v1/embeddings", body).json["data"][0]["embedding"]
        body = {"model": "mock-chat", "messages": MESSAGES, "max_tokens": 9}
        assert wire.post(f"{url}/v1/messages", body).json["type"] == "message"
    finally:
        process.stop()


def test_keys_in_the_environment_are_enough(upstream, tmp_path):
    first, second = upstream("openai", "a"), upstream("openai", "b")
    other = upstream("anthropic", "c")
    env, url = listening(
        {
            "OPENAI_API_KEYS": "sk-1,sk-2",
            "OPENAI_API_BASES": f"{first.base},{second.base}",
            "OPENAI_MODEL": "gpt-4o",
            "ANTHROPIC_API_KEY": "sk-3",
            "ANTHROPIC_BASE_URL": other.base,
            "ANTHROPIC_MODEL": "claude-sonnet-4-5",
        }
    )
    process = tollgate(env=env, cwd=tmp_path)
    try:
        poll("the gateway", lambda: serves(url))
        for _ in range(4):
            body = {"model": "gpt-4o", "messages": MESSAGES}
            assert wire.post(f"{url}/v1/chat/completions", body).status == 200
        used = [{it["headers"]["authorization"] for it in v.journal()} for v in (first, second)]
        assert used == [{"Bearer sk-1"}, {"Bearer sk-2"}], "paired by position"
        body = {"model": "claude-sonnet-4-5", "messages": MESSAGES, "max_tokens": 9}
        assert wire.post(f"{url}/v1/messages", body).status == 200
        assert other.only()["headers"]["x-api-key"] == "sk-3"
        assert "sk-" not in "\n".join(process.lines)
    finally:
        process.stop()


def test_a_dotenv_file_is_read_first(upstream, tmp_path):
    vendor = upstream("openai", "a")
    (tmp_path / ".env").write_text(
        f"OPENAI_API_KEY=sk-dotenv\nOPENAI_API_BASE={vendor.base}\nOPENAI_MODEL=gpt-4o\n"
    )
    env, url = listening({})
    process = tollgate(env=env, cwd=tmp_path)
    try:
        poll("the gateway", lambda: serves(url))
        assert wire.post(f"{url}/v1/chat/completions", {"messages": MESSAGES}).status == 200
        assert vendor.only()["headers"]["authorization"] == "Bearer sk-dotenv"
    finally:
        process.stop()


def test_variables_in_a_file_are_expanded(upstream, start):
    vendor = upstream("openai", "a")
    config = one(vendor)
    config["models"]["m"]["deployments"][0]["api_keys"] = ["${MY_KEY}"]
    config["models"]["m"]["deployments"][0]["model"] = "${MY_MODEL:-gpt-4o}"
    gateway = start(config, env={"MY_KEY": "sk-expanded"})
    gateway.post("/v1/chat/completions", {"messages": MESSAGES})
    assert vendor.only()["headers"]["authorization"] == "Bearer sk-expanded"
    assert vendor.only()["body"]["model"] == "gpt-4o"


def test_all_problems_of_a_configuration_are_told_at_once(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "server: { listen: nowhere }\n"
        "defaults: { stratgy: random }\n"
        "models:\n"
        "  m:\n"
        "    deployments:\n"
        "      - { provider: openay, model: x, api_keys: [k] }\n"
        "    fallbacks: { any: [nobody] }\n"
    )
    process = tollgate("--config", str(path), cwd=tmp_path)
    assert process.wait() != 0
    said = "\n".join(process.lines)
    for word in ("server.listen", "stratgy", "openay", "nobody"):
        assert word in said, f"{word} is not in:\n{said}"
    for line in ("1", "2", "6", "7"):
        assert f"bad.yaml:{line}" in said, f"line {line} is not in:\n{said}"
    check = tollgate("check", "--config", str(path), cwd=tmp_path)
    assert check.wait() != 0


def test_a_good_configuration_is_checked_without_serving(tmp_path):
    path = tmp_path / "good.yaml"
    config = {"models": {"m": {"deployments": [{"provider": "mock", "model": "mock-chat"}]}}}
    path.write_text(json.dumps(config))
    assert tollgate("check", "--config", str(path), cwd=tmp_path).wait() == 0


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda it: it.name)
def test_every_example_is_a_good_configuration(path, tmp_path):
    names = ["OPENAI_API_KEY", *re.findall(r"\$\{(\w+)\}", path.read_text())]
    env = dict.fromkeys(names, "some-key")
    process = tollgate("check", "--config", str(path), env=env, cwd=tmp_path)
    assert process.wait() == 0, process.lines


def test_a_port_in_use_is_said_plainly(vendors, start, tmp_path):
    gateway = start(one(vendors["openai"]))
    env = {"TOLLGATE__SERVER__LISTEN": f"127.0.0.1:{gateway.port}"}
    process = tollgate(env=env, cwd=tmp_path)
    assert process.wait() != 0
    assert str(gateway.port) in "\n".join(process.lines)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_running_streams_finish_before_it_stops(vendors, start, sent):
    gateway = start(one(vendors["openai"]))
    vendors["openai"].script(
        default={"answer": {"text": "x" * 60, "piece": 6}, "wire": {"delay_ms": 50}}
    )
    body = {"messages": MESSAGES, "stream": True}
    with gateway.stream("/v1/chat/completions", body) as stream:
        events = stream.events()
        next(events)
        gateway.signal(sent)
        poll("the door to close", lambda: not serves(gateway.url))
        rest = [event.data for event in events]
    assert rest[-1] == "[DONE]"
    assert gateway.wait(10) == 0


def test_a_drain_does_not_wait_for_ever(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"drain": "300ms"}})
    vendors["openai"].script(default=fault("stall", after=1))
    with gateway.stream("/v1/chat/completions", {"messages": MESSAGES, "stream": True}) as stream:
        next(stream.events())
        gateway.signal(signal.SIGTERM)
        begun = time.monotonic()
        gateway.wait(10)
        assert time.monotonic() - begun < 5


def test_it_says_its_version():
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
    assert said.returncode == 0
    assert said.stdout.startswith("tollgate ")
