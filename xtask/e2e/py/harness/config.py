"""Configurations for gateways under test, put together in one place."""

from __future__ import annotations

from typing import Any

from harness.processes import Upstream

# Upstream models: the codecs know their traits by name.
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-5"}
# One attempt and no patience: for tests that look at a single answer.
NO_RETRIES = {"max_attempts": 1}


def key_of(upstream: Upstream) -> str:
    """The credential of the gateway at an upstream."""
    return f"sk-{upstream.name}-secret"


def deployment(upstream: Upstream, **more: Any) -> dict:
    """A deployment at an upstream."""
    return {
        "provider": upstream.dialect,
        "model": MODELS[upstream.dialect],
        "api_base": upstream.base,
        "api_keys": [key_of(upstream)],
    } | more


def model(*upstreams: Upstream, **more: Any) -> dict:
    """A model with one deployment at each upstream."""
    return {"deployments": [deployment(upstream) for upstream in upstreams]} | more


def one(upstream: Upstream, **more: Any) -> dict:
    """A configuration with the model `m` at one upstream."""
    return {"models": {"m": model(upstream, **more)}}


def many(*upstreams: Upstream, **more: Any) -> dict:
    """A configuration with the model `m` at several upstreams, taken in their order."""
    return {"models": {"m": {"strategy": "first_available"} | model(*upstreams, **more)}}


def pair_config(vendors: dict[str, Upstream]) -> dict:
    """One model at each vendor, by the vendor's name; failures are shown, not hidden by retries."""
    models: dict[str, dict] = {
        name: model(upstream, retries=NO_RETRIES) for name, upstream in vendors.items()
    }
    embedding = deployment(vendors["openai"], model="text-embedding-3-small")
    models["embedding"] = {"deployments": [embedding], "retries": NO_RETRIES}
    reasoner = deployment(vendors["openai"], model="o4-mini")
    models["reasoner"] = {"deployments": [reasoner], "retries": NO_RETRIES}
    return {"defaults": {"model": "openai"}, "models": models}
