"""`config/schema.json` under a validator that nobody here wrote, beside what the gateway accepts."""

from __future__ import annotations

import copy
import json
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from harness.processes import ROOT, binary, clean_env

FOLDER = ROOT / "config"
EXAMPLES = sorted(path.name for path in FOLDER.glob("*.yaml"))
# Whatever an example names; none of them is called.
VARIABLES = [
    *("OPENAI_API_KEY", "OPENAI_API_KEY_2", "ANTHROPIC_API_KEY", "AZURE_API_KEY", "VLLM_API_KEY"),
    *("BEDROCK_SECRET_KEY", "BEDROCK_SESSION_TOKEN"),
    *("AZURE_RESOURCE", "AZURE_CLIENT_SECRET", "ZHIPU_KEY_1", "ZHIPU_KEY_2", "SILICONFLOW_API_KEY", "HOUSE_API_KEY"),
]
# Values that are keys as well as names in an address.
VALUES = {name: "k-" + name.replace("_", "-") for name in VARIABLES}
# Maps whose keys are their writer's.
FREE = {"models", "providers", "headers", "default_params", "rename", "set", "error_codes"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = json.loads((FOLDER / "schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def example(name: str) -> dict:
    return yaml.safe_load((FOLDER / name).read_text())


def check(folder: pathlib.Path, document: Any) -> subprocess.CompletedProcess:
    """What the gateway says of a document."""
    path = folder / "tollgate.yaml"
    path.write_text(json.dumps(document))
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    env = clean_env() | VALUES
    args = [program, "check", "--json", "--config", str(path)]
    return subprocess.run(args, capture_output=True, text=True, env=env, cwd=folder, timeout=20)


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The path of every value below a document, maps and lists among them."""
    below = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in below:
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))


def parent_of(document: Any, path: tuple) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def misspelt() -> Iterator[tuple[str, dict]]:
    """The whole of the reference example with one key misspelt, for every key that has a name."""
    whole = example("everything.yaml")
    for path in places(whole):
        if not isinstance(path[-1], str) or (len(path) > 1 and path[-2] in FREE):
            continue
        document = copy.deepcopy(whole)
        parent = parent_of(document, path)
        parent[f"{path[-1][:-1]}_{path[-1][-1]}"] = parent.pop(path[-1])
        yield ".".join(map(str, path)), document


def of_another_kind() -> Iterator[tuple[str, dict]]:
    """The same with one value of a kind that no key takes there."""
    whole = example("everything.yaml")
    for path in places(whole):
        if FREE & {"default_params", "set"} & set(path[:-1]):
            continue
        document = copy.deepcopy(whole)
        parent = parent_of(document, path)
        was = parent[path[-1]]
        parent[path[-1]] = 3.5 if isinstance(was, (dict, list, bool, str)) else [{"a": 1}]
        # A number is a duration or a weight as well.
        if isinstance(was, str):
            parent[path[-1]] = {"a": {"b": 1}}
        yield ".".join(map(str, path)), document


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid_under_the_schema(validator, name):
    assert list(validator.iter_errors(example(name))) == []


def test_the_schema_refuses_every_misspelt_key_as_the_gateway_does(validator, tmp_path):
    cases = list(misspelt())
    assert len(cases) > 80
    for path, document in cases:
        assert not validator.is_valid(document), f"{path} misspelt is valid"
        said = check(tmp_path, document)
        assert said.returncode == 2, f"{path} misspelt is accepted"
        problems = json.loads(said.stdout)["problems"]
        # Where the key was required, its absence is told as well.
        assert any("unknown key" in problem["message"] for problem in problems), (path, problems)


def test_the_schema_refuses_values_of_another_kind_as_the_gateway_does(validator, tmp_path):
    cases = list(of_another_kind())
    assert len(cases) > 80
    for path, document in cases:
        accepted = check(tmp_path, document).returncode == 0
        assert validator.is_valid(document) == accepted, (path, accepted)


def test_what_is_printed_is_valid_under_the_schema_and_means_the_same(validator, tmp_path):
    program = binary("TOLLGATE_BIN", "target/release-ci/tollgate")
    env = clean_env() | VALUES

    def printed(path: pathlib.Path) -> str:
        args = [program, "check", "--print", "--config", str(path)]
        said = subprocess.run(args, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=20)
        assert said.returncode == 0, said.stderr
        return said.stdout

    for name in EXAMPLES:
        first = printed(FOLDER / name)
        assert list(validator.iter_errors(yaml.safe_load(first))) == [], name
        path = tmp_path / f"printed-{name}"
        path.write_text(first)
        assert yaml.safe_load(printed(path)) == yaml.safe_load(first), name
