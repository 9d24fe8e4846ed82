"""Writing a model as the JSON answer. What the models are is in `schemas` and `stack_schemas`."""

import json
import math
from collections.abc import Mapping
from typing import Any, cast

from flask import Response
from pydantic import BaseModel


def respond(
    view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Write `view` as the JSON answer."""
    return Response(to_json(view), status, dict(headers or {}), mimetype="application/json")


def to_json(view: BaseModel, **extra: Any) -> str:
    """Write `view`, and the members of `extra`, as one JSON object."""
    return write_json({**view.model_dump(mode="json", by_alias=True), **extra})


def write_json(value: dict[str, Any]) -> str:
    """Write `value` as JSON that every reader takes.

    A result may hold NaN or an infinity, which JSON cannot: these become null.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_without_nan(value), allow_nan=False, separators=(",", ":"))


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in cast(list[Any], value)]
    return value
