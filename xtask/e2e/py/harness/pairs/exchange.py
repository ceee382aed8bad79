"""One case of one pair: asks, and says everything in which what was seen and said is not right."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

from harness.ask import (
    Ask,
    Document,
    Said,
    Seen,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Turn,
    merged,
    user,
)
from harness.gemini_words import NAMED
from harness.pairs.answers import MESSAGES, Answer
from harness.pairs.cases import CASES, Case
from harness.pairs.faces import FACES, Face, Told
from harness.pairs.listed import expected
from harness.pairs.losses import Expected
from harness.pairs.script import Heard, Script
from harness.pairs.vendors import VENDORS
from harness.pairs.vendors.base import Refused, Vendor


@dataclasses.dataclass
class Exchange:
    """A case between a face and a vendor."""

    face: Face
    vendor: Vendor
    name: str
    case: Case
    streamed: bool
    scripts: dict[str, Script]
    problems: list[str] = dataclasses.field(default_factory=list)
    # The vendor that is asked now.
    at: str = ""

    def run(self) -> list[str]:
        """Everything that is wrong."""
        if self.case.then == "away":
            self._away()
        else:
            told = self._ask(self.vendor, self.case.ask, self.case.answer)
            if self.case.then == "back" and told.said:
                self._on(self.vendor, self.vendor, told.said)
        return self.problems

    def _away(self) -> None:
        """Begins here, goes on at another vendor, and comes back."""
        told = self._ask(self.vendor, self.case.ask, self.case.answer)
        if not told.said:
            return
        others = [other for other in VENDORS if other.provider != self.vendor.provider]
        for other in (others[0], others[-1]):
            self._on(self.vendor, other, told.said)
        self._on(self.vendor, self.vendor, told.said)

    def _on(self, first: Vendor, vendor: Vendor, said: Said) -> None:
        """The next turn: the call is answered, and the vendor must see what was said before."""
        calls = [ToolUse(id_, name, tuple(value.items())) for id_, name, value in said.tools]
        ids = [call.id or NAMED + call.name for call in calls]
        results = user(*(ToolResult(id_, "fine") for id_ in ids) if ids else ("And now?",))
        ask = self.case.ask
        turns = (*ask.turns, results)
        ask = dataclasses.replace(ask, turns=turns, back=said.back)
        answer = first.can(self.case.answer)
        if first is not vendor:
            answer = dataclasses.replace(answer, reasoning="", signature=None)
        before = vendor.before(answer, calls)
        self._ask(vendor, ask, Answer("Fine."), before=before, thought=said.reasoning)

    def _ask(self, vendor: Vendor, ask: Ask, answer: Answer, **later: Any) -> Told:
        self.at = vendor.name
        script = self.scripts[vendor.name]
        script.heard.clear()
        found: list[Seen] = []
        asked = self.face.can(ask)
        unknown = self.face.unknown(ask)
        answer = self.face.gets(vendor.can(answer))

        def reply(heard: Heard) -> Any:
            try:
                found.append(vendor.hears(heard, unknown))
            except Refused:
                pass
            except (AssertionError, ValueError, KeyError, TypeError) as error:
                self.problems.append(f"sent to {vendor.name}: {type(error).__name__}: {error}")
            return vendor.says(heard, answer)

        script.answer = reply
        purpose = self.case.purpose or vendor.asks(ask)
        alias = vendor.alias(purpose)
        if answer.failure or answer.breaks:
            alias = f"{vendor.name}-{place(self.name, self.face, self.streamed)}"
        told = self.face.ask(alias, ask, self.streamed)
        want = expected(self.face.name, vendor, self.name)
        if want.refused is not None:
            self._refused(told, want.refused, script)
            return told
        self._same("x-tollgate-dropped", self._dropped(told, ask, later), set(want.dropped))
        self._same("requests heard", len(script.heard), want.heard)
        if found:
            self._seen(asked, found[0], want, later)
        self._said(told, vendor, answer, want)
        return told

    def _dropped(self, told: Told, ask: Ask, later: dict[str, Any]) -> set[str]:
        """The names of what was lost. Reasoning of earlier turns has many places; it is enough that
        it is named where it is withheld."""
        said = {name for name in told.dropped if not name.startswith(EARLIER)}
        thoughts = [p.text for t in ask.turns for p in t.parts if isinstance(p, Thinking)]
        thoughts += [later["thought"]] if later.get("thought") else []
        bodies = "".join(heard.body.decode() for heard in self.scripts[self.at].heard)
        if said == told.dropped and not all(thought in bodies for thought in thoughts):
            self.problems.append("reasoning was withheld in silence")
        return said

    def _same(self, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.problems.append(f"{what}: {found!r} is not {wanted!r}")

    def _refused(self, told: Told, field: str, script: Script) -> None:
        """The client is told which field cannot be carried, and no vendor hears of it."""
        self._same("requests heard", len(script.heard), 0)
        if not told.failed:
            self.problems.append(f"answered, not refused: {told.said}")
            return
        self._same("status", told.failed.status, 400)
        if field not in told.failed.message:
            self.problems.append(f"{field} is not named: {told.failed.message}")

    def _seen(self, ask: Ask, seen: Seen, want: Expected, later: dict[str, Any]) -> None:
        settings = dict(ask.settings)
        if ask.effort or ask.budget:
            settings["effort"] = ask.budget or ask.effort
        wanted: dict[str, Any] = {
            "turns": _plain(_turns(ask, later)),
            "system": ask.system,
            "tools": tuple(tool.name for tool in ask.tools),
            "choice": ask.choice or "auto",
            "parallel": ask.parallel is not False,
            "schema": ask.schema,
            "json": ask.json,
            "stop": ask.stop,
            "max_tokens": ask.max_tokens,
            "settings": settings,
        }
        found = dataclasses.asdict(dataclasses.replace(seen, turns=())) | {
            "turns": _plain(seen.turns),
            "choice": seen.choice or "auto",
            "stop": tuple(seen.stop),
        }
        for key, value in wanted.items():
            listed = want.seen.get(key, value)
            listed = listed(found[key]) if callable(listed) else listed
            self._same(f"seen {key}", found[key], listed)
            if found[key] == value and not callable(want.seen.get(key, callable)):
                self.problems.append(f"seen {key}: listed as lost, and is not")

    def _said(self, told: Told, vendor: Vendor, answer: Answer, want: Expected) -> None:
        wanted = outcome(self.face, vendor, answer) | want.said
        if wanted["failed"]:
            if not told.failed:
                self.problems.append(f"answered, not failed: {told.said}")
                return
            status, kind, text = wanted["failed"]
            if answer.breaks and self.streamed:
                status = 200
            self._same("status", told.failed.status, status)
            self._same("kind", told.failed.kind, kind)
            if answer.failure in self.face.codes:
                self._same("code", told.failed.code, self.face.codes[answer.failure])
            if text not in told.failed.message:
                self.problems.append(f"{text!r} is not in {told.failed.message}")
            return
        if not told.said:
            self.problems.append(f"failed: {told.failed}")
            return
        said = told.said
        for key in ("text", "finish", "reasoning", "refusal"):
            self._same(f"said {key}", getattr(said, key) or None, wanted[key] or None)
        if not _signed(said.signature, wanted["signature"]) and not answer.sealed:
            self._same("said signature", said.signature, wanted["signature"])
        ids = vendor.ids
        tools = [(id_ if ids else "", name, value) for id_, name, value in said.tools]
        wanted_tools = [(id_ if ids else "", name, value) for id_, name, value in wanted["tools"]]
        self._same("said tools", tools, wanted_tools)
        self._same("said usage", said.usage, wanted["usage"] | wanted.get("counts", {}))
        if not said.model:
            self.problems.append("no model is named")


def place(name: str, face: Face, streamed: bool) -> str:
    """A place of its own for a case that fails there."""
    return f"{name}-{face.name}-{'stream' if streamed else 'whole'}"


def places() -> list[str]:
    """All of them."""
    failing = [name for name, case in CASES.items() if case.answer.failure or case.answer.breaks]
    modes = (False, True)
    return [place(name, face, mode) for name in failing for face in FACES for mode in modes]


# Where what was said in an earlier turn stands.
EARLIER = ("messages[1].", "contents[1].", "input[1]")


def outcome(face: Face, vendor: Vendor, answer: Answer) -> dict[str, Any]:
    """What a client is to be told, before what is listed as lost."""
    failed = None
    if answer.failure or answer.blocked:
        kind = answer.failure or "filter"
        status = vendor.status(kind)
        # A client's own mistake is told in the vendor's words.
        failed = (
            status,
            face.kinds[status],
            MESSAGES["bad_request"] if kind == "bad_request" else "",
        )
    elif answer.breaks:
        status = 500 if answer.breaks == "error" else 502
        failed = (status, face.kinds[status], "")
    return {
        "failed": failed,
        "text": answer.text,
        "finish": answer.end,
        "reasoning": answer.reasoning,
        "signature": answer.signature,
        "refusal": answer.refusal,
        "tools": [(call.id, call.name, dict(call.arguments)) for call in answer.tools],
        "usage": dataclasses.asdict(answer.usage),
    }


def _turns(ask: Ask, later: dict[str, Any]) -> tuple[Turn, ...]:
    """The turns that a vendor is to see; what was said before stands before the last one."""
    turns = list(ask.turns)
    if later and ask.back:
        turns.insert(-1, Turn("assistant", tuple(later["before"])))
    return merged(turns)


def _signed(found: str | None, wanted: str | None) -> bool:
    """Whether it is the signature, plain or under the name of its issuer."""
    if not found or not wanted:
        return not found and not wanted
    if found == wanted or found.endswith(f":{wanted}"):
        return True
    decoded = base64.b64decode(found + "==").decode(errors="replace")
    return decoded.startswith("tollgate:") and decoded.endswith(f":{wanted}")


def _plain(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Turns without the names of documents and the ids of calls, which each dialect bends in its own
    way, and with what a model said in one piece."""
    ids: dict[str, str] = {}
    return tuple(Turn(turn.role, _joined(turn, ids)) for turn in turns)


def _joined(turn: Turn, ids: dict[str, str]) -> tuple:
    parts: list[Any] = []
    for part in turn.parts:
        before = parts[-1] if parts else None
        if isinstance(part, ToolUse):
            called = ids.setdefault(part.id or NAMED + part.name, f"#{len(ids)}")
            parts.append(dataclasses.replace(part, id=called))
        elif isinstance(part, ToolResult):
            parts.append(dataclasses.replace(part, id=ids.get(part.id, "unknown")))
        elif part == Text("") and turn.role == "assistant":
            continue
        elif isinstance(part, Document):
            parts.append(dataclasses.replace(part, name=""))
        elif turn.role == "assistant" and isinstance(part, Text) and isinstance(before, Text):
            parts[-1] = Text(before.text + part.text)
        else:
            parts.append(part)
    return tuple(parts)
