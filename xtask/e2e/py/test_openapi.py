"""The documents that the gateway serves: valid, true to what it does, and the page made of them."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest
from anthropic.types import message_count_tokens_params, message_create_params
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params
from openapi_spec_validator import OpenAPIV31SpecValidator

from harness import wire
from harness.processes import PATIENCE, Process, binary, clean_env, free_port, poll

# A deployment that never fails: every 5xx is the gateway's own.
CALM = {
    "models": {
        "demo": {"deployments": [{"provider": "mock", "id": "demo"}]},
        "vectors": {"provider": "mock", "model": "mock-embedding"},
    }
}
# What a vendor alone can judge goes to the vendor, so that bodies that this document does not foresee
# may be answered, and bodies that it allows may be refused.
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "unsupported_method",
        "allow_header_conformance",
        "ignored_auth",
    ]
)
SEED = 20261120


@pytest.fixture(scope="module")
def calm(shared_gateways):
    return shared_gateways(CALM)


@pytest.fixture
def demo(tmp_path):
    """The gateway as it runs with nothing configured; one of its deployments fails now and then."""
    address, ops = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    args = [program, "--listen", address, "--ops-listen", ops]
    process = Process(args, env=clean_env(), cwd=str(tmp_path))
    poll("the demo to serve", lambda: process.log("Tollgate "))
    poll("the demo to listen", lambda: wire.get(f"http://{address}/health").status == 200)
    yield f"http://{address}"
    process.stop()


def drive(url: str, folder: pathlib.Path, models: str, *args: str) -> str:
    """Lets schemathesis ask whatever the document allows, and what it does not; what it printed."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--no-color"]
    command += [f"--checks={CHECKS}", f"--seed={SEED}", "--request-timeout", str(PATIENCE)]
    command += ["--generation-database=none", *args]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(pathlib.Path(__file__).parent),
        "SCHEMATHESIS_HOOKS": "harness.schemathesis_hooks",
        "TOLLGATE_MODELS": models,
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, timeout=600
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def cases(said: str) -> int:
    return int(re.search(r"(\d+) generated", said)[1])


def test_the_gateway_does_what_its_document_says(calm, tmp_path):
    models = "default=demo,/v1/embeddings=vectors"
    # Every boundary of every field, then chance.
    phases = "--phases=examples,coverage,fuzzing"
    # Two paths take the very body of a third and are asked of the demo: thousands of cases less.
    others = ["--exclude-operation-id=simpleChat", "--exclude-operation-id=simpleChatStream"]
    said = drive(calm.url, tmp_path, models, phases, "--max-examples=15", *others)
    assert cases(said) > 1000, said
    # The last word is that it still serves.
    assert calm.get("/health").status == 200


def test_the_demo_never_answers_with_a_server_error(demo, tmp_path):
    models = "default=mock-chat,/v1/embeddings=mock-embedding"
    # It takes its time over every answer, so that people see it stream.
    said = drive(demo, tmp_path, models, "--phases=examples,fuzzing", "--max-examples=10")
    assert cases(said) > 100, said


def test_the_operators_listener_does_what_its_document_says(calm, tmp_path):
    phases = "--phases=examples,coverage,fuzzing"
    said = drive(calm.ops_url, tmp_path, "default=demo", phases, "--max-examples=5")
    assert cases(said) > 5, said


@pytest.mark.parametrize("listener", ["url", "ops_url"])
def test_the_document_is_valid_and_is_sent_once(calm, listener):
    url = f"{getattr(calm, listener)}/openapi.json"
    answer = wire.get(url)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(answer.json).validate()
    again = wire.get(url, **{"if-none-match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    other = wire.get(url, **{"if-none-match": '"other"'})
    assert (other.status, other.body) == (200, answer.body)


# Of the SDKs' parameters, those that are sent as headers.
HEADERS = {"workspace_id", "user_profile_id"}


@pytest.mark.parametrize(
    ("schema", "params"),
    [
        ("ChatCompletionRequest", chat_create_params.CompletionCreateParamsBase),
        ("CompletionRequest", completion_create_params.CompletionCreateParamsBase),
        ("EmbeddingRequest", embedding_create_params.EmbeddingCreateParams),
        ("MessagesRequest", message_create_params.MessageCreateParamsBase),
        ("CountTokensRequest", message_count_tokens_params.MessageCountTokensParams),
    ],
)
def test_the_document_names_every_parameter_of_the_official_sdks(calm, schema, params):
    document = calm.get("/openapi.json").json
    told = document["components"]["schemas"][schema]["properties"]
    assert set(params.__annotations__) - HEADERS - set(told) == set()


def test_the_page_comes_from_the_binary_alone(calm):
    page = calm.get("/docs")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    files = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert {"docs/page.css", "docs/page.js"} <= set(files)
    # Links to what the gateway has itself; no style, handler or script stands in the page.
    assert all(file.startswith(("docs/", "data:,", "openapi.json")) for file in files), files
    assert not re.search(r"<style|<script(?![^>]* src=)| on\w+=| style=", page.text)
    texts = [page]
    for file, kind in [("page.css", "text/css"), ("page.js", "text/javascript")]:
        part = calm.get(f"/docs/{file}")
        assert (part.status, part.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        texts.append(part)
    for text in texts:
        assert "://" not in text.text.replace("data:,", ""), "an address of another host"
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in text.text
    assert sum(len(text.body) for text in texts) < 48 * 1024
    assert calm.get("/docs/page.html").status == 404
