"""Servers of OpenAI's dialect with customs of their own: words for thinking, and for users."""

from __future__ import annotations

import dataclasses

from harness.ask import Seen
from harness.pairs.script import Heard
from harness.pairs.vendors.openai import OpenAi


@dataclasses.dataclass
class Switching(OpenAi):
    """Qwen and SiliconFlow: a switch for thinking, and a budget beside it."""

    own: tuple[str, ...] = ("enable_thinking", "thinking_budget")

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        seen = super().hears(heard, unknown)
        thinks = heard.json.get("enable_thinking")
        if thinks is not None:
            budget = heard.json.get("thinking_budget", "on")
            seen.settings["effort"] = budget if thinks else "none"
        return seen


@dataclasses.dataclass
class DeepSeek(OpenAi):
    """A switch for thinking, with OpenAI's effort beside it, and another name for users."""

    own: tuple[str, ...] = ("thinking", "user_id")

    def hears(self, heard: Heard, unknown: tuple[str, ...]) -> Seen:
        seen = super().hears(heard, unknown)
        if heard.json.get("thinking") == {"type": "disabled"}:
            seen.settings["effort"] = "none"
        if "user_id" in heard.json:
            seen.settings["user"] = heard.json["user_id"]
        return seen
