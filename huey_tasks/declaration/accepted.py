"""Convert an accepted payload to the types of the hints, without checking it again.

A payload is checked when it is submitted. A check that passed then (a date in the future, a file
that exists) may fail when the task runs, and would fail an accepted task. Owns the conversion of a
validator into one that only converts.
"""

from collections.abc import Callable
from typing import Any, cast

from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, SchemaValidator

#: The constraints of a type in pydantic's own schemas.
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

#: The keys of a schema that hold values or foreign code instead of a schema.
_OPAQUE = frozenset({"metadata", "default", "expected", "serialization", "config", "cls"})

#: The exceptions with which a check rejects a value.
_REJECTIONS = (ValueError, AssertionError, PydanticCustomError, PydanticKnownError)


def converter(schema: CoreSchema) -> SchemaValidator:
    """Return a validator of the same types without constraints, in which no check rejects."""
    # No prebuilt validators: those of the models still check.
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
        except _REJECTIONS:
            return more[0](value) if wraps else value

    return checked
