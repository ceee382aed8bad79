"""The same requests of OpenAI's dialect through the gateway and through LiteLLM: they agree in what
they send to a vendor, or the page of differences says where not and why."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from harness.differential import compare
from harness.differential.shapes import SHAPES
from harness.differential.vendors import BY_NAME
from harness.pairs.answers import Answer
from harness.pairs.script import Script
from harness.processes import Gateway, clean_env

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def theirs():
    """What LiteLLM sends."""
    command = [sys.executable, "-m", "harness.differential.peer"]
    env = clean_env() | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """What the gateway sends."""
    scripts = {name: Script() for name in BY_NAME}
    models: dict = {}
    for name, vendor in BY_NAME.items():
        models |= vendor.entries(scripts[name].url, [])
        scripts[name].answer = lambda heard, vendor=vendor: vendor.says(heard, Answer())
    gateway = Gateway(tmp_path_factory.mktemp("differential"), {"models": models})
    found = {name: {} for name in BY_NAME}
    for name, vendor in BY_NAME.items():
        for shape, asked in SHAPES.items():
            scripts[name].heard.clear()
            body = {"model": vendor.alias("chat")} | asked
            answer = gateway.post("/v1/chat/completions", body)
            bodies = [heard.json for heard in scripts[name].heard]
            found[name][shape] = {"body": bodies[0]} if bodies else {"refused": answer.text}
    gateway.stop()
    for script in scripts.values():
        script.stop()
    return found


@pytest.fixture(scope="module")
def rows():
    """What the page lists."""
    return compare.listed(compare.PAGE.read_text())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("vendor", BY_NAME)
def test_what_litellm_sends_is_what_the_gateway_sends(ours, theirs, rows, vendor, shape):
    found = compare.differences(vendor, shape, ours[vendor][shape], theirs[vendor][shape])
    unlisted = [one for one in found if not any(row.covers(one) for row in rows)]
    assert not unlisted, "not listed:\n" + "\n".join(map(str, unlisted))


def test_every_listed_difference_is_one(ours, theirs, rows):
    found = [
        one
        for vendor in BY_NAME
        for shape in SHAPES
        for one in compare.differences(vendor, shape, ours[vendor][shape], theirs[vendor][shape])
    ]
    agree = [row for row in rows if not any(row.covers(one) for one in found)]
    assert not agree, "listed, and the same by now:\n" + "\n".join(map(str, agree))
    assert rows and all(row.why for row in rows)
