"""Azure OpenAI: both kinds of paths, keys and tokens of Entra ID, and what the content filter says.

The vendor of these tests checks path, query and headers as Azure's own SDK client makes them.
"""

from __future__ import annotations

import json

import httpx
import openai
import pytest
import yaml

from harness.client import CHAT
from harness.config import NO_RETRIES
from harness.contract import check_sent
from harness.processes import ROOT, status
from harness.stub import Stub, events, whole

EXAMPLE = ROOT / "config/openai-azure-anthropic-failover.yaml"


def test_the_example_fails_over_to_azure_with_its_path_and_header(upstream, start):
    openai, azure, anthropic = (
        upstream("openai", "openai"),
        upstream("openai", "azure"),
        upstream("anthropic", "anthropic"),
    )
    config = yaml.safe_load(EXAMPLE.read_text())
    # As written, but for where the vendors are.
    del config["providers"]["azure"]["azure"]["resource"]
    config["providers"]["azure"]["api_base"] = azure.origin
    for model in config["models"].values():
        for place in model.get("deployments", [model]):
            if place["provider"] != "azure":
                vendor = openai if place["provider"] == "openai" else anthropic
                place["api_base"] = vendor.base
    config["models"]["m"] = config["models"].pop("chat")
    names = ["OPENAI_API_KEY", "OPENAI_API_KEY_2", "AZURE_API_KEY", "ANTHROPIC_API_KEY"]
    gateway = start(config, {name: f"key-of-{name.lower()}" for name in names})

    openai.script(default=status(503))
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 200, answer.text
    assert answer.headers["x-tollgate-deployment"] == "m/azure/2"
    seen = azure.only()
    assert seen["path"] == "/openai/v1/chat/completions"
    headers = {name.lower(): value for name, value in dict(seen["headers"]).items()}
    assert headers["api-key"] == "key-of-azure_api_key"
    assert "authorization" not in headers
    assert seen["body"]["model"] == "my-gpt-4o"
    assert anthropic.hits == 0


DATE = "2024-10-21"
SAFE = {"hate": {"filtered": False, "severity": "safe"}}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024-11-20",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "content_filter_results": SAFE,
            "message": {"role": "assistant", "content": "Hi.", "refusal": None},
        }
    ],
    "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6},
}
VECTOR = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.5]}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
TEXT = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-35-turbo-instruct",
    "choices": [{"text": "b", "index": 0, "finish_reason": "stop", "logprobs": None}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
FILTERED = {
    "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content "
        "management policy. Please modify your prompt and retry.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
        },
    }
}


def chunk(choices: list, **more) -> dict:
    named = {"id": "chatcmpl-1", "model": "gpt-4o-2024-11-20", "created": 1}
    return named | {"object": "chat.completion.chunk", "choices": choices} | more


def choice(delta: dict, finish: str | None = None, **more) -> dict:
    return {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None} | more


# As Azure streams: what the filter says of the prompt first, without any choice.
STREAM = (
    chunk(
        [],
        id="",
        model="",
        created=0,
        object="",
        prompt_filter_results=[{"prompt_index": 0, "content_filter_results": SAFE}],
    ),
    chunk([choice({"role": "assistant", "content": "", "refusal": None})]),
    chunk([choice({"content": "Hi."}, content_filter_results=SAFE)]),
    chunk([choice({}, "stop", content_filter_results={})]),
    chunk([], usage=ANSWER["usage"]),
    "[DONE]",
)


def say(asked: dict):
    """What the vendor answers, by the end of the path."""
    if asked["path"].endswith("/embeddings"):
        return whole(VECTOR)
    if asked["path"].endswith("/chat/completions"):
        return events(*STREAM) if asked["body"].get("stream") else whole(ANSWER)
    return whole(TEXT)


@pytest.fixture
def azure():
    stub = Stub(say)
    yield stub
    stub.stop()


@pytest.fixture
def entra():
    """A token server that gives out tokens, each another one."""
    stub = Stub()
    stub.life = 3600

    def token(_: dict):
        answer = {"token_type": "Bearer", "access_token": f"token-{len(stub.seen)}"}
        return whole(answer | {"expires_in": stub.life})

    stub.default = token
    yield stub
    stub.stop()


def config(azure: Stub, **section) -> dict:
    """A model `m`, the deployment `mine` of gpt-4o, and others beside it."""
    key = {} if section.pop("no_key", False) else {"api_key": "azure-key"}
    provider = {"api_base": azure.origin, "azure": section} | key

    def place(name: str, base: str) -> dict:
        return {"provider": "azure", "model": name, "azure": {"base_model": base}, "retries": NO_RETRIES}

    models = {
        "m": place("mine", "gpt-4o"),
        "reasoner": place("deep", "o4-mini"),
        "vectors": place("vec", "text-embedding-3-small"),
        "raw": place("raw", "gpt-35-turbo-instruct"),
    }
    return {"providers": {"azure": provider}, "models": models}


def asked_by_azures_sdk(method: str, model: str, **body) -> httpx.Request:
    """The request that Azure's own client would send for a deployment."""
    caught: list[httpx.Request] = []

    def catch(request):
        caught.append(request)
        raise RuntimeError("caught")

    client = openai.AzureOpenAI(
        azure_endpoint="https://r.openai.azure.com", api_version=DATE, api_key="azure-key", max_retries=0
    )
    send = client._client.send
    client._client.send = lambda request, **_: catch(request)
    try:
        target = client
        for part in method.split("."):
            target = getattr(target, part)
        with pytest.raises(Exception):
            target(model=model, **body)
    finally:
        client._client.send = send
    return caught[0]


@pytest.mark.parametrize(
    ("method", "model", "deployment", "body", "path"),
    [
        ("chat.completions.create", "m", "mine", {"messages": CHAT["messages"]}, "/v1/chat/completions"),
        ("embeddings.create", "vectors", "vec", {"input": "a", "encoding_format": "float"}, "/v1/embeddings"),
        ("completions.create", "raw", "raw", {"prompt": "a"}, "/v1/completions"),
    ],
)
def test_requests_go_where_azures_own_client_sends_them(
    start, azure, method, model, deployment, body, path
):
    gateway = start(config(azure, api_version=DATE))
    answer = gateway.post(path, {"model": model} | body)
    assert answer.status == 200, answer.text
    theirs = asked_by_azures_sdk(method, deployment, **body)
    ours = azure.only
    assert ours["path"] == theirs.url.path
    assert ours["query"] == dict(theirs.url.params) == {"api-version": DATE}
    assert ours["headers"]["api-key"] == theirs.headers["api-key"] == "azure-key"
    assert "authorization" not in ours["headers"]
    assert ours["body"] == json.loads(theirs.content)


def test_without_a_version_the_v1_path_is_taken(start, azure):
    gateway = start(config(azure))
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    assert (azure.last["path"], azure.last["query"]) == ("/openai/v1/chat/completions", {})
    assert azure.last["body"]["model"] == "mine"
    body = {"model": "vectors", "input": ["a"]}
    assert gateway.post("/v1/embeddings", body).status == 200
    assert azure.last["path"] == "/openai/v1/embeddings"


def test_the_model_behind_a_deployment_decides_how_it_is_asked(start, azure):
    gateway = start(config(azure, api_version=DATE))
    body = {
        "model": "reasoner",
        "system": "Be brief.",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}],
    }
    answer = gateway.post("/v1/messages", body, **{"anthropic-version": "2023-06-01"})
    assert answer.json["content"] == [{"type": "text", "text": "Hi."}]
    sent = azure.only["body"]
    check_sent("/v1/chat/completions", sent)
    assert (sent["model"], sent["max_completion_tokens"]) == ("deep", 50)
    assert sent["messages"][0]["role"] == "developer"


def test_what_the_filter_says_stays_in_the_answers_of_openais_clients(start, azure):
    gateway = start(config(azure, api_version=DATE))
    answer = gateway.openai().chat.completions.create(model="m", messages=CHAT["messages"])
    assert answer.choices[0].content_filter_results == SAFE
    assert answer.prompt_filter_results[0]["content_filter_results"] == SAFE
    ask = CHAT | {"stream": True, "stream_options": {"include_usage": True}}
    streamed = gateway.post("/v1/chat/completions", ask).text
    frames = [frame for frame in streamed.split("\n\n") if frame]
    assert [frame.removeprefix("data: ") for frame in frames] == [
        frame if isinstance(frame, str) else json.dumps(frame) for frame in STREAM
    ]


def test_a_stream_without_any_choice_at_first_is_told_to_other_clients(start, azure):
    gateway = start(config(azure, api_version=DATE))
    with gateway.anthropic().messages.stream(
        model="m", max_tokens=50, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        message = stream.get_final_message()
    assert message.content[0].text == "Hi."
    assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 2)
    assert message.id and message.model


def test_a_filtered_prompt_goes_to_the_fallback_for_it_and_else_to_the_client(start, azure, upstream):
    other = upstream("openai", "other")
    made = config(azure, api_version=DATE)
    gateway = start(made)
    azure.queue = [whole(FILTERED, 400), whole(FILTERED, 400)]
    with pytest.raises(openai.BadRequestError) as refused:
        gateway.openai().chat.completions.create(model="m", messages=CHAT["messages"])
    assert refused.value.code == "content_filter"
    answer = gateway.post(
        "/v1/messages", {"model": "m", "max_tokens": 5, "messages": CHAT["messages"]}
    )
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")
    assert "content management policy" in answer.json["error"]["message"]
    made["models"]["safe"] = {
        "provider": "openai",
        "model": "gpt-4o",
        "api_base": other.base,
        "api_key": "k",
    }
    made["models"]["m"] |= {"fallbacks": {"content_policy": ["safe"]}, "retries": 2}
    gateway = start(made)
    azure.queue = [whole(FILTERED, 400)]
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 200, answer.text
    assert other.hits == 1


def test_an_answer_that_the_filter_cut_is_one(start, azure):
    gateway = start(config(azure))
    cut = json.loads(json.dumps(ANSWER))
    cut["choices"][0] |= {"finish_reason": "content_filter"}
    del cut["choices"][0]["message"]["content"]
    azure.queue = [whole(cut), whole(cut)]
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.json["choices"][0]["finish_reason"] == "content_filter"
    answer = gateway.post(
        "/v1/messages", {"model": "m", "max_tokens": 5, "messages": CHAT["messages"]}
    )
    assert answer.json["stop_reason"] == "refusal"


def test_a_pause_that_azure_asks_for_is_told_and_kept(start, azure):
    gateway = start(config(azure))
    busy = {"error": {"code": "429", "message": "Requests have exceeded the call rate limit."}}
    azure.queue = [whole(busy, 429, retry_after_ms="1500", retry_after="2")]
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) <= 2
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status in (429, 503), answer.text
    assert len(azure.seen) == 1, "the pause is kept"


def test_a_deployment_that_is_not_there_is_another_deployments_matter(start, azure):
    made = config(azure, api_version=DATE)
    place = made["models"]["m"]
    retries = place.pop("retries") | {"max_attempts": 3}
    second = place | {"model": "spare", "priority": 1}
    made["models"]["m"] = {"deployments": [place, second], "retries": retries}
    gateway = start(made)
    gone = {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}
    azure.queue = [whole(gone, 404)]
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status == 200, answer.text
    paths = [asked["path"].split("/")[3] for asked in azure.seen]
    assert paths == ["mine", "spare"]


APP = {"tenant_id": "dir", "client_id": "app"}


def test_an_applications_secret_buys_one_token_for_all_deployments(start, azure, entra):
    section = APP | {"client_secret": "app-secret-canary", "authority": entra.origin}
    gateway = start(config(azure, no_key=True, **section))
    for model in ("m", "reasoner", "m"):
        assert gateway.post("/v1/chat/completions", CHAT | {"model": model}).status == 200
        assert azure.last["headers"]["authorization"] == "Bearer token-1"
        assert "api-key" not in azure.last["headers"]
    asked = entra.only
    assert (asked["method"], asked["path"]) == ("POST", "/dir/oauth2/v2.0/token")
    assert asked["body"] == {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": "app-secret-canary",
        "scope": "https://cognitiveservices.azure.com/.default",
    }
    said = "\n".join(gateway.lines)
    assert "token-1" not in said and "canary" not in said


def test_a_clusters_token_and_one_that_ends(start, azure, entra, tmp_path):
    file = tmp_path / "token"
    file.write_text("a.b.c\n")
    entra.life = 0
    env = {
        "AZURE_TENANT_ID": "dir",
        "AZURE_CLIENT_ID": "app",
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
        "AZURE_AUTHORITY_HOST": entra.origin + "/",
    }
    gateway = start(config(azure, no_key=True), env)
    for number in (1, 2):
        assert gateway.post("/v1/chat/completions", CHAT).status == 200
        assert azure.last["headers"]["authorization"] == f"Bearer token-{number}"
        assert entra.last["body"]["client_assertion"] == "a.b.c"
        assert entra.last["body"]["client_assertion_type"].endswith(":jwt-bearer")


@pytest.mark.parametrize("client_id", [None, "mine"])
def test_the_machines_identity(start, azure, entra, client_id):
    named = {"client_id": client_id} if client_id else {}
    gateway = start(config(azure, no_key=True, metadata_host=entra.host, **named))
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    asked = entra.only
    assert asked["path"] == "/metadata/identity/oauth2/token"
    assert asked["headers"]["metadata"] == "true"
    resource = {"resource": "https://cognitiveservices.azure.com", "api-version": "2018-02-01"}
    assert asked["query"] == resource | named


def test_the_services_identity(start, azure, entra):
    env = {"IDENTITY_ENDPOINT": f"{entra.origin}/msi/token", "IDENTITY_HEADER": "service-canary"}
    gateway = start(config(azure, no_key=True), env)
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    asked = entra.only
    assert asked["headers"]["x-identity-header"] == "service-canary"
    assert asked["query"]["api-version"] == "2019-08-01"
    assert "service-canary" not in "\n".join(gateway.lines)


def test_a_refused_identity_is_no_fault_of_the_client(start, azure, entra):
    entra.default = lambda _: whole({"error": "invalid_client", "error_description": "AADSTS1"}, 401)
    section = APP | {"client_secret": "s", "authority": entra.origin}
    gateway = start(config(azure, no_key=True, **section))
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.status >= 500 and "invalid_client" in answer.text
    assert not azure.seen


def test_azures_own_variables_start_a_gateway(start, azure):
    env = {
        "AZURE_OPENAI_ENDPOINT": azure.origin,
        "AZURE_OPENAI_API_KEY": "azure-key",
        "OPENAI_API_VERSION": DATE,
    }
    gateway = start({"models": {"m": {"provider": "azure", "model": "mine"}}}, env)
    assert gateway.post("/v1/chat/completions", CHAT).status == 200
    assert azure.only["path"] == "/openai/deployments/mine/chat/completions"
    assert azure.only["query"] == {"api-version": DATE}
    assert azure.only["headers"]["api-key"] == "azure-key"


def test_a_request_for_any_model_goes_to_none_that_makes_vectors(start, azure):
    """A deployment's name does not say that it is one; the model behind it does."""
    made = config(azure)
    made["models"] = {name: made["models"][name] for name in ("m", "vectors")}
    gateway = start(made)
    for _ in range(6):
        assert gateway.post("/v1/chat/completions", CHAT | {"model": "auto"}).status == 200
    assert {asked["body"]["model"] for asked in azure.seen} == {"mine"}


RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-4o-2024-11-20",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 4, "output_tokens": 2, "total_tokens": 6},
    "content_filters": [{"source_type": "prompt", "blocked": False}],
}


def test_responses_are_relayed_on_the_v1_path(start, azure):
    gateway = start(config(azure))
    azure.queue = [whole(RESPONSE)]
    answer = gateway.post("/v1/responses", {"model": "m", "input": "hi", "store": False})
    assert answer.status == 200, answer.text
    assert answer.json == RESPONSE
    assert azure.only["path"] == "/openai/v1/responses"
    assert azure.only["body"]["model"] == "mine"
    assert azure.only["headers"]["api-key"] == "azure-key"
