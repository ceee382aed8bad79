"""A vendor's error reaches the client as its SDK's own exception, in the client's envelope."""

from __future__ import annotations

import anthropic
import openai
import pytest

from harness.config import NO_RETRIES, model, one
from harness.processes import fault, status

MESSAGES = [{"role": "user", "content": "hi"}]
# status: (OpenAI's exception, Anthropic's exception, Anthropic's type)
STATUSES = {
    400: (openai.BadRequestError, anthropic.BadRequestError, "invalid_request_error"),
    401: (openai.AuthenticationError, anthropic.AuthenticationError, "authentication_error"),
    402: (openai.APIStatusError, anthropic.PaymentRequiredError, "billing_error"),
    403: (openai.PermissionDeniedError, anthropic.PermissionDeniedError, "permission_error"),
    404: (openai.NotFoundError, anthropic.NotFoundError, "not_found_error"),
    413: (openai.APIStatusError, anthropic.ContentTooLargeError, "request_too_large"),
    422: (
        openai.UnprocessableEntityError,
        anthropic.UnprocessableEntityError,
        "invalid_request_error",
    ),
    429: (openai.RateLimitError, anthropic.RateLimitError, "rate_limit_error"),
    500: (openai.InternalServerError, anthropic.InternalServerError, "api_error"),
    503: (openai.InternalServerError, anthropic.InternalServerError, None),
    529: (openai.InternalServerError, anthropic.OverloadedError, "overloaded_error"),
}


@pytest.fixture(params=["openai", "anthropic"])
def vendor(request, vendors):
    return vendors[request.param]


@pytest.fixture
def broken(vendor, start):
    """A gateway in front of `vendor`, which tries once."""
    return start(one(vendor, retries=NO_RETRIES))


def ask_openai(gateway, **more):
    gateway.openai().chat.completions.create(model="m", messages=MESSAGES, **more)


def ask_anthropic(gateway, **more):
    create = gateway.anthropic().messages.create
    create(model="m", max_tokens=9, messages=MESSAGES, **more)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("code", STATUSES)
def test_a_status_is_the_exception_of_openais_sdk(broken, vendor, code, streamed):
    vendor.fault("status", code=code, error={"message": "Because the vendor says so."})
    with pytest.raises(STATUSES[code][0]) as raised:
        ask_openai(broken, stream=streamed)
    error = raised.value
    assert error.status_code == code
    assert set(error.body) == {"message", "type", "param", "code"}
    assert "Because the vendor says so." in error.body["message"]
    assert error.request_id and error.request_id == error.response.headers["x-request-id"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("code", STATUSES)
def test_a_status_is_the_exception_of_anthropics_sdk(broken, vendor, code, streamed):
    _, exception, kind = STATUSES[code]
    vendor.fault("status", code=code, error={"message": "Because the vendor says so."})
    with pytest.raises(exception) as raised:
        ask_anthropic(broken, stream=streamed)
    error = raised.value
    assert error.status_code == code
    assert error.body["type"] == "error"
    assert "Because the vendor says so." in error.body["error"]["message"]
    assert kind is None or error.body["error"]["type"] == kind
    assert error.request_id == error.body["request_id"]


@pytest.mark.parametrize(
    ("why", "code", "word"),
    [
        ("context_length", 400, "context_length_exceeded"),
        ("content_filter", 400, "content_policy_violation"),
        ("auth", 401, None),
        ("model_missing", 404, "model_not_found"),
    ],
)
def test_what_the_vendor_means_has_one_code(broken, vendor, why, code, word):
    vendor.fault("refuse", why=why)
    with pytest.raises(openai.APIStatusError) as raised:
        ask_openai(broken)
    assert raised.value.status_code == code
    assert word is None or raised.value.code == word


def test_a_spent_plan_is_told_as_the_vendor_tells_it(broken, vendor):
    vendor.fault("refuse", why="quota")
    with pytest.raises(openai.APIStatusError) as raised:
        ask_openai(broken)
    assert raised.value.status_code in (402, 429)
    assert raised.value.code == "insufficient_quota"
    assert raised.value.response.headers["x-should-retry"] == "false"


def test_a_pause_is_passed_on(broken, vendor):
    vendor.script(default=status(429) | {"headers": {"retry-after": "17"}})
    with pytest.raises(openai.RateLimitError) as raised:
        ask_openai(broken)
    # Whole seconds, rounded up, of a pause that has already begun.
    assert raised.value.response.headers["retry-after"] in ("16", "17")


def test_an_sdk_does_not_retry_what_the_gateway_has_retried(vendor, start):
    gateway = start(one(vendor, retries={"max_attempts": 2, "base": "1ms"}))
    vendor.fault("status", code=500)
    with pytest.raises(openai.InternalServerError) as raised:
        gateway.openai(max_retries=3).chat.completions.create(model="m", messages=MESSAGES)
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert vendor.hits == 2


def test_a_clients_mistake_is_not_retried(vendor, start):
    gateway = start(one(vendor))
    vendor.fault("status", code=400, error={"message": "No."})
    with pytest.raises(openai.BadRequestError):
        ask_openai(gateway)
    assert vendor.hits == 1


@pytest.mark.parametrize("body", ["html", "empty", {"raw": "upstream connect error"}, {"raw": "{"}])
@pytest.mark.parametrize("code", [400, 500])
def test_an_error_without_the_vendors_envelope_is_an_error_all_the_same(broken, vendor, body, code):
    vendor.fault("status", code=code, body=body)
    with pytest.raises(openai.APIStatusError) as raised:
        ask_openai(broken)
    assert raised.value.status_code == code
    assert raised.value.body["message"]
    assert "<script>" not in raised.value.response.text


def test_no_key_of_the_gateway_is_ever_told(vendors, start):
    vendor = vendors["openai"]
    gateway = start(one(vendor, retries=NO_RETRIES))
    secret = f"sk-{vendor.name}-secret"
    vendor.fault("status", code=401, error={"message": f"Incorrect API key provided: {secret}."})
    with pytest.raises(openai.AuthenticationError) as raised:
        ask_openai(gateway)
    assert secret not in raised.value.response.text
    assert secret not in str(gateway.lines)
    assert secret not in gateway.get("/v1/providers/status").text


def test_an_unknown_model_is_named_with_its_neighbours(vendors, start):
    gateway = start({"models": {"gpt-4o-mini": model(vendors["openai"])}})
    with pytest.raises(openai.NotFoundError) as raised:
        gateway.openai().chat.completions.create(model="gpt-4o-mimi", messages=MESSAGES)
    assert raised.value.code == "model_not_found"
    assert raised.value.param == "model"
    assert "gpt-4o-mini" in raised.value.body["message"]
    with pytest.raises(anthropic.NotFoundError) as raised:
        gateway.anthropic().messages.create(model="gpt-4o-mimi", max_tokens=9, messages=MESSAGES)
    assert raised.value.body["error"]["type"] == "not_found_error"
    assert "gpt-4o-mini" in raised.value.body["error"]["message"]
    assert vendors["openai"].hits == 0


def test_a_missing_model_is_the_configured_default(vendors, start):
    models = {name: model(vendor) for name, vendor in vendors.items()}
    gateway = start({"models": models, "defaults": {"model": "anthropic"}})
    answer = gateway.post("/v1/chat/completions", {"messages": MESSAGES})
    assert answer.status == 200, answer.text
    assert answer.headers["x-tollgate-model"] == "anthropic"
    assert vendors["anthropic"].hits == 1
    gateway = start({"models": models, "defaults": {"model": False}})
    answer = gateway.post("/v1/chat/completions", {"messages": MESSAGES})
    assert answer.status == 400
    assert answer.json["error"]["param"] == "model"


def test_an_error_object_in_a_200_is_an_error(broken, vendor):
    vendor.script(default=fault("error_in200", error={"message": "Out of luck."}))
    with pytest.raises(openai.APIStatusError) as raised:
        ask_openai(broken)
    assert "Out of luck." in raised.value.body["message"]
