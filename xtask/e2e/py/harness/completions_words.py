"""The words of OpenAI's legacy completions: one prompt, one text."""

from __future__ import annotations

from typing import Any

import openai
from openai.types import Completion

from harness import openai_words
from harness.ask import Ask, Said, Seen, Text, user

PATH = "/v1/completions"


def prompt(ask: Ask) -> str | list:
    """A conversation as one text; a part that is none makes a list, which is no prompt."""
    parts = [part for turn in ask.turns for part in turn.parts]
    if all(isinstance(part, Text) for part in parts):
        said = [ask.system] if ask.system else []
        return "\n\n".join(said + [part.text for part in parts])
    return openai_words.request(Ask(ask.turns), "any")["messages"]


def request(ask: Ask, model: str) -> dict:
    """The body that asks it. What the dialect has no word for is said in those of chat, loudly."""
    chat = openai_words.request(ask, model)
    own = ("model", "max_tokens", "stop", "seed", "temperature", "top_p", "user", "n")
    own += ("presence_penalty", "frequency_penalty")
    body = {"prompt": prompt(ask)} | {key: chat[key] for key in own if key in chat}
    foreign = {key: chat[key] for key in chat if key not in (*own, "messages", "extra_body")}
    extra = foreign | chat.get("extra_body", {})
    return body | ({"extra_body": extra} if extra else {})


def seen(body: dict) -> Seen:
    """What a request says that arrived at a vendor of this dialect."""
    return Seen(
        turns=(user(body["prompt"]),),
        system=None,
        tools=(),
        choice=None,
        parallel=True,
        schema=None,
        thinks=False,
        stop=tuple(body.get("stop", ())),
        max_tokens=body.get("max_tokens"),
        settings=openai_words.settings_of(body),
    )


def whole(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a whole answer."""
    answer = client.completions.create(**body)
    choice = answer.choices[0]
    return _said(choice.text, choice.finish_reason, answer.model, answer.usage)


def stream(client: openai.OpenAI, body: dict) -> Said:
    """Asks for a stream, and puts it together."""
    text, finish, model, usage = "", "", "", None
    body = body | {"stream": True, "stream_options": {"include_usage": True}}
    # OpenAI's own chunks have no reason to finish but the last, which the SDK's type does not allow;
    # so the type is asked about each chunk with one.
    for chunk in client.completions.create(**body):
        told = chunk.to_dict()
        for choice in told["choices"]:
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        Completion.model_validate(told, strict=True)
        model = chunk.model
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.text
            finish = choice.finish_reason or finish
    return _said(text, finish, model, usage)


def _said(text: str, finish: str, model: str, usage: Any) -> Said:
    return Said(
        text=text,
        finish=openai_words.FINISH[finish],
        model=model,
        tools=[],
        reasoning="",
        signature=None,
        refusal=None,
        usage=openai_words.usage_of(usage),
    )
