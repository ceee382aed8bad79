"""The processes of a test: scripted upstreams and the gateway under test.

Nothing sleeps for a fixed time: whoever waits polls for what it waits for, with a deadline.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import anthropic
import openai

from harness import wire

ROOT = pathlib.Path(__file__).resolve().parents[4]
# Long for a machine under load; a healthy one needs a hundredth.
PATIENCE = 20.0
# The secret that clients of the tests show; the gateway asks for none.
CLIENT_KEY = "client-key-not-for-vendors"
# Official clients that check every answer against their types and hide no failure.
SDK_OPTIONS = {
    "api_key": CLIENT_KEY,
    "max_retries": 0,
    "timeout": PATIENCE,
    "_strict_response_validation": True,
}


def binary(variable: str, default: str) -> str:
    """A program under test: named by the environment, else where cargo puts it."""
    path = os.environ.get(variable) or str(ROOT / default)
    assert pathlib.Path(path).exists(), f"{path} is not built; run `cargo xtask e2e`"
    return path


def poll(what: str, probe: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The first true thing that `probe` returns."""
    deadline = time.monotonic() + patience
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {patience} s in vain for {what}"
        time.sleep(0.005)


# Below the range from which the system takes ports for outgoing connections and for port 0: what is
# found free here stays free until its owner binds it. Runs side by side begin at different places.
_ports = itertools.cycle(range(20000, 30000))
for _ in range(os.getpid() * 37 % 10000):
    next(_ports)


def free_port() -> int:
    """A port that nobody listens on now, and another one each time."""
    for port in itertools.islice(_ports, 10000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


class Process:
    """A child process whose output is kept."""

    def __init__(self, args: list[str], env: dict[str, str] | None = None, cwd: str | None = None):
        self.lines: list[str] = []
        self._child = subprocess.Popen(
            args,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            cwd=cwd,
        )
        self.pid = self._child.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._child.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def log(self, containing: str) -> list[str]:
        """The lines so far that contain a text."""
        return [line for line in list(self.lines) if containing in line]

    def said(self, containing: str) -> list[str]:
        """The lines that contain a text, once there is one: an answer may overtake its line."""
        return poll(f"a line with {containing!r}", lambda: self.log(containing))

    def signal(self, number: int) -> None:
        """Sends a signal."""
        self._child.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        """Waits for the end; the exit code."""
        code = self._child.wait(patience)
        self._reader.join(patience)
        return code

    def stop(self) -> None:
        """Ends the process, in good order if it will."""
        if self.running:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait(5)
        self._reader.join(5)


class Upstream(Process):
    """One scripted vendor: one deployment of the gateway."""

    def __init__(self, dialect: str, name: str):
        program = binary("FAULT_UPSTREAM_BIN", "target/debug/fault-upstream")
        super().__init__([program, "--dialect", dialect, "--name", name])
        self.dialect = dialect
        self.name = name
        line = poll("the upstream's port", lambda: self.log("listening on "))[0]
        self.port = int(line.rsplit(":", 1)[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        # As their vendors' SDKs have it: OpenAI's base ends with /v1, Anthropic's does not.
        self.base = f"{self.origin}/v1" if dialect == "openai" else self.origin

    def script(self, *queue: dict, default: dict | None = None) -> None:
        """Behaviours for the next requests in order, then `default` for ever."""
        script = {"queue": list(queue), "default": default or {}}
        answer = wire.post(f"{self.origin}/__script", script)
        assert answer.status == 200, answer.text

    def fault(self, kind: str, **options: Any) -> None:
        """The same fault for every request."""
        self.script(default=fault(kind, **options))

    def reset(self) -> None:
        """Forgets script and journal."""
        assert wire.post(f"{self.origin}/__reset", {}).status == 200

    def journal(self) -> list[dict]:
        """The requests since the last reset."""
        return wire.get(f"{self.origin}/__journal").json["requests"]

    def connections(self) -> int:
        """How many connections were ever made, the test's own included."""
        return wire.get(f"{self.origin}/__journal").json["connections"]

    @property
    def hits(self) -> int:
        """How many requests came since the last reset."""
        return len(self.journal())

    def only(self) -> dict:
        """The one request that came."""
        journal = self.journal()
        assert len(journal) == 1, [entry["path"] for entry in journal]
        return journal[0]

    def last(self) -> dict:
        """The last request that came."""
        return self.journal()[-1]

    def wait_for(self, what: str, probe: Callable[[dict], bool]) -> dict:
        """The last request, once `probe` says yes to it."""

        def found() -> dict | None:
            journal = self.journal()
            return journal[-1] if journal and probe(journal[-1]) else None

        return poll(what, found)


def fault(kind: str, **options: Any) -> dict:
    """A behaviour with a fault and nothing else."""
    return {"fault": {"kind": kind, **options}}


def status(code: int, **options: Any) -> dict:
    """A behaviour that answers with a status."""
    return fault("status", code=code, **options)


class Gateway(Process):
    """The gateway under test, with a configuration of its own."""

    def __init__(self, folder: pathlib.Path, config: dict, env: dict[str, str] | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.ops_port = free_port(), free_port()
        server = {
            "listen": f"127.0.0.1:{self.port}",
            "ops_listen": f"127.0.0.1:{self.ops_port}",
        } | config.get("server", {})
        # JSON is YAML, and needs no library to write.
        self.config = folder / f"tollgate-{self.port}.yaml"
        self.config.write_text(json.dumps(config | {"server": server}, indent=2))
        program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
        args = [program, "--config", str(self.config)]
        super().__init__(args, env=clean_env() | (env or {}), cwd=str(folder))
        self.url = f"http://127.0.0.1:{self.port}"
        self.ops_url = f"http://127.0.0.1:{self.ops_port}"
        try:
            poll("the gateway to serve", self._serves)
        except AssertionError:
            self.stop()
            raise AssertionError("the gateway did not start:\n" + "\n".join(self.lines)) from None

    def _serves(self) -> bool:
        assert self.running, "the gateway ended"
        try:
            return wire.get(f"{self.url}/health").status == 200
        except OSError:
            return False

    def openai(self, **options: Any) -> openai.OpenAI:
        """The official client, which checks every answer against its types."""
        return openai.OpenAI(base_url=f"{self.url}/v1", **SDK_OPTIONS | options)

    def anthropic(self, **options: Any) -> anthropic.Anthropic:
        """The official client, which checks every answer against its types."""
        return anthropic.Anthropic(base_url=self.url, **SDK_OPTIONS | options)

    def get(self, path: str, **headers: str) -> wire.Answer:
        """One GET request."""
        return wire.get(self.url + path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> wire.Answer:
        """One POST request; what is not bytes is sent as JSON."""
        return wire.post(self.url + path, body, **headers)

    def stream(self, path: str, body: Any, **headers: str) -> wire.Stream:
        """One POST request whose answer is read piece by piece."""
        return wire.Stream(self.url + path, body, headers)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        total = 0.0
        for line in wire.get(f"{self.ops_url}/metrics").text.splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match and match[1] == name:
                found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
                if labels.items() <= found.items():
                    total += float(match[3])
        return total

    def memory(self) -> int:
        """Resident memory in bytes."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) * 1024


def clean_env() -> dict[str, str]:
    """The environment without anything that would configure a gateway."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in keep if name in os.environ}
