"""What models take decides where requests go; what they cost is told everywhere alike."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest

from harness.config import NO_RETRIES, deployment, many, model, one
from harness.processes import PATIENCE, binary, clean_env, free_port, status

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TEXT = {"role": "user", "content": "hi"}
CHAT = {"model": "m", "messages": [TEXT]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "a", "schema": {"type": "object", "properties": {}}},
}
# Prices of gpt-4o and claude-sonnet-4-5 in dollars a million: input, cached input, output.
GPT_4O = (2.5, 1.25, 10)
SONNET = (3, 0.3, 15)
USAGE = {"input": 1000, "output": 50, "cached": 600}


def parts(*parts: dict) -> dict:
    """A question of several parts."""
    return CHAT | {"messages": [{"role": "user", "content": list(parts)}]}


def invoice(prices: tuple[float, float, float], usage: dict = USAGE) -> int:
    """Pico-dollars, worked out apart from the gateway."""
    fresh = usage["input"] - usage["cached"]
    counts = zip((fresh, usage["cached"], usage["output"]), prices, strict=True)
    return sum(round(tokens * price * 1_000_000) for tokens, price in counts)


def dollars(pico: int) -> str:
    return f"{pico // 10**12}.{pico % 10**12:012}"


IMAGE = parts({"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": PIXEL}})
SOUND = parts({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}})
PDF = parts({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}})


def two(upstream, first: dict, second: dict | None = None) -> dict:
    """The model `m` with two deployments, of which the first is asked first."""
    a, b = upstream("openai", "a"), upstream("openai", "b")
    deployments = [deployment(a, **first), deployment(b, **(second or {}))]
    return {"models": {"m": {"strategy": "first_available", "deployments": deployments}}}


@pytest.mark.parametrize(
    ("lacks", "asked"),
    [
        ("images", IMAGE),
        ("audio", SOUND),
        ("documents", PDF),
        ("tools", CHAT | {"tools": [TOOL]}),
        ("forced_tools", CHAT | {"tools": [TOOL], "tool_choice": "required"}),
        ("structured_output", CHAT | {"response_format": SCHEMA}),
    ],
)
def test_a_request_goes_only_where_it_can_be_served(upstream, start, lacks, asked):
    able = {"capabilities": {lacks: True}}
    gateway = start(two(upstream, {"capabilities": {lacks: False}}, able))
    for _ in range(3):
        answer = gateway.post("/v1/chat/completions", asked)
        assert answer.status == 200, answer.text
        assert answer.headers["x-tollgate-deployment"] == "m/openai/2"
        assert answer.headers["x-tollgate-attempts"] == "1"
    assert upstream("openai", "a").hits == 0
    # What needs nothing special still goes to the first.
    plain = gateway.post("/v1/chat/completions", CHAT)
    assert plain.headers["x-tollgate-deployment"] == "m/openai/1"


@pytest.mark.parametrize(
    ("lacks", "asked", "words", "param"),
    [
        ("images", IMAGE, "takes images", None),
        ("audio", SOUND, "takes audio", None),
        ("documents", PDF, "takes documents", None),
        ("tools", CHAT | {"tools": [TOOL]}, "takes tools", "tools"),
        (
            "forced_tools",
            CHAT | {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
            "can be made to call a tool",
            "tool_choice",
        ),
        (
            "structured_output",
            CHAT | {"response_format": SCHEMA},
            "can be held to a JSON Schema",
            "response_format",
        ),
    ],
)
def test_where_none_can_the_answer_names_what_none_takes(upstream, start, lacks, asked, words, param):
    vendors = upstream("openai", "a"), upstream("openai", "b")
    gateway = start(many(*vendors, capabilities={lacks: False}))
    answer = gateway.post("/v1/chat/completions", asked)
    assert answer.status == 400, answer.text
    error = answer.json["error"]
    assert f'no deployment of "m" {words}' in error["message"], error
    assert "m/openai/1" in error["message"] and "m/openai/2" in error["message"]
    assert (error["code"], error["param"]) == ("unsupported_capability", param)
    assert not any(vendor.hits for vendor in vendors)


def test_the_catalogue_knows_without_being_told(upstream, start):
    # An old model takes no pictures, a newer one does; neither takes sound.
    config = two(upstream, {"model": "gpt-3.5-turbo"}, {"model": "gpt-4o-2024-11-20"})
    gateway = start(config)
    assert gateway.post("/v1/chat/completions", IMAGE).headers["x-tollgate-deployment"] == "m/openai/2"
    heard = gateway.post("/v1/chat/completions", SOUND)
    assert heard.status == 400 and "takes audio" in heard.json["error"]["message"]
    # In Anthropic's words as well, and its error in its own envelope.
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL.split(",")[1]}
    seen = {"role": "user", "content": [{"type": "image", "source": source}]}
    body = {"model": "m", "max_tokens": 10, "messages": [seen]}
    assert gateway.post("/v1/messages", body).headers["x-tollgate-deployment"] == "m/openai/2"
    refused = gateway.post("/v1/messages", body | {"max_tokens": 10_000_000})
    assert refused.status == 400
    assert refused.json["error"]["type"] == "invalid_request_error"
    assert "gives answers of so many tokens" in refused.json["error"]["message"]


def test_words_about_pictures_are_no_pictures(upstream, start):
    gateway = start(one(upstream("openai", "a"), capabilities={"images": False, "audio": False}))
    text = 'I said {"type": "image_url"} and "input_audio", and "file" too.'
    body = CHAT | {"messages": [{"role": "user", "content": text}]}
    assert gateway.post("/v1/chat/completions", body).status == 200


def test_an_unknown_model_is_taken_at_its_word(upstream, start):
    vendor = upstream("openai", "a")
    gateway = start(one(vendor) | {"models": {"m": model(vendor)["deployments"][0] | {"model": "gpt-nobody-knows"}}})
    for body in (IMAGE, SOUND, PDF, CHAT | {"max_tokens": 5_000_000, "tools": [TOOL]}):
        answer = gateway.post("/v1/chat/completions", body)
        assert answer.status == 200, answer.text
        # Not known is not free.
        assert "x-tollgate-cost" not in answer.headers
    assert '"cost_usd":null' in gateway.said('"event":"request"')[0]
    assert gateway.metric("tollgate_unpriced_requests_total", model="m") == 4
    assert gateway.metric("tollgate_cost_picodollars_total", model="m") == 0


def test_an_answer_too_long_goes_to_a_model_that_gives_it(upstream, start):
    gateway = start(two(upstream, {"model": "gpt-4o"}, {"model": "gpt-5"}))
    ask = lambda most: gateway.post("/v1/chat/completions", CHAT | {"max_completion_tokens": most})
    assert ask(16_384).headers["x-tollgate-deployment"] == "m/openai/1"
    assert ask(16_385).headers["x-tollgate-deployment"] == "m/openai/2"
    refused = ask(128_001)
    assert refused.status == 400 and refused.json["error"]["param"] == "max_tokens"


def test_a_prompt_surely_too_long_goes_to_the_fallback_for_it_without_being_tried(upstream, start):
    small, large, other = (upstream("openai", name) for name in ("a", "b", "c"))
    short = {"capabilities": {"context": 100}}
    models = {
        "m": {"deployments": [deployment(small, **short)], "fallbacks": {"any": ["o"], "context_window": ["l"]}},
        "l": model(large),
        "o": model(other),
        "alone": {"deployments": [deployment(small, **short)]},
    }
    gateway = start({"models": models})
    words = " ".join(f"word{n}" for n in range(1000))
    ask = lambda name, text: gateway.post(
        "/v1/chat/completions", {"model": name, "messages": [{"role": "user", "content": text}]}
    )
    assert ask("m", words).headers["x-tollgate-model"] == "l"
    assert small.hits == 0 and other.hits == 0
    # A short one, and one that only may be too long, are the vendor's to judge.
    assert ask("m", "hi").headers["x-tollgate-model"] == "m"
    assert ask("m", "word " * 200).headers["x-tollgate-model"] == "m"
    # Long, but of nothing: tokenizers make few tokens of that.
    assert ask("m", " " * 20_000).headers["x-tollgate-model"] == "m"
    refused = ask("alone", words)
    assert refused.status == 400
    assert refused.json["error"]["code"] == "context_length_exceeded"


def test_a_forced_tool_is_approximated_aloud_where_nobody_can_and_the_dialect_is_another(upstream, start):
    vendor = upstream("anthropic", "a")
    entry = deployment(vendor, model="claude-opus-5-5")
    gateway = start({"models": {"m": {"deployments": [entry]}, "s": {"deployments": [entry], "strict_params": True}}})
    forced = CHAT | {"tools": [TOOL], "tool_choice": "required"}
    answer = gateway.post("/v1/chat/completions", forced)
    assert answer.status == 200 and "tool_choice" in answer.headers["x-tollgate-dropped"]
    assert vendor.only()["body"]["tool_choice"]["type"] == "auto"
    refused = gateway.post("/v1/chat/completions", forced | {"model": "s"})
    assert refused.status == 400 and refused.json["error"]["param"] == "tool_choice"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize(("dialect", "prices"), [("openai", GPT_4O), ("anthropic", SONNET)])
def test_every_path_bills_the_same(upstream, start, dialect, prices, path, stream):
    vendor = upstream(dialect, "a")
    vendor.script(default={"answer": {"usage": USAGE}})
    gateway = start(one(vendor))
    answer = gateway.post(path, CHAT | {"max_tokens": 100, "stream": stream})
    assert answer.status == 200, answer.text
    pico = invoice(prices)
    line = json.loads(gateway.said('"event":"request"')[0])
    assert f'"cost_usd":{dollars(pico)}' in gateway.said('"event":"request"')[0], line
    assert gateway.metric("tollgate_cost_picodollars_total", model="m") == pico
    assert gateway.metric("tollgate_deployment_cost_picodollars_total", deployment=f"m/{dialect}/1") == pico
    assert gateway.metric("tollgate_unpriced_requests_total", model="m") == 0
    # Of a stream the cost is known only at its end.
    assert answer.headers.get("x-tollgate-cost") == (None if stream else dollars(pico))


def test_embeddings_cost_their_input(upstream, start):
    vendor = upstream("openai", "a")
    vendor.script(default={"answer": {"usage": {"input": 8000}}})
    gateway = start({"models": {"e": {"deployments": [deployment(vendor, model="text-embedding-3-small")]}}})
    answer = gateway.post("/v1/embeddings", {"model": "e", "input": "hi"})
    assert answer.status == 200, answer.text
    told = answer.json["usage"]["prompt_tokens"]
    assert answer.headers["x-tollgate-cost"] == dollars(told * 20_000)
    assert gateway.metric("tollgate_cost_picodollars_total", operation="embeddings") == told * 20_000


def test_counting_tokens_costs_nothing_and_is_not_unpriced(upstream, start):
    gateway = start(one(upstream("anthropic", "a")))
    assert gateway.post("/v1/messages/count_tokens", CHAT).status == 200
    assert '"cost_usd":null' in gateway.said('"event":"request"')[0]
    assert gateway.metric("tollgate_unpriced_requests_total") == 0
    assert gateway.metric("tollgate_cost_picodollars_total") == 0


def test_an_answer_that_breaks_off_or_is_not_counted_has_no_price(upstream, start):
    vendor = upstream("anthropic", "a")
    # The opening of a stream counts one token of output, which is no bill.
    vendor.script({"fault": {"kind": "cut", "after": 1}})
    gateway = start(one(vendor, retries=NO_RETRIES))
    broken = gateway.post("/v1/messages", CHAT | {"max_tokens": 100, "stream": True})
    assert "error" in broken.text
    assert '"cost_usd":null' in gateway.said('"outcome":"truncated"')[-1]
    other = upstream("openai", "b")
    other.script(default={"answer": {"no_usage": True}})
    gateway = start(one(other))
    assert "x-tollgate-cost" not in gateway.post("/v1/chat/completions", CHAT).headers
    assert gateway.metric("tollgate_unpriced_requests_total", model="m") == 1


def test_a_retry_that_failed_without_an_answer_adds_no_cost(upstream, start):
    vendor = upstream("openai", "a")
    vendor.script(status(500), default={"answer": {"usage": USAGE}})
    gateway = start(one(vendor, retries={"max_attempts": 3, "base": "1ms"}))
    answer = gateway.post("/v1/chat/completions", CHAT)
    assert answer.headers["x-tollgate-attempts"] == "2"
    assert answer.headers["x-tollgate-cost"] == dollars(invoice(GPT_4O))


def test_prices_of_ones_own_and_factors_hold(upstream, start, tmp_path):
    vendor = upstream("openai", "a")
    vendor.script(default={"answer": {"usage": USAGE}})
    file = {
        "models": {
            "openai/gpt-4o": {"prices": {"factor": 0.9}},
            "in-house": {"prices": {"input": 1, "output": "2.50"}, "capabilities": {"images": False}},
        }
    }
    (tmp_path / "models.yaml").write_text(json.dumps(file))
    own = deployment(vendor, model="in-house")
    near = own | {"prices": {"input": 2, "output": 5, "cache_read": 0.5}}
    based = deployment(vendor, model="tuned-by-us", base_model="gpt-4o-2024-11-20")
    gateway = start(
        {
            "catalogue": "models.yaml",
            "models": {
                "m": {"deployments": [deployment(vendor)]},
                "own": {"deployments": [own]},
                "near": {"deployments": [near]},
                "based": {"deployments": [based]},
            },
        }
    )
    cost = lambda name: gateway.post("/v1/chat/completions", CHAT | {"model": name}).headers["x-tollgate-cost"]
    assert cost("m") == dollars(invoice(GPT_4O) * 9 // 10)
    # No rate for cached tokens: they are billed as any.
    assert cost("own") == dollars(invoice((1, 1, 2.5)))
    assert cost("near") == dollars(invoice((2, 0.5, 5)))
    assert cost("based") == dollars(invoice(GPT_4O) * 9 // 10)
    assert gateway.post("/v1/chat/completions", IMAGE | {"model": "own"}).status == 400


def test_a_reload_brings_new_prices(upstream, start, tmp_path):
    vendor = upstream("openai", "a")
    vendor.script(default={"answer": {"usage": USAGE}})
    (tmp_path / "models.yaml").write_text('{"models": {"gpt-4o": {"prices": {"factor": 2}}}}')
    gateway = start(one(vendor) | {"catalogue": "models.yaml"})
    cost = lambda: gateway.post("/v1/chat/completions", CHAT).headers["x-tollgate-cost"]
    assert cost() == dollars(invoice(GPT_4O) * 2)
    (tmp_path / "models.yaml").write_text('{"models": {"gpt-4o": {"prices": {"factor": 3}}}}')
    gateway.signal(1)
    gateway.said("configuration")
    from harness.processes import poll

    poll("the new price", lambda: cost() == dollars(invoice(GPT_4O) * 3))


def test_every_mistake_in_a_catalogue_is_told_with_its_place(upstream, tmp_path):
    broken = """models:
  openai/gpt-4o:
    prices: { input: 2.5, outptu: 10, batch: { input: -1 }, factor: 0 }
    capabilities:
      images: perhaps
      context: 0
      reasoning: deep
  other:
    price: { input: 1 }
    prices: { output: 1.0000001, above: [{ input: 1 }] }
"""
    (tmp_path / "models.yaml").write_text(broken)
    config = tmp_path / "tollgate.yaml"
    config.write_text(json.dumps({"catalogue": "models.yaml", "models": {"m": {"provider": "mock"}}}))
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    done = subprocess.run(
        [program, "check", "--config", str(config)],
        capture_output=True, text=True, env=clean_env(), timeout=PATIENCE,
    )
    assert done.returncode != 0
    told = done.stdout + done.stderr
    for line, words in [
        (3, "outptu"), (3, "batch.input"), (3, "factor"), (5, "true or false"), (6, "context"),
        (7, "unknown style"), (9, "unknown key"), (10, "more than six decimals"), (10, "tokens"),
        (10, "has no rate for input"),
    ]:
        lines = [it for it in told.splitlines() if f"models.yaml:{line}:" in it and words in it]
        assert lines, f"{line} {words} is not in\n{told}"
