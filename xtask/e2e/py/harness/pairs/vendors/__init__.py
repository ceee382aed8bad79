"""The vendors of the table. A new one is one more entry: adapter, models, configuration."""

from __future__ import annotations

from harness.bedrock import CLAUDE, NOVA
from harness.pairs.vendors.anthropic import Anthropic
from harness.pairs.vendors.base import Vendor
from harness.pairs.vendors.bedrock import Bedrock
from harness.pairs.vendors.customs import DeepSeek, Switching
from harness.pairs.vendors.gemini import Gemini
from harness.pairs.vendors.openai import OpenAi
from harness.pairs.vendors.places import AzureOpenAi, Foundry, VertexClaude, VertexGemini

GPTS = {"chat": "gpt-4o", "thinks": "gpt-5.1"}
GEMINIS = {"chat": "gemini-3-flash-preview", "old": "gemini-2.5-flash"}
CLAUDES = {"chat": "claude-sonnet-4-5", "adaptive": "claude-opus-4-6", "old": "claude-opus-4-1"}

VENDORS: list[Vendor] = [
    OpenAi("openai", "openai", GPTS, more={"api": "auto"}),
    # A server of OpenAI's dialect, as one of many.
    OpenAi("compatible", "groq", {"chat": "llama-3.3-70b"}, shows=True),
    Anthropic("anthropic", "anthropic", CLAUDES),
    # As before, at other places.
    AzureOpenAi("azure", "azure", GPTS, "azure"),
    AzureOpenAi("azure-classic", "azure", GPTS, "azure-classic", version="2024-10-21"),
    Foundry("foundry-claude", "azure", CLAUDES, "anthropic"),
    VertexClaude("vertex-claude", "vertex", CLAUDES, "anthropic"),
    VertexGemini("vertex-gemini", "vertex", GEMINIS, "gemini"),
    # Servers of OpenAI's dialect with customs of their own.
    Switching("qwen", "qwen", {"chat": "qwen-plus"}, "switching", shows=True),
    Switching(
        "siliconflow", "siliconflow", {"chat": "deepseek-ai/DeepSeek-V3"}, "switching", shows=True
    ),
    DeepSeek("deepseek", "deepseek", {"chat": "deepseek-v4-flash"}, shows=True),
    Gemini("gemini", "gemini", GEMINIS),
    # Converse for all clients but Anthropic's, which Claude is invoked for.
    Bedrock(
        "bedrock-claude",
        "bedrock",
        {"chat": CLAUDE, "adaptive": "eu.anthropic.claude-opus-4-6-v1"},
    ),
    # Converse for all clients.
    Bedrock("bedrock-nova", "bedrock", {"chat": NOVA}),
]
