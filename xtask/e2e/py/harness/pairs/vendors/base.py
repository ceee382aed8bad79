"""What the table of pairs asks of a vendor: an adapter of four methods."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from harness.ask import Ask, Seen, Text, Thinking, ToolUse
from harness.config import NO_RETRIES
from harness.pairs.answers import FAILURES, Answer, Reply, recut
from harness.pairs.script import Heard

# The tool by which the gateway gets structured output out of vendors that have none.
JSON_TOOL = "tollgate_json_response"


class Refused(Exception):
    """The vendor itself refuses what it was sent, and says so."""


@dataclasses.dataclass
class Vendor:
    """A vendor as the table knows it. Models are by purpose: `chat`, `thinks`."""

    name: str
    provider: str
    models: dict[str, str]
    # The vendor whose losses are its own, where it is the same at another place.
    like: str = ""
    # Further keys of its deployments.
    more: dict[str, Any] = dataclasses.field(default_factory=dict)
    # What the gateway's environment must hold.
    env: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the gateway's credentials at this vendor begin with."""
        return f"sk-{self.name}-secret"

    # Whether its tool calls have ids of their own.
    ids = True

    def base(self, url: str) -> str:
        """The address in configuration."""
        return url

    def entries(self, url: str, failing: list[str]) -> dict[str, dict]:
        """The models of the gateway's configuration, by the name that clients ask for: one for each
        purpose, and one for each of `failing`, which are places of their own, so that what fails at
        one is no reason to spare another."""
        places = {
            self.alias(purpose): self.deployment(model, url, self.key)
            for purpose, model in self.models.items()
        }
        model = self.models["chat"]
        for name in failing:
            own = self.deployment(model, f"{url}/{name}", f"{self.key}-{name}")
            places[f"{self.name}-{name}"] = own
        return {
            alias: {"deployments": [deployment], "retries": NO_RETRIES}
            for alias, deployment in places.items()
        }

    def deployment(self, model: str, url: str, key: str) -> dict[str, Any]:
        """A model at an address."""
        place = {"provider": self.provider, "model": model, "api_base": self.base(url)}
        return place | self.credentials(key) | self.more

    def providers(self, url: str) -> dict[str, dict]:
        """Vendors that the configuration must describe."""
        return {}

    def credentials(self, key: str) -> dict[str, Any]:
        """The keys of a deployment that say how the gateway shows itself."""
        return {"api_keys": [key]}

    def alias(self, purpose: str) -> str:
        """The name that clients ask for; of a model for the nearest purpose where there is none."""
        wanted = {"adaptive": ["adaptive", "thinks"]}.get(purpose, [purpose])
        return f"{self.name}-{next((one for one in wanted if one in self.models), 'chat')}"

    def can(self, answer: Answer) -> Answer:
        """The answer without what this vendor's dialect has no word for."""
        return answer

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        """What a request says; fails unless the vendor's own SDK could have sent it."""
        raise NotImplementedError

    def says(self, heard: Heard, answer: Answer) -> Reply:
        """The answer on this vendor's wire."""
        raise NotImplementedError

    def status(self, kind: str) -> int:
        """The status of a failure that its clients are told."""
        return FAILURES[kind]

    def before(self, answer: Answer, calls: list[ToolUse]) -> list[Any]:
        """An answer as this vendor is to see it again in the next turn."""
        thought = [Thinking(answer.reasoning, answer.signature)] if answer.signature else []
        return thought + ([Text(answer.text)] if answer.text else []) + calls

    def asks(self, ask: Ask) -> str:
        """The purpose of the model for a conversation."""
        return "thinks" if ask.budget or ask.effort else "chat"


def by_json_tool(seen: Seen, tools: list[dict], schema: Any) -> Seen:
    """Takes the tool that carries structured output for what it is: a form of the answer."""
    if JSON_TOOL not in seen.tools:
        return seen
    wanted = next(schema(tool) for tool in tools if JSON_TOOL in json.dumps(tool))
    rest = tuple(name for name in seen.tools if name != JSON_TOOL)
    choice = None if seen.choice in (JSON_TOOL, "required") else seen.choice
    any_object = set(wanted) == {"type"}
    form = {"json": True} if any_object else {"schema": wanted}
    return dataclasses.replace(seen, tools=rest, choice=choice, parallel=True, **form)


def events(frames: list[bytes], answer: Answer, ping: bytes = b": ping\n\n") -> Reply:
    """A stream of server-sent events."""
    if answer.pings:
        frames = [piece for frame in frames for piece in (ping, frame)]
    headers = {"content-type": "text/event-stream"}
    return Reply(200, recut(frames, answer.cut), headers, cut=answer.breaks == "cut")


def data(body: Any, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
