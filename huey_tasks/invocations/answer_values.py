"""The answer of a function as a value that can be stored: whatever it wrote, its caller gets it."""

import json
from typing import Any

from huey_tasks import serializer
from huey_tasks.environments.answers import Answer


def stored(answer: Answer) -> tuple[Any, bytes]:
    """Return an answer as a value, and encoded as an outcome.

    JSON that the serializer cannot hold (half a surrogate pair, 1e999, very deep nesting) stays the
    bytes that the function has written: it is an answer all the same.
    """
    mark = {"in_pieces": True} if answer.in_pieces else {}
    value = text_of(answer.body) if answer.in_pieces else _value_of(answer.body)
    try:
        return value, serializer.dumps({"result": value, **mark})
    except (ValueError, RecursionError):
        return answer.body, serializer.dumps({"result": answer.body, **mark})


def _value_of(body: bytes) -> Any:
    """Return an answer as a value; bytes that are no JSON stay bytes."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return body


def text_of(body: bytes) -> str | bytes:
    """Return an answer as it was written: its caller may have a part of it already."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
