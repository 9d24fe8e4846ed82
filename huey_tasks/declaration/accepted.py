"""The types of a payload that was accepted, without the checks that it has passed.

A payload is checked when it is submitted. What was right then (a date in the future, a file that is
there) may not be right when the task runs, or runs again; the function gets it all the same, in the
types of its hints. Owns the way from a validator to one that only converts.
"""

from collections.abc import Callable
from typing import Any, cast

from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, SchemaValidator

#: What narrows a type down, in pydantic's own schemas.
_CONSTRAINTS = frozenset(
    {
        "gt",
        "ge",
        "lt",
        "le",
        "multiple_of",
        "min_length",
        "max_length",
        "pattern",
        "now_op",
        "tz_constraint",
        "max_digits",
        "decimal_places",
        "allowed_schemes",
    }
)

#: Parts of a schema that hold values or other people's code, and no schema.
_OPAQUE = frozenset({"metadata", "default", "expected", "serialization", "config", "cls"})

#: By which a check says no.
_REFUSALS = (ValueError, AssertionError, PydanticCustomError, PydanticKnownError)


def converter(schema: CoreSchema) -> SchemaValidator:
    """Make a validator of the same types that has no constraint, and in which no check says no."""
    # Without prebuilt validators: they are those of the models, which check.
    return SchemaValidator(cast(CoreSchema, _relaxed(schema)), None, False)


def _relaxed(node: Any) -> Any:
    if isinstance(node, list | tuple):
        items = cast(list[Any], node)
        return type(node)(_relaxed(item) for item in items)  # pyright: ignore
    if not isinstance(node, dict):
        return node
    schema = cast(dict[str, Any], node)
    relaxed = {
        key: part if key in _OPAQUE else _relaxed(part)
        for key, part in schema.items()
        if key not in _CONSTRAINTS or not isinstance(schema.get("type"), str)
    }
    kind = schema.get("type")
    if kind in ("function-after", "function-before", "function-wrap"):
        relaxed["function"] = {
            **schema["function"],
            "function": _tolerant(schema["function"]["function"], wraps=kind == "function-wrap"),
        }
    return relaxed


def _tolerant(check: Callable[..., Any], *, wraps: bool) -> Callable[..., Any]:
    def checked(value: Any, *more: Any) -> Any:
        try:
            return check(value, *more)
        except _REFUSALS:
            return more[0](value) if wraps else value

    return checked
