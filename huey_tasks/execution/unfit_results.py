"""A result that does not fit the parameter that takes it: why the task which follows has failed.

The payload of a task is checked when it is submitted, a result only when the task runs. Each
attempt would get the same result, so none follows. Knows neither Redis nor the queue.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from huey_tasks import serializer
from huey_tasks.declaration.payload import Payload
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.execution.retry_rules import Fail
from huey_tasks.serializer import ChordResults, NodeResult
from huey_tasks.values.field_words import message_of

#: What the message of a task says besides the name of a parameter: any may have taken the result.
_ANY = "*"

#: The kinds of values in JSON, in the words of its users.
_KINDS = {
    bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array",
    dict: "an object", type(None): "null",
}  # fmt: skip


class UnfitResult(Fail):
    """The result of another task does not fit the parameter of the one that takes it."""

    remark = "not tried again: each attempt would get the same result"

    def __repr__(self) -> str:
        return str(self)


def unfit_in(
    error: ValidationError, arguments: Mapping[str, Any], payload: Payload
) -> UnfitResult | None:
    """Return which result among the arguments does not fit; None if another argument does not."""
    attempt = current_attempt.get()
    if attempt is None:
        return None
    message = serializer.loads(attempt.claim.message)
    for detail in error.errors(include_url=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        whose = _whose(message, name)
        if whose:
            return UnfitResult(_text(detail, name, whose, arguments, payload))
    return None


def _whose(message: Any, name: str) -> str:
    """Return whose result a parameter has taken, "" if it is none."""
    match message.kwargs.get(name):
        case NodeResult(or_error=True) as node:
            return f"the error of node '{node.name}'"
        case NodeResult() as node:
            return f"the result of node '{node.name}'"
        case ChordResults():
            return "the results of its chord"
        case _:
            return "the result of the task before it" if message.into in (name, _ANY) else ""


def _text(
    detail: ErrorDetails, name: str, whose: str, arguments: Mapping[str, Any], payload: Payload
) -> str:
    if name not in arguments:
        return f"parameter '{name}' of {payload.about} is missing in {whose}"
    kind = _KINDS.get(type(arguments[name]), type(arguments[name]).__name__)
    inside = "".join(f"/{step}" for step in detail["loc"][1:])
    where = f" at {inside}" if inside else ""
    why = message_of(detail, payload.schema)
    return f"parameter '{name}' of {payload.about} does not take {whose}, {kind}{where}: {why}"
