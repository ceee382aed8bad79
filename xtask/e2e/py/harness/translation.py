"""What the tests of translation share: a gateway with models that differ,
and checks of what was sent."""

from __future__ import annotations

from typing import Any

from harness.config import NO_RETRIES, deployment
from harness.contract import check_sent
from harness.processes import Gateway, Upstream

USER = {"role": "user", "content": "hi"}
YO = {"role": "assistant", "content": "yo"}
# A path that must not be there.
ABSENT = object()
CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}

# The codecs know the traits of models by their names.
MODELS = {
    "openai": ["gpt-4o", "gpt-5.4", "o3", "o4-mini"],
    "anthropic": [
        "claude-3-5-haiku-latest",
        "claude-opus-4-1",
        "claude-sonnet-4-5",
        "claude-opus-4-6",
        "claude-opus-5-5",
    ],
}


def config(vendors: dict[str, Upstream]) -> dict:
    """A configuration with each model under its own name."""
    models = {
        name: {"deployments": [deployment(vendors[vendor], model=name)], "retries": NO_RETRIES}
        for vendor, names in MODELS.items()
        for name in names
    }
    return {"models": models}


def translate(gateway: Gateway, vendor: Upstream, path: str, body: dict, lost: list[str]) -> dict:
    """Asks; the request that arrived, which must be one that the vendor's SDK could have sent."""
    answer = gateway.post(path, body)
    assert answer.status == 200, answer.text
    dropped = answer.headers.get("x-tollgate-dropped")
    assert set(filter(None, (dropped or "").split(", "))) == set(lost)
    entry = vendor.only()
    check_sent(entry["path"], entry["body"])
    return entry["body"]


def holds(body: dict, wanted: dict[str, Any]) -> None:
    """Fails unless `body` has all of `wanted`, by dotted paths."""
    for path, value in wanted.items():
        found: Any = body
        for step in path.split("."):
            if isinstance(found, list):
                found = found[int(step)] if int(step) < len(found) else ABSENT
            else:
                found = found.get(step, ABSENT) if isinstance(found, dict) else ABSENT
        assert found == value if value is not ABSENT else found is ABSENT, (path, found)


def refused(gateway: Gateway, vendor: Upstream, path: str, body: dict, field: str) -> None:
    """Fails unless the request is refused by the name of a field, before any vendor saw it."""
    answer = gateway.post(path, body)
    assert answer.status == 400, answer.text
    assert field in answer.text
    assert not vendor.hits
