"""The matrix of translation asks for every field that the official SDKs know.

The probes are written by hand; what they must cover is read from the SDKs' own types, so that a field
which a new SDK brings fails here until there is a probe for it.
"""

import json
import re
from pathlib import Path

import pytest
from anthropic.types import (
    document_block_param,
    image_block_param,
    text_block_param,
    tool_param,
    tool_result_block_param,
    tool_use_block_param,
)
from anthropic.types.beta import message_create_params as anthropic_beta
from google.genai import types as genai
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.responses import response_create_params

PROBES = Path(__file__).resolve().parents[2] / "proofs" / "probes"

# What never leaves the SDK: its own switches, and what travels in headers or the address.
OF_THE_CLIENT = {
    "anthropic.messages": {"betas"},
    "gemini.generate_content": {
        "httpOptions",
        "shouldReturnHttpResponse",
        "automaticFunctionCalling",
    },
    "gemini.embed_content": {"httpOptions"},
}


def probed(dialect):
    """Every word of every path, and every key of every value, that a dialect's probes hold."""
    file = json.loads((PROBES / f"{dialect}.json").read_text())
    words = set(file["base"])

    def keys(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                words.add(key)
                keys(inner)
        elif isinstance(value, list):
            for inner in value:
                keys(inner)

    for probe in file["probes"]:
        words.update(re.split(r"[.\[\]0-9]+", probe["field"]))
        keys(probe["value"])
    return words


def typed(*params):
    return {name for param in params for cls in param.__mro__ for name in getattr(cls, "__annotations__", {})}


def aliased(*models):
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


FIELDS = {
    "openai.chat": typed(chat_create_params.CompletionCreateParamsBase),
    "openai.completions": typed(completion_create_params.CompletionCreateParamsBase),
    "openai.responses": typed(response_create_params.ResponseCreateParamsBase),
    "openai.embeddings": typed(embedding_create_params.EmbeddingCreateParams),
    "anthropic.messages": typed(
        anthropic_beta.MessageCreateParamsBase,
        text_block_param.TextBlockParam,
        image_block_param.ImageBlockParam,
        document_block_param.DocumentBlockParam,
        tool_use_block_param.ToolUseBlockParam,
        tool_result_block_param.ToolResultBlockParam,
        tool_param.ToolParam,
    ),
    "gemini.generate_content": aliased(
        genai.GenerateContentConfig,
        genai.GenerationConfig,
        genai.Part,
        genai.FunctionDeclaration,
        genai.Tool,
        genai.ToolConfig,
        genai.FunctionCallingConfig,
        genai.FunctionCall,
        genai.FunctionResponse,
        genai.ThinkingConfig,
        genai.Blob,
        genai.FileData,
    ),
    "gemini.embed_content": aliased(genai.EmbedContentConfig),
}


@pytest.mark.parametrize("dialect", FIELDS)
def test_every_field_of_the_sdk_has_a_probe(dialect):
    missing = FIELDS[dialect] - OF_THE_CLIENT.get(dialect, set()) - probed(dialect)
    assert not missing, f"no probe in xtask/proofs/probes/{dialect}.json for {sorted(missing)}"


@pytest.mark.parametrize("dialect", FIELDS)
def test_a_field_without_a_probe_would_be_found(dialect):
    assert "a_field_of_tomorrow" not in probed(dialect)
    assert len(FIELDS[dialect]) >= 5
