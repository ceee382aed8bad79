"""Too much at once: bodies, requests, connections. A 503 that says when to come back, and no growth."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import os
import socket
import subprocess

import pytest

from harness import wire
from harness.client import CHAT, PATHS
from harness.config import NO_RETRIES, one
from harness.processes import Process, binary, clean_env, fault, free_port, poll

MIB = 1 << 20


def rejected(gateway, reason: str) -> float:
    return gateway.metric("tollgate_http_rejections_total", reason=reason)


def open_body(gateway, path: str, declared: int | None, sent: bytes) -> socket.socket:
    """A request whose body is under way."""
    client = socket.create_connection(("127.0.0.1", gateway.port), 20)
    length = f"content-length: {declared}" if declared else "transfer-encoding: chunked"
    client.sendall(f"POST {path} HTTP/1.1\r\nhost: t\r\n{length}\r\n\r\n".encode())
    if declared is None:
        sent = f"{len(sent):x}\r\n".encode() + sent + b"\r\n"
    client.sendall(sent)
    return client


def chat_of(size: int) -> dict:
    return CHAT | {"max_tokens": 9, "user": "u", "messages": [{"role": "user", "content": "x" * size}]}


def test_bodies_that_find_no_room_get_a_503_and_room_comes_back(vendors, start, client):
    limits = {"body_limit": "8MiB", "body_memory": "8MiB"}
    gateway = start(one(vendors["openai"]) | {"server": limits})
    held = [
        open_body(gateway, PATHS["openai"], 4 * MIB, b"x" * (3 * MIB)),
        open_body(gateway, PATHS["openai"], None, b"x" * (3 * MIB)),
    ]
    poll("six MiB", lambda: gateway.metric("tollgate_body_memory_bytes") >= 6 * MIB)
    answer = gateway.post(PATHS[client], chat_of(3 * MIB))
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "memory" in answer.json["error"]["message"]
    assert rejected(gateway, "body_memory") == 1
    assert gateway.post(PATHS[client], chat_of(1000)).status == 200, "small ones pass"
    for connection in held:
        connection.close()
    poll("room", lambda: gateway.metric("tollgate_body_memory_bytes") == 0)
    assert gateway.post(PATHS[client], chat_of(3 * MIB)).status == 200
    poll("room again", lambda: gateway.metric("tollgate_body_memory_bytes") == 0)


def test_heads_alone_take_no_room(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"body_limit": "8MiB", "body_memory": "8MiB"}})
    held = [open_body(gateway, PATHS["openai"], 8 * MIB, b"{") for _ in range(20)]
    assert gateway.post(PATHS["openai"], chat_of(3 * MIB)).status == 200
    for connection in held:
        connection.close()


def test_a_burst_of_large_bodies_does_not_grow_memory_beyond_its_bound(vendors, start):
    bound, connections = 16 * MIB, 40
    limits = {"body_limit": "4MiB", "body_memory": "16MiB"}
    gateway = start(one(vendors["openai"], retries=NO_RETRIES) | {"server": limits})
    vendors["openai"].script(default=fault("slow_head", ms=300))
    gateway.post(PATHS["openai"], chat_of(1000))
    before = gateway.memory()
    body = json.dumps(chat_of(3 * MIB)).encode()
    with concurrent.futures.ThreadPoolExecutor(connections) as clients:
        asked = [
            clients.submit(lambda: gateway.post(PATHS["openai"], body).status)
            for _ in range(connections)
        ]
        peak = before
        while concurrent.futures.wait(asked, timeout=0.01).not_done:
            peak = max(peak, gateway.memory())
    statuses = [ask.result() for ask in asked]
    assert set(statuses) == {200, 503}, statuses
    # A body in its pieces, joined, and edited for the vendor; and each connection reads into a
    # buffer of its own, also what is thrown away. Without the bound it is twice as much.
    assert peak - before < 3 * bound + connections * MIB, f"{(peak - before) / MIB:.0f} MiB"
    assert rejected(gateway, "body_memory") == statuses.count(503)


def test_requests_beyond_the_bound_get_a_503_and_the_place_comes_back(vendors, start, client):
    gateway = start(one(vendors["openai"]) | {"server": {"max_requests": 2}})
    vendors["openai"].script(default=fault("stall", after=1))
    streaming = CHAT | {"stream": True, "max_tokens": 9}
    with gateway.stream(PATHS[client], streaming) as one_, gateway.stream(PATHS[client], streaming):
        next(one_.events())
        answer = gateway.post(PATHS[client], streaming)
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json["error"]["message"]
        assert gateway.get("/health").status == 200, "only requests for models are counted"
        assert rejected(gateway, "overloaded") == 1
    vendors["openai"].reset()
    poll("a place", lambda: gateway.post(PATHS[client], CHAT | {"max_tokens": 9}).status == 200)


def test_routes_have_body_limits_of_their_own(vendors, start):
    limits = {"body_limit": "2KiB", "body_limits": {"embeddings": "64KiB", "count_tokens": "300B"}}
    config = one(vendors["openai"])
    config["models"]["m"]["deployments"][0]["model"] = "text-embedding-3-small"
    gateway = start(config | {"server": limits})
    embedding = {"model": "m", "input": "x" * 9000}
    assert gateway.post("/v1/embeddings", embedding).status == 200
    assert gateway.post("/v1/embeddings", {"model": "m", "input": "x" * 70_000}).status == 413
    assert gateway.post("/v1/chat/completions", chat_of(3000)).status == 413
    assert gateway.post("/v1/messages/count_tokens", chat_of(400)).status == 413
    assert rejected(gateway, "body_too_large") == 3


def test_ambiguous_and_broken_heads_are_counted(vendors, start):
    gateway = start(one(vendors["openai"]))
    twice = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\nhost: b\r\ncontent-length: 0\r\n\r\n"
    assert wire.raw(gateway.url, twice).startswith(b"HTTP/1.1 400")
    assert rejected(gateway, "invalid_head") == 1
    assert wire.raw(gateway.url, b"\x00\x01 nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")
    poll("the count", lambda: rejected(gateway, "invalid_head") == 2)


def test_slow_heads_and_bodies_are_cut_and_counted(vendors, start):
    times = {"header_timeout": "200ms", "body_timeout": "200ms"}
    gateway = start(one(vendors["openai"]) | {"server": times})
    assert wire.raw(gateway.url, b"GET /health HTTP/1.1\r\nhost:") == b""
    poll("the count", lambda: rejected(gateway, "head_timeout") >= 1)
    with open_body(gateway, PATHS["openai"], 99, b"{") as slow:
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")
    assert rejected(gateway, "body_timeout") == 1


def test_an_old_connection_is_closed_by_an_answer(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"max_connection_age": "50ms"}})
    client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    client.connect()
    first = client.sock

    def last() -> bool:
        client.request("POST", PATHS["openai"], json.dumps(CHAT))
        assert client.sock is first, "closed without a word"
        response = client.getresponse()
        assert response.status == 200
        response.read()
        return response.getheader("connection") == "close"

    poll("the last answer of the connection", last)
    assert first.fileno() == -1 or first.recv(1) == b""


def test_connections_beyond_the_bound_wait(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"max_connections": 2}})
    idle = [socket.create_connection(("127.0.0.1", gateway.port), 20) for _ in range(2)]
    waiting = socket.create_connection(("127.0.0.1", gateway.port), 20)
    waiting.sendall(b"GET /health HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
    poll("both", lambda: gateway.metric("tollgate_connections") == 2)
    waiting.settimeout(0.2)
    with pytest.raises(TimeoutError):
        waiting.recv(1)
    idle[0].close()
    waiting.settimeout(20)
    assert waiting.recv(4096).startswith(b"HTTP/1.1 200")


# What surrounds the process.


def test_a_port_in_use_is_named_with_what_chooses_another(vendors, start, tmp_path):
    gateway = start(one(vendors["openai"]))
    for variable, port, flag in (
        ("LISTEN", gateway.port, "--listen"),
        ("OPS_LISTEN", gateway.ops_port, "--ops-listen"),
    ):
        env = {
            "TOLLGATE__SERVER__LISTEN": f"127.0.0.1:{free_port()}",
            "TOLLGATE__SERVER__OPS_LISTEN": f"127.0.0.1:{free_port()}",
            f"TOLLGATE__SERVER__{variable}": f"127.0.0.1:{port}",
        }
        program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
        process = Process([program], env=clean_env() | env, cwd=str(tmp_path))
        assert process.wait() == 1
        said = "\n".join(process.lines)
        assert str(port) in said and flag in said and "panicked" not in said


def test_it_needs_to_write_nothing(vendors, start, tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        gateway = start(one(vendors["openai"]))
        before = sorted(os.listdir(tmp_path))
        assert gateway.post(PATHS["openai"], CHAT).status == 200
        assert sorted(os.listdir(tmp_path)) == before
        env = listening(tmp_path)
        program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
        process = Process([program], env=clean_env() | env, cwd=str(folder))
        url = f"http://{env['TOLLGATE__SERVER__LISTEN']}"
        poll("a start in a read-only folder", lambda: answers(url))
        process.stop()
        assert os.listdir(folder) == []
    finally:
        folder.chmod(0o755)


def listening(_folder) -> dict[str, str]:
    return {
        "TOLLGATE__SERVER__LISTEN": f"127.0.0.1:{free_port()}",
        "TOLLGATE__SERVER__OPS_LISTEN": f"127.0.0.1:{free_port()}",
    }


def answers(url: str) -> bool:
    try:
        return wire.get(f"{url}/health").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("closed", ["stdout", "stderr", "both"])
def test_whoever_stops_reading_the_log_does_not_stop_the_gateway(vendors, tmp_path, closed):
    path = tmp_path / "t.yaml"
    path.write_text(json.dumps(one(vendors["openai"])))
    env = clean_env() | listening(tmp_path)
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    ends = []
    for name in ("stdout", "stderr") if closed == "both" else (closed,):
        reader, writer = os.pipe()
        os.close(reader)
        pipes[name] = writer
        ends.append(writer)
    gateway = subprocess.Popen([program, "--config", str(path)], env=env, cwd=tmp_path, **pipes)
    try:
        for end in ends:
            os.close(end)
        url = f"http://{env['TOLLGATE__SERVER__LISTEN']}"
        poll("the gateway", lambda: answers(url))
        for _ in range(3):
            assert wire.post(url + PATHS["openai"], CHAT).status == 200
        # Diagnostics as well: a configuration that is refused.
        path.write_text("models: [broken")
        ops = f"http://{env['TOLLGATE__SERVER__OPS_LISTEN']}"
        poll("the refusal", lambda: wire.get(f"{ops}/admin/config").json["last_error"])
        assert wire.post(url + PATHS["openai"], CHAT).status == 200
        page = wire.get(f"{ops}/metrics").text
        if closed != "stderr":
            dropped = [line for line in page.splitlines() if line.startswith("tollgate_log_lines_dr")]
            assert float(dropped[-1].split()[-1]) >= 1, "what could not be written is counted"
        gateway.terminate()
        assert gateway.wait(10) == 0
    finally:
        gateway.kill()
        gateway.wait(10)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_collector_that_is_down_costs_no_request_and_no_exit(vendors, start, protocol):
    otlp = {"endpoint": f"http://127.0.0.1:{free_port()}", "protocol": protocol}
    gateway = start(one(vendors["openai"]) | {"telemetry": {"otlp": otlp}})
    before = gateway.memory()
    for _ in range(300):
        assert gateway.post(PATHS["openai"], CHAT).status == 200
    assert gateway.memory() - before < 32 * MIB
    gateway.signal(15)
    assert gateway.wait(15) == 0
