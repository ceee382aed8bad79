"""The vendors that both are asked to send to, and how LiteLLM is pointed at a scripted one."""

from __future__ import annotations

from typing import Any

from harness.bedrock import KEY_ID, REGION, SECRET
from harness.pairs.vendors import VENDORS
from harness.pairs.vendors.base import Vendor

BY_NAME: dict[str, Vendor] = {
    name: vendor
    for vendor in VENDORS
    for name in ("anthropic", "bedrock-claude", "gemini")
    if vendor.name == name
}


def litellm_arguments(vendor: Vendor, url: str) -> dict[str, Any]:
    """What LiteLLM needs to know to ask a scripted vendor."""
    model = f"{vendor.provider}/{vendor.models['chat']}"
    if vendor.provider == "bedrock":
        return {
            "model": model,
            "aws_bedrock_runtime_endpoint": url,
            "aws_access_key_id": KEY_ID,
            "aws_secret_access_key": SECRET,
            "aws_region_name": REGION,
        }
    if vendor.provider == "gemini":
        # It puts the method behind the address that it is given.
        url = f"{url}/v1beta/models/{vendor.models['chat']}"
    return {"model": model, "api_base": url, "api_key": vendor.key}
