"""What is wrong with a payload, each with a pointer to the parameter that it is about."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import ErrorDetails, PydanticSerializationError

from huey_tasks import serializer
from huey_tasks.errors import Problem
from huey_tasks.values.field_words import message_of


def not_json(payload: Mapping[str, Any], error: Exception) -> list[Problem]:
    """Return which parameters JSON cannot carry, such as a row of an ORM; `error`: of the whole."""
    reasons = {name: _why_not_json(value) for name, value in payload.items()}
    problems = [
        Problem(f"/{name}", "not_json", f"JSON cannot carry it: {why}")
        for name, why in reasons.items()
        if why
    ]
    return problems or [Problem("", "not_json", str(error))]


def of_field(detail: ErrorDetails, payload: Any, schema: Mapping[str, Any]) -> Problem:
    """Return a problem that points to the field; drop a union's members from pydantic's path."""
    pointer, inside = "", payload
    steps = detail["loc"]
    for number, step in enumerate(steps, 1):
        if isinstance(inside, dict):
            fields = cast(dict[str, Any], inside)
            is_missing = detail["type"] == "missing" and number == len(steps)
            if step not in fields and not is_missing:
                continue
            inside = fields.get(str(step))
        elif isinstance(inside, list) and isinstance(step, int):
            inside = cast(list[Any], inside)[step]
        else:
            continue
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return Problem(pointer, detail["type"], message_of(detail, schema))


def _why_not_json(value: object) -> str:
    """Return why JSON cannot carry a value, "" if it can."""
    try:
        serializer.dumps(value)
    except PydanticSerializationError as error:  # an object of a class of the user's
        return f"{error}; submit its id, or its fields"
    except (TypeError, ValueError, RecursionError) as error:
        return str(error)
    return ""
