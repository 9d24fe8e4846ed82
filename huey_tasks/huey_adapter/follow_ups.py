"""How a task that follows another gets that one's result: in one parameter, by its name.

Huey spreads a result over the arguments, by its type: a dict becomes keywords, a tuple positions.
A task type made by `@task` takes it as it is. Of Huey's own types Huey decides.
"""

from collections.abc import Mapping
from typing import Any

from huey_tasks.declaration.options import nearest
from huey_tasks.declaration.payload import Payload
from huey_tasks.execution.failed_attempts import text_of_error
from huey_tasks.values.safe_repr import unwrapped

#: What `into` of a stored task says besides the name of a parameter: no parameter takes the result,
#: or those that have the names of its fields.
NOTHING, FIELDS = "", "*"


class NoPlace(TypeError):
    """Nothing says which parameter takes the result of the task before."""


def checked(payload: Payload, given: Mapping[str, Any], name: str | None) -> str:
    """Return `name` as it is stored. Raises TypeError for a parameter that cannot take a result."""
    if name is None:
        return NOTHING
    if name not in payload.parameters:
        near = nearest(name, payload.parameters)
        raise TypeError(f"{payload.about} has no parameter '{name}'{near}")
    if name in given:
        raise TypeError(f"{payload.about}: '{name}' has a value, so no result can go into it")
    return name


def place_of(payload: Payload, given: Mapping[str, Any], positions: int = 0) -> str:
    """Return the parameter that takes a result if nobody has said: the only required one left.

    It may have a default where it is the function's only one: elsewhere a result would replace a
    default that nobody meant. `positions`: how many values came by position; beside them Celery
    puts a result first, and Huey last. Raises NoPlace when it is not clear.
    """
    left = [name for name in payload.parameters if name not in given]
    if left and positions:
        raise NoPlace(_not_by_position(payload, left[0], positions))
    required = [name for name in left if name in payload.required]
    if len(required) == 1:
        return required[0]
    if len(payload.parameters) == len(left) == 1:
        return left[0]
    if not left:
        return NOTHING
    names = ", ".join(required or left)
    one = (required or left)[0]
    raise NoPlace(
        f"{payload.about}: which parameter takes the result of the task before it ({names})?"
        f" Say .s(…).into({one!r}), or .into(None) if none does"
    )


def _not_by_position(payload: Payload, one: str, positions: int) -> str:
    first, *others = payload.parameters
    named = ", ".join(f"{name}=…" for name in others[:positions])
    return (
        f"{payload.about}: which parameter takes the result of the task before it, beside values"
        f" by position (Celery puts a result first, Huey last)? Say .s({named}), and the result"
        f" goes into {first!r}, or .s(…).into({one!r}), or .into(None) if none takes it"
    )


def taken(payload: Payload, given: Mapping[str, Any], into: str, value: Any) -> dict[str, Any]:
    """Return the payload with the result, or the error's text, of the task before."""
    if into == NOTHING:
        return dict(given)
    if isinstance(value, BaseException):
        value = text_of_error(unwrapped(value))
    if into != FIELDS:
        return {**given, into: value}
    fields = value if isinstance(value, Mapping) else {}
    return {name: fields[name] for name in payload.parameters if name in fields} | dict(given)
