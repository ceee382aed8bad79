"""Two requests to one vendor: where they differ, beyond spellings that it takes for the same."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import pathlib
import re
from typing import Any

from harness.processes import ROOT

# The page that lists what differs and why; its rows are the list.
PAGE: pathlib.Path = ROOT / "docs/translation-litellm.md"
# Below these keys stand a user's own words.
OPAQUE = {
    "args",
    "input",
    "input_schema",
    "json",
    "parameters",
    "parametersJsonSchema",
    "response",
    "responseJsonSchema",
    "responseSchema",
    "schema",
}


@dataclasses.dataclass(frozen=True)
class Difference:
    """One place where two requests differ."""

    vendor: str
    shape: str
    path: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        ours, theirs = json.dumps(self.ours)[:200], json.dumps(self.theirs)[:200]
        return f"{self.vendor} {self.shape} {self.path}: {ours} | {theirs}"


@dataclasses.dataclass(frozen=True)
class Listed:
    """A row of the page: patterns of vendors, shapes and paths, and the reason."""

    vendors: str
    shapes: str
    paths: str
    why: str

    def covers(self, found: Difference) -> bool:
        """Whether it speaks of a difference."""
        values = (
            (self.vendors, found.vendor),
            (self.shapes, found.shape),
            (self.paths, found.path),
        )
        return all(
            any(fnmatch.fnmatchcase(_plain(value), _plain(one)) for one in patterns.split(" "))
            for patterns, value in values
        )


def _plain(text: str) -> str:
    """Without the brackets of indices, which mean sets of characters to a pattern."""
    return re.sub(r"\[(\d+|\*)\]", r".\1", text)


def listed(page: str) -> list[Listed]:
    """The rows of the page's table: vendor, requests, where, ours, LiteLLM's, why."""
    rows = []
    for line in page.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("| ").split("|")]
        if (
            not line.startswith("|")
            or len(cells) != 6
            or cells[0] == "vendor"
            or set(cells[0]) <= set("-")
        ):
            continue
        rows.append(Listed(cells[0], cells[1], cells[2], cells[5]))
    return rows


def differences(vendor: str, shape: str, ours: dict, theirs: dict) -> list[Difference]:
    """Where what two programs sent differs; one that sent nothing differs in everything."""
    if "body" not in ours or "body" not in theirs:
        same = "body" not in ours and "body" not in theirs
        whole = Difference(vendor, shape, "refused", ours.get("refused"), theirs.get("refused"))
        return [] if same else [whole]
    mine, other = (_flat(_usual(one["body"])) for one in (ours, theirs))
    return [
        Difference(vendor, shape, path, mine.get(path, "—"), other.get(path, "—"))
        for path in sorted(mine.keys() | other.keys())
        if mine.get(path, "—") != other.get(path, "—")
    ]


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Leaves by path; an empty list or object is a leaf."""
    if isinstance(value, dict) and value:
        items = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
    elif isinstance(value, list) and value:
        items = [(f"{path}[{at}]", item) for at, item in enumerate(value)]
    else:
        return {path: value}
    return {leaf: found for at, item in items for leaf, found in _flat(item, at).items()}


def _usual(value: Any) -> Any:
    """One spelling for what vendors take in several: names of Gemini's fields, text as a block,
    what is empty, the kind of a tool that is the usual one."""
    if isinstance(value, list):
        return [_usual(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, item in value.items():
        if key in ("generationConfig", "generation_config"):
            item = {_camel(name): field for name, field in item.items()}
        key = key if key in OPAQUE or key in SNAKE else _camel(key)
        if key in ("content", "system") and isinstance(item, str):
            item = [{"type": "text", "text": item}]
        if key in OPAQUE:
            # A schema without what it requires requires nothing.
            item = _bare(item)
        else:
            item = _usual(item)
        if item not in ({}, [], None) and (key, item) != ("type", "custom"):
            found[key] = item
    return found


def _bare(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {key: value for key, value in schema.items() if value not in ([], {})}


# Names that are written so: Anthropic's, and those of models behind Converse.
SNAKE = {
    "anthropic_beta",
    "budget_tokens",
    "cache_control",
    "disable_parallel_tool_use",
    "input_schema",
    "is_error",
    "max_tokens",
    "media_type",
    "output_config",
    "output_format",
    "stop_sequences",
    "tool_choice",
    "tool_use_id",
    "top_k",
    "top_p",
    "user_id",
}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
