"""Checks a request that the gateway sent against the official SDKs' own request types.

The SDKs describe requests as TypedDicts. Two traps make ready-made validators miss errors: string
annotations hide `Required[...]` from `__required_keys__`, and `Iterable[...]` is validated lazily.
So this walks the types itself: every key must be declared, every required key must be there, every
value must be of its type.
"""

from __future__ import annotations

import collections.abc
import functools
import types
import typing
from typing import Any

import typing_extensions
from anthropic.types import message_count_tokens_params, message_create_params
from openai.types import completion_create_params as text_completion_params
from openai.types import embedding_create_params
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

OPENAI_CHAT = completion_create_params.CompletionCreateParams
OPENAI_RESPONSES = response_create_params.ResponseCreateParams
OPENAI_COMPLETIONS = text_completion_params.CompletionCreateParams
OPENAI_RESPONSES = response_create_params.ResponseCreateParams
OPENAI_EMBEDDINGS = embedding_create_params.EmbeddingCreateParams
ANTHROPIC_MESSAGES = message_create_params.MessageCreateParams
ANTHROPIC_COUNT_TOKENS = message_count_tokens_params.MessageCountTokensParams

# The types follow API version 2026-10-21, which has no sampling parameters; the gateway speaks
# 2023-06-01 to vendors, which has them.
ANTHROPIC_SAMPLING = {"temperature": (0, 1), "top_p": (0, 1), "top_k": (0, 10**6)}


def check_sent(path: str, body: dict) -> None:
    """Fails unless `body` is a request that the SDK of the vendor behind `path` could have sent."""
    if path.endswith("/chat/completions"):
        errors = check(OPENAI_CHAT, body)
    elif path.endswith("/responses"):
        errors = check(OPENAI_RESPONSES, body)
    elif path.endswith("/completions"):
        errors = check(OPENAI_COMPLETIONS, body)
    elif path.endswith("/responses"):
        errors = check(OPENAI_RESPONSES, body)
    elif path.endswith("/embeddings"):
        errors = check(OPENAI_EMBEDDINGS, body)
    elif path.endswith("/count_tokens"):
        errors = check(ANTHROPIC_COUNT_TOKENS, body)
    elif path.endswith("/messages"):
        body = dict(body)
        for name, (low, high) in ANTHROPIC_SAMPLING.items():
            value = body.pop(name, low)
            assert low <= value <= high, f"{name}: {value} is out of range"
        errors = check(ANTHROPIC_MESSAGES, body)
    else:
        raise AssertionError(f"no contract for {path}")
    assert not errors, "sent upstream, refused by the SDK's types:\n" + "\n".join(errors)


def undeclared(model: Any, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Fields of an SDK response object that the SDK does not declare, deep, but for `allowed`."""
    found = []
    if isinstance(model, list):
        for item in model:
            found += undeclared(item, allowed)
    elif hasattr(model, "model_fields_set"):
        name = type(model).__name__
        found += [f"{name}.{key}" for key in (model.model_extra or {}) if key not in allowed]
        for key in type(model).model_fields:
            found += undeclared(getattr(model, key, None), allowed)
    return found


def check(kind: Any, value: Any, at: str = "$") -> list[str]:
    """Everything in which `value` is not of type `kind`."""
    kind = _plain(kind)
    if kind in (Any, object):
        return []
    if kind is None or kind is type(None):
        return [] if value is None else [f"{at}: not null: {value!r:.80}"]
    if typing_extensions.is_typeddict(kind):
        return _check_dict(kind, value, at)
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin is typing.Literal or origin is typing_extensions.Literal:
        return [] if value in arguments else [f"{at}: {value!r:.80} is none of {arguments}"]
    if origin in (typing.Union, types.UnionType):
        return _check_union(arguments, value, at)
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence):
        if not isinstance(value, list):
            return [f"{at}: not a list: {value!r:.80}"]
        item = arguments[0]
        return [e for i, v in enumerate(value) for e in check(item, v, f"{at}[{i}]")]
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{at}: not an object: {value!r:.80}"]
        return [e for k, v in value.items() for e in check(arguments[1], v, f"{at}.{k}")]
    if kind is float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif kind is int:
        good = isinstance(value, int) and not isinstance(value, bool)
    else:
        good = isinstance(value, kind)
    return [] if good else [f"{at}: not {kind}: {value!r:.80}"]


_WRAPPERS = (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated)


def _plain(kind: Any) -> Any:
    """A type without its wrappers."""
    while True:
        origin = typing.get_origin(kind)
        if origin in _WRAPPERS:
            kind = typing.get_args(kind)[0]
        elif isinstance(kind, typing_extensions.TypeAliasType):
            kind = kind.__value__
        elif isinstance(kind, typing.NewType):
            kind = kind.__supertype__
        else:
            return kind


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """The keys of a TypedDict: type, and whether it must be there."""
    fields: dict[str, tuple[Any, bool]] = {}
    for base in typing_extensions.get_original_bases(kind):
        if typing_extensions.is_typeddict(base):
            fields |= _fields(base)
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    own = set(hints) - set(fields)
    # A subclass may declare a key of its base again, to make it required.
    own |= {key for key in fields if hints[key] != fields[key][0]}
    for key in own:
        origin = typing.get_origin(hints[key])
        if origin is typing_extensions.Required:
            required = True
        elif origin is typing_extensions.NotRequired:
            required = False
        else:
            required = kind.__total__
        fields[key] = (hints[key], required)
    return fields


def _check_dict(kind: Any, value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: not an object: {value!r:.80}"]
    fields = _fields(kind)
    errors = [f"{at}.{key}: unknown to {kind.__name__}" for key in value if key not in fields]
    for key, (type_, required) in fields.items():
        if key in value:
            errors += check(type_, value[key], f"{at}.{key}")
        elif required:
            errors.append(f"{at}.{key}: required by {kind.__name__}")
    return errors


def _check_union(kinds: tuple, value: Any, at: str) -> list[str]:
    """Nothing where one of `kinds` fits; else the errors of the one that came nearest."""
    nearest = None
    for kind in kinds:
        errors = check(kind, value, at)
        if not errors:
            return []
        if nearest is None or len(errors) < len(nearest):
            nearest = errors
    return nearest or [f"{at}: fits nothing"]
