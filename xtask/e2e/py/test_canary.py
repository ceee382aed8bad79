"""Canaries: secrets come in every way that there is, everything goes wrong that can, and afterwards none
of them is anywhere but at its vendor."""

from __future__ import annotations

import base64
import http.server
import json
import os
import signal
import subprocess
import threading
import urllib.parse

import pytest

from harness import wire
from harness.client import CHAT, MESSAGES, PATHS
from harness.processes import binary, clean_env, fault, free_port, poll, status

# Each unlike the others, so that whatever shows is known by its beginning. The signs are such as
# percent-encoding and base64 change.
CANARIES = {
    way: f"canary-{way}-{tail}"
    for way, tail in {
        "variable": "pQ7/xV+2mZ=9rT4wK8",
        "file": "bN3/kL+5sD=7fG1hJ6",
        "literal": "vC9/tR+4yU=2iO8pA5",
        "dotenv": "zX6/mW+1qE=3nB7gH9",
        "vendor": "jK4/dS+8aF=6lP2cV5",
        "header": "uY5/gT+7hM=1wQ9eR3",
        "parameter": "oL2/cZ+3xJ=8vN6bM4",
        "client": "fD8/rS+6kH=5tG7yU1",
    }.items()
}
# Shorter pieces could be anybody's.
PIECE = 14


def forms(secret: str) -> set[str]:
    """A secret as it might be written: as it is, percent-encoded, in base64 at each alignment, as hex,
    backwards, and every long piece of it."""
    data = secret.encode()
    plain = {secret, urllib.parse.quote(secret, safe=""), data.hex(), secret[::-1]}
    plain.add(json.dumps(secret)[1:-1].replace("/", "\\/"))
    for skip in range(3):
        # Without the ends, which depend on what stands beside the secret.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            plain.add(encode(b"x" * skip + data).decode()[4 if skip else 0 : -4])
    # The beginning says which canary it is and is in no other text.
    plain |= {secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)}
    return plain


FORMS = {way: forms(secret) for way, secret in CANARIES.items()}


def assert_silent(where: str, said: str) -> None:
    """No form of any canary is in a text."""
    for way, shapes in FORMS.items():
        for shape in shapes:
            at = said.find(shape)
            assert at < 0, f"{where} tells the {way} as {shape}: ...{said[max(0, at - 200) : at + 120]}..."


class Collector:
    """Takes whatever is sent to it over HTTP, as a collector of spans would."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        taken = self.bodies

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.stop()


@pytest.fixture
def secrets(tmp_path):
    """The environment, with a `.env` and a file of a key beside it."""
    (tmp_path / "key").write_text(CANARIES["file"] + "\n")
    (tmp_path / ".env").write_text(f"FROM_DOTENV='{CANARIES['dotenv']}'\n")
    return {
        "FROM_ENV": CANARIES["variable"],
        "OPENAI_API_KEY": CANARIES["vendor"],
        "A_HEADER": f"Token {CANARIES['header']}",
        "A_PARAMETER": CANARIES["parameter"],
    }


# The ways in which the key of a deployment comes.
KEYS = {
    "variable": "${FROM_ENV}",
    "file": "file:{folder}/key",
    "literal": CANARIES["literal"],
    "dotenv": "${FROM_DOTENV}",
}


def configuration(vendors: dict, folder, **telemetry) -> dict:
    """A model at each vendor for each way in which a key may come."""
    models = {}
    for name, vendor in vendors.items():
        for way, key in KEYS.items():
            place = {
                "provider": name,
                "model": "upstream",
                "api_base": vendor.base,
                "api_keys": [key.replace("{folder}", str(folder))],
                "headers": {"x-extra": "${A_HEADER}"},
                "params": {"set": {"user": "${A_PARAMETER}"}},
            }
            models[f"{name}-{way}"] = {
                "retries": {"max_attempts": 2, "base": "1ms", "cap": "2ms"},
                "timeouts": {"first_token": "150ms", "idle": "150ms"},
                "deployments": [place],
            }
    return {"models": models, "telemetry": {"level": "trace"} | telemetry}


def misdeeds(way: str) -> list[dict]:
    """What a vendor does in turn; wherever it may use words of its own, it repeats what we sent."""
    sent = f"{CANARIES[way]} (x-extra: Token {CANARIES['header']})"
    told = {"message": f"Incorrect API key provided: {sent}. Authorization: Bearer {CANARIES[way]}"}
    coded = {"message": "no", "code": CANARIES[way]}
    raw = {"raw": f"<html>{sent}</html>"}
    return [
        {},
        status(401, error=told),
        status(401, error=coded),
        status(403, error=told),
        status(429, error=told),
        status(400, error=told),
        status(500, error=told),
        status(500, body=raw),
        status(401, body=raw),
        fault("refuse", why="auth"),
        fault("error_in200", error=told),
        fault("error_frame", after=0, error=told),
        fault("error_frame", after=2, error=told),
        fault("error_frame", after=0, bare=True, error=told),
        fault("malformed_frame", after=1),
        fault("cut", after=1, reset=True),
        fault("no_end"),
        fault("stall", after=1),
        fault("html"),
        fault("empty"),
        fault("truncated_json"),
        fault("wrong_length", extra=9),
        fault("redirect", location=f"http://127.0.0.1:1/?key={urllib.parse.quote(sent)}"),
        fault("reset_before_head"),
        fault("silent"),
    ]


def told(answer: wire.Answer) -> str:
    """Everything that a client gets to see of an answer."""
    return f"{answer.status} {answer.headers} {answer.body.decode(errors='replace')}"


def ask(gateway, path: str, body: dict, authorization: str = "Bearer") -> str:
    headers = {"authorization": f"{authorization} {CANARIES['client']}"}
    try:
        return told(gateway.post(path, body, **headers))
    except (OSError, wire.http.client.HTTPException) as error:
        # A stream that breaks after its beginning: what came of it was an answer, and is told below.
        return str(error)


# What a client asks for, whole and streamed.
ASKS = [(client, streamed) for client in PATHS for streamed in (False, True)]


def go_wrong(gateway, vendors: dict, misdeed: int) -> None:
    """One misdeed of every vendor with every key, told to every client, whole and streamed. After a
    refused key its cooldown answers, so each key meets the misdeed with another request first."""
    for name, vendor in vendors.items():
        for turn, way in enumerate(KEYS):
            deed = misdeeds(way)[misdeed]
            vendor.script(default=deed)
            for client, streamed in ASKS[turn:] + ASKS[:turn]:
                body = {"model": f"{name}-{way}", "stream": streamed, "max_tokens": 9}
                said = ask(gateway, PATHS[client], CHAT | body)
                assert_silent(f"{name} {deed} to {client}", said)


def ended(gateway) -> str:
    """Ends a gateway; its log."""
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    return "\n".join(gateway.lines)


def test_no_canary_is_told_whatever_a_vendor_does(vendors, start, secrets, tmp_path):
    config = configuration(vendors, tmp_path)
    log = ""
    for misdeed in range(len(misdeeds("file"))):
        gateway = start(config, secrets)
        go_wrong(gateway, vendors, misdeed)
        assert_silent("status", told(gateway.get("/v1/providers/status")))
        assert_silent("metrics", wire.get(f"{gateway.ops_url}/metrics").text)
        log += ended(gateway)
    assert_silent("the log", log)
    # That the test looks at something: vendors got the secrets and failed in many ways.
    seen = [entry for vendor in vendors.values() for entry in vendor.journal()]
    shown = json.dumps([entry["headers"] for entry in seen])
    for way in (*KEYS, "header"):
        assert CANARIES[way] in shown, f"no vendor ever got the {way}"
    assert CANARIES["client"] not in shown
    assert len(seen) > 500, len(seen)
    assert log.count("[redacted]") > 20, log[-2000:]


def test_no_canary_is_told_whatever_a_client_asks(vendors, start, secrets, tmp_path):
    gateway = start(configuration(vendors, tmp_path), secrets)
    for path, body in [
        ("/v1/chat/completions", CHAT | {"model": "openai-file"}),
        ("/v1/chat/completions", CHAT | {"model": "nobody"}),
        ("/v1/chat/completions", b"{" + b'"model": "openai-file", "messages": 3'),
        ("/v1/embeddings", {"model": "openai-file", "input": "x"}),
        ("/v1/messages", {"model": "nobody", "messages": MESSAGES, "max_tokens": 3}),
        ("/nowhere", {}),
    ]:
        assert_silent(path, ask(gateway, path, body))
        assert_silent(path, ask(gateway, path, body, "Basic"))
    for path in [
        *("/v1/providers/status", "/v1/models", "/models", "/health", "/llm/models", "/llm/health"),
        *("/llm/keys/openai-file", "/llm/system-load", "/llm/system-capacity"),
        *("/llm/model-load/openai-file", "/llm/key-load/openai-file/openai-1"),
        *("/", "/docs", "/openapi.json"),
    ]:
        assert_silent(path, told(gateway.get(path)))
    for path in ["/metrics", "/health/live", "/health/ready", "/admin/config", "/admin"]:
        assert_silent(f"ops {path}", told(wire.get(gateway.ops_url + path)))
    assert_silent("the log", ended(gateway))
    assert len(gateway.lines) > 10, "trace wrote no log: the test looks at nothing"


def test_no_canary_is_in_a_span(vendors, start, secrets, collector, tmp_path):
    otlp = {"endpoint": collector.endpoint, "protocol": "http"}
    for misdeed in (0, 1, 7, 12):
        gateway = start(configuration(vendors, tmp_path, otlp=otlp), secrets)
        go_wrong(gateway, vendors, misdeed)
        ended(gateway)
    spans = poll("spans", lambda: collector.bodies)
    assert any(b"openai-file" in body for body in spans)
    for body in spans:
        assert_silent("a span", body.decode(errors="replace"))


@pytest.mark.parametrize("broken", [False, True])
def test_no_canary_is_told_by_check(vendors, secrets, tmp_path, broken):
    config = configuration(vendors, tmp_path)
    if broken:
        # Every value in turn where it does not belong.
        config["models"]["openai-file"] |= {"strategy": "${FROM_ENV}", "timeout": "${FROM_DOTENV}"}
        config["models"]["anthropic-file"] |= {"aliases": {"${A_PARAMETER}": 1}, "weight": "${A_HEADER}"}
        config["server"] = {"listen": f"file:{tmp_path}/key", "drain": "${FROM_ENV}"}
    path = tmp_path / "check.yaml"
    path.write_text(json.dumps(config))
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    for flags in (["check"], ["check", "--print"], ["check", "--json"], ["check", "--json", "--print"]):
        args = [program, *flags, "--config", str(path)]
        env = clean_env() | secrets
        said = subprocess.run(args, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=20)
        assert said.returncode == (2 if broken else 0), said.stderr
        assert_silent(" ".join(flags), said.stdout + said.stderr)
        if "--print" in flags and not broken:
            assert "***openai-1" in said.stdout


def test_no_canary_is_told_by_a_gateway_that_cannot_start(secrets, tmp_path):
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    listen = f"127.0.0.1:{free_port()}"
    env = clean_env() | secrets | {"ANTHROPIC_API_KEYS": f"{CANARIES['file']},\x7f{CANARIES['literal']}"}
    for more in (
        {"TOLLGATE__SERVER__LISTEN": CANARIES["variable"]},
        {"TOLLGATE__MODELS": "{" + CANARIES["literal"]},
        {"TOLLGATE__NOWHERE": CANARIES["dotenv"]},
        {"TOLLGATE__SERVER__LISTEN": listen, "OPENAI_BASE_URL": CANARIES["header"]},
    ):
        said = subprocess.run(
            [program], capture_output=True, text=True, env=env | more, cwd=tmp_path, timeout=20
        )
        assert said.returncode == 2, said.stderr
        assert_silent(str(sorted(more)), said.stdout + said.stderr)
    assert os.path.exists(tmp_path / ".env")
