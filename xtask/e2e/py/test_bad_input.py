"""What clients get wrong: each a correct status and an error that names the field, in the envelope
of the path's own dialect, within bounded time and memory."""

from __future__ import annotations

import http.client
import json
import socket
import time

import pytest

from harness import wire
from harness.config import one
from harness.processes import status

USER = {"role": "user", "content": "hi"}
CHAT = {"model": "openai", "messages": [USER]}
PATHS = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": CHAT | {"max_tokens": 9},
    "/v1/completions": {"model": "openai", "prompt": "hi"},
    "/v1/embeddings": {"model": "embedding", "input": "hi"},
    "/v1/messages/count_tokens": CHAT,
    "/llm/chat": {"messages": [USER]},
}


def told(answer: wire.Answer, path: str) -> str:
    """The message of an error, after a look at its envelope."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    if path.startswith("/v1/messages"):
        assert answer.json["type"] == "error"
        assert set(answer.json["error"]) == {"type", "message"}
        assert answer.json["request_id"] == answer.headers["request-id"]
    else:
        assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    return answer.json["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"model": "openai",}',
        b'{"a": 1} trailing',
        b'{"model": "\xff\xfe"}',
        b'{"model": "\\ud800"}',
        b"\x00",
    ],
    ids=[
        "empty",
        "half",
        "list",
        "null",
        "string",
        "comma",
        "trailing",
        "utf8",
        "surrogate",
        "nul",
    ],
)
def test_what_is_no_json_object(gateway, vendors, path, body):
    answer = gateway.post(path, body, content_type="application/json")
    assert answer.status == 400, answer.text
    assert told(answer, path)
    assert all(vendor.hits == 0 for vendor in vendors.values())


# body of a chat: the field that the error names
WRONG_CHATS = {
    "messages": {"model": "openai"},
    "messages_type": {"model": "openai", "messages": "hi"},
    "messages[0]": {"model": "openai", "messages": ["hi"]},
    "role": {"model": "openai", "messages": [{"content": "hi"}]},
    "messages[1].role": {"model": "openai", "messages": [USER, {"role": "robot", "content": "x"}]},
    "messages[0].content": {"model": "openai", "messages": [{"role": "user", "content": 7}]},
    "model": {"model": 7, "messages": [USER]},
    "stream": CHAT | {"stream": "yes"},
    "max_tokens": CHAT | {"max_tokens": "many"},
    "temperature": CHAT | {"temperature": "hot"},
    "tools": CHAT | {"tools": {"name": "f"}},
}


@pytest.mark.parametrize("field", WRONG_CHATS)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_wrong_fields_are_named(gateway, vendors, path, field):
    body = WRONG_CHATS[field]
    if path == "/v1/messages":
        body = {"max_tokens": 9} | body
    answer = gateway.post(path, body)
    assert answer.status == 400, answer.text
    message = told(answer, path)
    name = field.removesuffix("_type")
    assert name in message or name in str(answer.json["error"].get("param")), message
    assert all(vendor.hits == 0 for vendor in vendors.values())


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/completions", {"model": "openai"}, "prompt"),
        ("/v1/completions", {"model": "openai", "prompt": {}}, "prompt"),
        ("/v1/embeddings", {"model": "embedding"}, "input"),
        ("/v1/embeddings", {"model": "embedding", "input": {"a": 1}}, "input"),
        ("/v1/messages", CHAT, "max_tokens"),
        ("/v1/messages/count_tokens", {"model": "openai"}, "messages"),
        ("/llm/chat", {"messages": [{"role": "nobody", "content": ""}]}, "role"),
    ],
)
def test_missing_and_wrong_fields_elsewhere(gateway, path, body, field):
    answer = gateway.post(path, body)
    assert answer.status == 400, answer.text
    message = told(answer, path)
    assert field in message or field in str(answer.json["error"].get("param")), message


@pytest.mark.parametrize("path", PATHS)
def test_nesting_without_end(gateway, path):
    deep = b'{"x":' * 10_000 + b"1" + b"}" * 10_000
    begun = time.monotonic()
    answer = gateway.post(path, deep, content_type="application/json")
    assert answer.status == 400, answer.text
    assert "nest" in told(answer, path) or "deep" in told(answer, path)
    assert time.monotonic() - begun < 2
    arrays = json.dumps(PATHS[path])[:-1].encode() + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    assert gateway.post(path, arrays, content_type="application/json").status == 400
    assert gateway.get("/health").status == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_50_mb_is_too_large(gateway, path, chunked):
    size = 50 * 1024 * 1024
    body = b'{"x": "' + b"a" * (size - 9) + b'"}'
    before = gateway.memory()
    begun = time.monotonic()
    if chunked:
        answer = send_chunked(gateway, path, body)
    else:
        answer = gateway.post(path, body, content_type="application/json")
    assert answer.status == 413
    assert told(answer, path)
    assert time.monotonic() - begun < 10
    assert gateway.memory() - before < 40 * 1024 * 1024


def send_chunked(gateway, path: str, body: bytes) -> wire.Answer:
    """A body whose length nobody told."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    headers = {"content-type": "application/json"}
    connection.request("POST", path, pieces, headers, encode_chunked=True)
    answer = wire.answer(connection.getresponse())
    connection.close()
    return answer


def test_a_large_body_within_the_limit_passes(gateway, vendors):
    text = "ä" * (4 * 1024 * 1024)
    answer = gateway.post("/v1/chat/completions", CHAT | {"messages": [USER | {"content": text}]})
    assert answer.status == 200, answer.text
    assert vendors["openai"].only()["body"]["messages"][0]["content"] == text


@pytest.mark.parametrize("path", PATHS)
def test_the_wrong_content_type(gateway, path):
    body = json.dumps(PATHS[path]).encode()
    answer = gateway.post(path, body, content_type="text/plain")
    assert answer.status == 415
    assert "content-type" in told(answer, path).lower()
    answer = gateway.post(path, body, content_type="application/json; charset=utf-8")
    assert answer.status == 200, answer.text


@pytest.mark.parametrize(
    "path", ["/", "/v1/chat", "/v1/messages/batches", "/v2/x", "/v1//models", "/%2e%2e/etc/passwd"]
)
def test_an_unknown_path(gateway, path):
    answer = gateway.post(path, CHAT)
    assert answer.status in (404, 405), answer.text
    assert told(answer, path)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", PATHS)
def test_the_wrong_method(gateway, path, method):
    answer = wire.request(method, gateway.url + path, None, {})
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]
    assert told(answer, path)


def test_the_probe_of_claude_code_is_harmless(gateway):
    assert wire.request("HEAD", f"{gateway.url}/", None, {}).status < 500


def test_a_request_that_is_no_http(gateway):
    for nonsense in (b"\x16\x03\x01\x02\x00\x01", b"HELO there\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        received = wire.raw(gateway.url, nonsense)
        assert received == b"" or received.startswith(b"HTTP/1.1 4"), received
    assert gateway.get("/health").status == 200


def test_contradicting_lengths_are_refused(gateway):
    body = json.dumps(CHAT).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    smuggled = head + b"content-length: 3\r\ncontent-length: 900\r\n\r\n" + body
    assert wire.raw(gateway.url, smuggled).startswith(b"HTTP/1.1 400")
    bad = head + b"content-length: -5\r\n\r\n" + body
    assert wire.raw(gateway.url, bad).startswith(b"HTTP/1.1 400")


def test_heads_without_end_are_refused(gateway):
    many = b"".join(b"x-%d: y\r\n" % number for number in range(5000))
    received = wire.raw(gateway.url, b"GET /health HTTP/1.1\r\nhost: x\r\n" + many + b"\r\n")
    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received[:80]
    assert gateway.get("/health").status == 200


def test_slow_heads_and_bodies_are_given_up(vendors, start):
    server = {"header_timeout": "300ms", "body_timeout": "300ms"}
    gateway = start(one(vendors["openai"]) | {"server": server})
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    half = head + b"content-length: 50\r\n\r\n{"
    for sent, wanted in ((head, (b"", b"HTTP/1.1 408")), (half, (b"HTTP/1.1 408",))):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as slow:
            begun = time.monotonic()
            slow.sendall(sent)
            received = b""
            while piece := slow.recv(65536):
                received += piece
            assert 0.2 < time.monotonic() - begun < 5
            assert received[: len(b"HTTP/1.1 408")] in wanted
    assert vendors["openai"].hits == 0


def test_a_client_that_says_nothing_holds_nobody_up(vendors, start):
    gateway = start(one(vendors["openai"]) | {"server": {"header_timeout": "300ms"}})
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as silent:
        begun = time.monotonic()
        assert silent.recv(1) == b""
        assert time.monotonic() - begun < 5


def test_a_request_id_that_is_none_is_replaced(gateway):
    for bad in ("with space", "x" * 300, 'quote"'):
        answer = gateway.get("/v1/nothing", x_request_id=bad)
        assert answer.headers["x-request-id"] != bad


def test_what_a_vendor_answers_to_a_wrong_value_is_told_with_its_field(vendors, start):
    gateway = start(one(vendors["openai"]))
    error = {"message": "n must be 1.", "param": "n", "code": "unsupported_value"}
    vendors["openai"].script(default=status(400, error=error))
    answer = gateway.post("/v1/chat/completions", CHAT | {"model": "m", "n": 99})
    assert answer.status == 400
    assert answer.json["error"]["param"] == "n"
    assert answer.json["error"]["code"] == "unsupported_value"
    assert answer.json["error"]["message"] == "n must be 1."
