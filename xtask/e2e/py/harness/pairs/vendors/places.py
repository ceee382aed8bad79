"""The same dialects at Azure and at Google's Vertex AI, where paths and credentials differ."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.pairs.script import TOKEN, Heard
from harness.pairs.vendors.anthropic import Anthropic
from harness.pairs.vendors.gemini import Gemini
from harness.pairs.vendors.openai import OpenAi

PROJECT, LOCATION = "p", "europe-west1"


@dataclasses.dataclass
class AzureOpenAi(OpenAi):
    """OpenAI's models at Azure, by the path of deployments where there is a version."""

    version: str | None = None

    def base(self, url: str) -> str:
        return url

    def deployment(self, model: str, url: str, key: str) -> dict[str, Any]:
        version = {"api_version": self.version} if self.version else {}
        azure = {"base_model": model} | version
        return super().deployment(model, url, key) | {"azure": azure}

    def shown(self, heard: Heard) -> str:
        assert "authorization" not in heard.headers
        below = f"/openai/deployments/{heard.json['model']}/" if self.version else "/openai/v1/"
        assert below in heard.route
        return heard.headers["api-key"]


@dataclasses.dataclass
class Foundry(Anthropic):
    """Claude at Azure's Foundry."""

    def deployment(self, model: str, url: str, key: str) -> dict[str, Any]:
        return super().deployment(model, url, key) | {"azure": {"base_model": model}}

    def shown(self, heard: Heard) -> str:
        assert "/anthropic/v1/" in heard.route
        return super().shown(heard)


class Vertex:
    """What both dialects have in common at Vertex AI: tokens of the machine, and where models are."""

    publisher: str
    name: str

    def place(self, url: str) -> str:
        """The address of a publisher's models."""
        where = f"projects/{PROJECT}/locations/{LOCATION}/publishers/{self.publisher}"
        return f"{url}/v1/{where}"

    def base(self, url: str) -> str:
        return self.place(url)

    def credentials(self, key: str) -> dict[str, Any]:
        """None in configuration: the machine's metadata server gives out tokens."""
        return {}

    def providers(self, url: str) -> dict[str, dict]:
        """The vendor with its project."""
        host = url.removeprefix("http://")
        google = {"project": PROJECT, "location": LOCATION, "metadata_host": host}
        return {"vertex": {"google": google}}

    def token(self, heard: Heard) -> None:
        """Fails unless the token is the machine's."""
        assert heard.headers["authorization"] == f"Bearer {TOKEN}"
        assert f"/publishers/{self.publisher}/models/" in heard.route


@dataclasses.dataclass
class VertexGemini(Vertex, Gemini):
    """Gemini at Vertex AI."""

    publisher = "google"

    def shown(self, heard: Heard) -> str:
        self.token(heard)
        return self.key


@dataclasses.dataclass
class VertexClaude(Vertex, Anthropic):
    """Claude at Vertex AI: the model stands in the address, the version in the body."""

    publisher = "anthropic"

    def shown(self, heard: Heard) -> str:
        self.token(heard)
        return self.key

    def body(self, heard: Heard) -> dict:
        said = heard.json
        assert said.pop("anthropic_version") == "vertex-2023-10-16"
        model, _, method = heard.route.split("/models/")[1].partition(":")
        assert method == ("streamRawPredict" if said.get("stream") else "rawPredict")
        return {"model": model} | said
