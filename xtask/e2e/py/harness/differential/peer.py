"""LiteLLM in a process of its own: reads no arguments, asks every scripted vendor every shape, and
writes what it sent as one line of JSON. It is a peer to compare with and part of nothing."""

from __future__ import annotations

import json
import logging
import os
import sys

# It would fetch its table of prices, and report home.
os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}

import litellm  # noqa: E402

from harness.differential.shapes import SHAPES  # noqa: E402
from harness.differential.vendors import BY_NAME, litellm_arguments  # noqa: E402
from harness.pairs.answers import Answer  # noqa: E402
from harness.pairs.script import Script  # noqa: E402

Sent = dict[str, dict[str, dict]]


def sent() -> Sent:
    """By vendor and shape: the body that it sent, or why it sent none."""
    found: Sent = {}
    for name, vendor in BY_NAME.items():
        script = Script()
        script.answer = lambda heard, vendor=vendor: vendor.says(heard, Answer())
        arguments = litellm_arguments(vendor, script.url)
        found[name] = {}
        for shape, asked in SHAPES.items():
            script.heard.clear()
            why = "it sent nothing"
            try:
                answer = litellm.completion(**asked, **arguments, num_retries=0)
                if asked.get("stream"):
                    list(answer)
            except Exception as error:  # What it makes of the answer is not asked.
                why = f"{type(error).__name__}: {error}"
            bodies = [heard.json for heard in script.heard]
            found[name][shape] = {"body": bodies[0]} if bodies else {"refused": why}
        script.stop()
    return found


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    litellm.drop_params = True
    litellm.suppress_debug_info = True
    json.dump(sent(), sys.stdout)
