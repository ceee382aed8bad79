"""Azure OpenAI by configuration alone, as `config/openai-azure-anthropic-failover.yaml` has it."""

from __future__ import annotations

import yaml

from harness.client import CHAT
from harness.processes import ROOT, status

EXAMPLE = ROOT / "config/openai-azure-anthropic-failover.yaml"


def test_the_example_fails_over_to_azure_with_its_path_and_header(upstream, start):
    openai, azure, anthropic = (
        upstream("openai", "openai"),
        upstream("openai", "azure"),
        upstream("anthropic", "anthropic"),
    )
    config = yaml.safe_load(EXAMPLE.read_text())
    # As written, but for where the vendors are.
    config["providers"]["azure"]["api_base"] = f"{azure.origin}/openai/v1"
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
