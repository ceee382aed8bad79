"""Pictures by URL for vendors that take none: fetched where the operator says so, by the rule that
keeps the inside of a network inside."""

from __future__ import annotations

import base64
import http.server
import json
import threading

import openai
import pytest

from harness import bedrock, wire
from harness.processes import Gateway

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7 " + bytes(range(256))
QUICK = {"max_attempts": 3, "base": "1ms", "cap": "2ms"}


class Site:
    """A web server on a port of its own that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_) -> None:
                pass

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((self.path, headers))
                status, kind, body, more = site.pages.get(self.path, (404, "text/plain", b"", {}))
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                for name, value in more.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.pages = {
            "/a.png": (200, "application/octet-stream", PNG, {}),
            "/b.pdf": (200, "application/pdf", PDF, {}),
            "/page": (200, "image/png", b"<html>no picture</html>", {}),
            "/large": (200, "image/png", PNG * 9000, {}),
            "/moved": (302, "text/plain", b"", {"location": "/a.png"}),
            "/metadata": (302, "text/plain", b"", {"location": "http://169.254.169.254/latest"}),
            "/inside": (302, "text/plain", b"", {"location": f"http://127.0.0.2:{self.port}/a.png"}),
        }
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site():
    site = Site()
    yield site
    site.stop()


@pytest.fixture
def service():
    service = bedrock.Service()
    yield service
    service.stop()


def config(service: bedrock.Service, site: Site, **more) -> dict:
    def place(model: str, name: str) -> dict:
        aws = {
            "region": bedrock.REGION,
            "access_key_id": bedrock.KEY_ID,
            "secret_access_key": bedrock.SECRET,
        }
        return {
            "id": name,
            "provider": "bedrock",
            "model": model,
            "api_base": service.url,
            "aws": aws,
        }

    media = {"ports": [str(site.port)], "networks": ["127.0.0.1/32"], "limit": "1MiB"}
    nova = [place(bedrock.NOVA, "nova-a"), place(bedrock.NOVA, "nova-b")]
    return {
        "media": media,
        "defaults": {"fetch_media": True},
        "models": {
            "nova": {"deployments": nova, "strategy": "first_available", "retries": QUICK},
            "claude": {"deployments": [place(bedrock.CLAUDE, "claude")]},
        },
    } | more


def picture(url: str, model: str = "nova") -> dict:
    parts = [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    return {"model": model, "messages": [{"role": "user", "content": parts}]}


def refused(gateway: Gateway, body: dict, path: str = "/v1/chat/completions") -> dict:
    answer = gateway.post(path, body)
    assert answer.status == 400, answer.text
    return answer.json["error"]


def test_a_picture_is_fetched_and_sent_as_data(service, site, start):
    gateway = start(config(service, site))
    asked = picture(f"{site.url}/a.png")
    answer = gateway.openai().chat.completions.create(**asked)
    assert answer.choices[0].message.content == "Hello from Bedrock."
    request = service.only()
    request.check()
    image = request.json["messages"][0]["content"][1]["image"]
    assert image == {"format": "png", "source": {"bytes": base64.b64encode(PNG).decode()}}
    (path, headers), = site.asked
    assert path == "/a.png"
    told = {"authorization", "cookie", "referer", "x-api-key", "x-request-id", "traceparent"}
    assert not told & set(headers), headers


def test_one_fetch_serves_every_attempt_and_every_place(service, site, start):
    gateway = start(config(service, site))
    service.script(bedrock.failure(503, "ServiceUnavailableException", "busy"))
    asked = picture(f"{site.url}/moved")
    asked["messages"][0]["content"].append(asked["messages"][0]["content"][1])
    answer = gateway.post("/v1/chat/completions", asked)
    assert answer.status == 200 and answer.headers["x-tollgate-attempts"] == "2", answer.text
    assert [path for path, _ in site.asked] == ["/moved", "/a.png"]
    assert len(service.requests) == 2 and service.requests[0].body == service.requests[1].body


def test_claudes_own_words_are_sent_with_data_in_them(service, site, start):
    gateway = start(config(service, site))
    said = {
        "content": [{"type": "text", "text": "A gate."}],
        "id": "msg_1",
        "model": "claude",
        "role": "assistant",
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "type": "message",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    service.script(bedrock.Answer(200, json.dumps(said).encode()))
    content = [
        {"type": "image", "source": {"type": "url", "url": f"{site.url}/a.png"}},
        {"type": "document", "source": {"type": "url", "url": f"{site.url}/b.pdf"}},
        {"type": "text", "text": "what is it?"},
    ]
    messages = [{"role": "user", "content": content}]
    gateway.anthropic().messages.create(model="claude", max_tokens=9, messages=messages)
    sent = service.only().json["messages"][0]["content"]
    data = [base64.b64decode(block["source"]["data"]) for block in sent[:2]]
    assert data == [PNG, PDF]
    kinds = [block["source"]["media_type"] for block in sent[:2]]
    assert kinds == ["image/png", "application/pdf"] and sent[2] == content[2]


def test_without_the_switch_it_is_refused_and_named(service, site, start):
    gateway = start(config(service, site, defaults={}))
    error = refused(gateway, picture(f"{site.url}/a.png"))
    assert error["param"] == "messages[0].content[1]", error
    assert "fetch_media: true" in error["message"] and error["param"] in error["message"]
    source = {"type": "url", "url": f"{site.url}/a.png"}
    content = [{"type": "image", "source": source}]
    asked = {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": content}]}
    error = refused(gateway, asked, "/v1/messages")
    assert "messages[0].content[0].source.url" in error["message"], error
    assert site.asked == [] and service.requests == []
    with pytest.raises(openai.BadRequestError):
        gateway.openai().chat.completions.create(**picture(f"{site.url}/a.png"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://169.254.169.254/latest/meta-data", "network that may not be fetched"),
        ("http://[::1]:{port}/a.png", "network that may not be fetched"),
        ("http://localhost.:22/a.png", "port"),
        ("http://127.0.0.2:{port}/a.png", "network that may not be fetched"),
        ("http://2130706434:{port}/a.png", "network that may not be fetched"),
        ("http://0x7f.2:{port}/a.png", "network that may not be fetched"),
        ("http://[::ffff:127.0.0.1]:{port}/a.png", "network that may not be fetched"),
        ("http://user:pass@127.0.0.1:{port}/a.png", "user name"),
        ("{site}/metadata", "redirects"),
        ("{site}/inside", "redirects"),
        ("{site}/page", "neither a picture"),
        ("{site}/large", "larger than"),
        ("{site}/missing", "404"),
    ],
)
def test_what_may_not_be_fetched_is_refused_and_named(service, site, start, url, why):
    gateway = start(config(service, site))
    url = url.replace("{port}", str(site.port)).replace("{site}", site.url)
    error = refused(gateway, picture(url))
    assert why in error["message"], error
    assert error["param"] == "messages[0].content[1]" and error["code"] == "unsupported_parameter"
    assert service.requests == [], "nothing is sent without its picture"
    hops = [path for path, _ in site.asked]
    assert hops == ([url.removeprefix(site.url)] if url.startswith(site.url) else []), hops


def test_too_many_are_refused(service, site, start):
    gateway = start(config(service, site) | {"media": {"count": 2}})
    asked = picture(f"{site.url}/0")
    for number in range(1, 4):
        part = {"type": "image_url", "image_url": {"url": f"{site.url}/{number}"}}
        asked["messages"][0]["content"].append(part)
    error = refused(gateway, asked)
    assert "2 are fetched at most" in error["message"] and site.asked == []


def test_wrong_bounds_are_named(start):
    media = {"networks": ["10.0.0.0/40", "x"], "ports": ["70000"], "count": 0, "odd": 1}
    with pytest.raises(AssertionError) as failed:
        start({"media": media, "models": {"m": {"provider": "mock"}}})
    said = str(failed.value)
    for word in ["media.networks", "no network", "media.ports", "media.count", "media.odd"]:
        assert word in said, said


def test_vendors_that_fetch_are_left_to_it(vendors, site, start):
    vendor = vendors["openai"]
    place = {"provider": "openai", "model": "gpt-4o", "api_base": vendor.base, "api_key": "sk-x"}
    gateway = start({"defaults": {"fetch_media": True}, "models": {"m": place}})
    asked = picture(f"{site.url}/a.png", "m")
    assert gateway.post("/v1/chat/completions", asked).status == 200
    assert vendor.only()["body"]["messages"] == asked["messages"] and site.asked == []
    assert wire.get(f"{gateway.url}/health").status == 200
