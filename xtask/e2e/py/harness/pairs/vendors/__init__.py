"""The vendors of the table. A new one is one more entry: its adapter, its models, its configuration."""

from __future__ import annotations

from harness.bedrock import CLAUDE, NOVA
from harness.pairs.vendors.anthropic import Anthropic
from harness.pairs.vendors.base import Vendor
from harness.pairs.vendors.bedrock import Bedrock
from harness.pairs.vendors.gemini import Gemini
from harness.pairs.vendors.openai import OpenAi

VENDORS: list[Vendor] = [
    OpenAi("openai", "openai", {"chat": "gpt-4o", "thinks": "gpt-5.1"}),
    # A server of OpenAI's dialect, as one of many.
    OpenAi("compatible", "groq", {"chat": "llama-3.3-70b"}, shows=True),
    Anthropic(
        "anthropic",
        "anthropic",
        {"chat": "claude-sonnet-4-5", "adaptive": "claude-opus-4-6", "old": "claude-opus-4-1"},
    ),
    Gemini("gemini", "gemini", {"chat": "gemini-3-flash-preview", "old": "gemini-2.5-flash"}),
    # Converse for all clients but Anthropic's, which Claude is invoked for.
    Bedrock(
        "bedrock-claude",
        "bedrock",
        {"chat": CLAUDE, "adaptive": "eu.anthropic.claude-opus-4-6-v1"},
    ),
    # Converse for all clients.
    Bedrock("bedrock-nova", "bedrock", {"chat": NOVA}),
]
