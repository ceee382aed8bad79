"""Vertex AI: addresses by project and location, and tokens that the gateway fetches for itself.

The token server of these tests checks what Google's would: the signature of a service account's
word, and the header that the metadata server wants.
"""

from __future__ import annotations

import base64
import http.server
import json
import threading
import urllib.parse

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.config import NO_RETRIES

MODEL = "gemini-3-flash"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


class Tokens:
    """A server that gives out tokens, each another one, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.status = 200
        self.life = 3600
        tokens = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.headers["metadata-flavor"] == "Google"
                self.give({"path": self.path})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self.give(dict(urllib.parse.parse_qsl(body)))

            def give(self, asked: dict) -> None:
                tokens.asked.append(asked)
                token = f"token-{len(tokens.asked)}"
                answer = {"access_token": token, "expires_in": tokens.life, "token_type": "Bearer"}
                if tokens.status != 200:
                    answer = {"error": "invalid_grant", "error_description": "Bad word."}
                data = json.dumps(answer).encode()
                self.send_response(tokens.status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def tokens():
    server = Tokens()
    yield server
    server.stop()


@pytest.fixture
def gemini(upstream):
    return upstream("gemini", "vertex")


def config(gemini, google: dict) -> dict:
    google = {"project": "my-project", "location": "europe-west1"} | google
    provider = {"api_base": gemini.origin, "google": google}
    model = {"provider": "vertex", "model": MODEL, "retries": NO_RETRIES}
    return {"providers": {"vertex": provider}, "models": {"m": model}}


def account(tokens, tmp_path, **more) -> str:
    file = tmp_path / "account.json"
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "other-project",
                "private_key_id": "abc123",
                "private_key": PEM,
                "client_email": "me@my-project.iam.gserviceaccount.com",
                "token_uri": f"http://{tokens.host}/token",
            }
            | more
        )
    )
    return f"file:{file}"


def unpack(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_service_account_signs_for_its_tokens(start, gemini, tokens, tmp_path):
    gateway = start(config(gemini, {"credentials": account(tokens, tmp_path)}))
    for _ in range(3):
        answer = gateway.post("/v1/chat/completions", ASK)
        assert answer.json["choices"][0]["message"]["content"] == "Hello from vertex."
    entry = gemini.last()
    place = "/v1/projects/my-project/locations/europe-west1/publishers/google"
    assert entry["path"] == f"{place}/models/{MODEL}:generateContent"
    assert entry["headers"]["authorization"] == "Bearer token-1"
    assert "x-goog-api-key" not in entry["headers"]
    (asked,) = tokens.asked
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims, signature = asked["assertion"].split(".")
    signed = f"{head}.{claims}".encode()
    KEY.public_key().verify(unpack(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(unpack(head)) == {"alg": "RS256", "typ": "JWT", "kid": "abc123"}
    claims = json.loads(unpack(claims))
    assert claims["iss"] == "me@my-project.iam.gserviceaccount.com"
    assert claims["aud"] == f"http://{tokens.host}/token"
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert claims["exp"] - claims["iat"] == 3600
    shown = "\n".join(gateway.lines)
    assert "token-1" not in shown and "PRIVATE" not in shown and "assertion" not in shown


def test_the_machines_own_account_and_a_token_that_ends(start, gemini, tokens):
    tokens.life = 0
    gateway = start(config(gemini, {"metadata_host": tokens.host}))
    for number in (1, 2):
        assert gateway.post("/v1/chat/completions", ASK).status == 200
        assert gemini.last()["headers"]["authorization"] == f"Bearer token-{number}"
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    assert [asked["path"] for asked in tokens.asked] == [path, path]


def test_a_persons_refresh_token(start, gemini, tokens, tmp_path):
    person = {"type": "authorized_user", "client_id": "c", "client_secret": "s+&", "refresh_token": "r/="}
    credentials = account(tokens, tmp_path, **person)
    gateway = start(config(gemini, {"credentials": credentials}))
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    assert gateway.post("/v1beta/models/m:generateContent", body).status == 200
    (asked,) = tokens.asked
    assert asked == {
        "grant_type": "refresh_token",
        "client_id": "c",
        "client_secret": "s+&",
        "refresh_token": "r/=",
    }


def test_a_refused_credential_is_no_fault_of_the_client(start, gemini, tokens, tmp_path):
    tokens.status = 400
    gateway = start(config(gemini, {"credentials": account(tokens, tmp_path)}))
    answer = gateway.post("/v1/chat/completions", ASK)
    assert answer.status >= 500, answer.text
    assert "invalid_grant" in answer.text
    assert gemini.hits == 0


@pytest.mark.parametrize(
    ("google", "problem"),
    [
        ({"credentials": "not json"}, "is not the JSON of a credentials file"),
        ({"credentials": '{"type":"magic"}'}, "has a `type` that is not known here"),
        ({"project": "no/slash"}, "is not a name of Google's"),
        ({"places": "x"}, "places"),
    ],
)
def test_a_wrong_place_is_refused_at_the_start(start, gemini, google, problem):
    with pytest.raises(AssertionError, match="did not start") as refused:
        start(config(gemini, google))
    assert problem in str(refused.value)
    assert "not json" not in str(refused.value)
