"""A vendor added by configuration alone: `config/own-vendor.yaml`, served as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[3] / "config" / "own-vendor.yaml"
KEY = "house-secret-1"


@pytest.fixture
def house(upstream):
    """The vendor; the dialect's own upstream plays it."""
    return upstream("openai", "house")


@pytest.fixture
def gateway(house, start):
    config = yaml.safe_load(EXAMPLE.read_text())
    return start(config, {"HOUSE_API_BASE": house.base, "HOUSE_API_KEY": KEY})


def test_it_is_asked_in_its_own_customs(house, gateway):
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    body = {"messages": messages, "max_completion_tokens": 77, "store": True}
    answer = gateway.post("/v1/chat/completions", body | {"model": "house-large"})
    assert answer.status == 200, answer.text
    sent = house.last()
    assert sent["headers"]["x-house-key"] == KEY
    assert "authorization" not in sent["headers"]
    assert sent["body"]["model"] == "house-large-2026"
    assert sent["body"]["max_tokens"] == 77
    assert sent["body"]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "store" not in sent["body"]


def test_clients_of_every_dialect_reach_it(gateway):
    client = gateway.openai()
    hello = [{"role": "user", "content": "Hello"}]
    whole = client.chat.completions.create(model="house-large", messages=hello)
    assert whole.choices[0].message.content
    chunks = client.chat.completions.create(model="house-large", messages=hello, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text
    message = gateway.anthropic().messages.create(
        model="house-large", max_tokens=50, messages=hello
    )
    assert message.content[0].text


def test_it_has_its_name_in_metrics(gateway):
    hello = [{"role": "user", "content": "Hello"}]
    gateway.openai().chat.completions.create(model="house-large", messages=hello)
    told = {"deployment": "house-large/house/1"}
    assert gateway.metric("tollgate_attempts_total", **told) == 1
