"""Write a model as a JSON response."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast
from wsgiref.types import WSGIEnvironment

from flask import Response
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from werkzeug.datastructures import Headers

_write = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class AnswerHeaders(Headers):
    """Headers that take those of ours as they are."""

    def add_ours(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add headers whose names and values are valid; `add` would look for faults in each."""
        self._list.extend(pairs)


class JsonAnswer(Response):
    """A complete JSON text whose headers need no correction.

    Flask's response searches its headers for invalid URLs and computes the length of its body; that
    takes as long as routing the request.
    """

    def __init__(
        self, text: str, status: int, headers: Mapping[str, str], mimetype: str = "application/json"
    ) -> None:
        body = text.encode()
        complete = AnswerHeaders(headers)
        complete.add_ours((("Content-Length", str(len(body))), ("Content-Type", mimetype)))
        super().__init__([body], status, complete)

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers

    def get_app_iter(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        return () if environ["REQUEST_METHOD"] == "HEAD" else cast(list[bytes], self.response)


def respond(
    view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Write `view` as a JSON response."""
    return JsonAnswer(json_text(view), status, headers or {})


def json_text(view: BaseModel) -> str:
    """Write `view` as the text of an answer."""
    try:
        return view.model_dump_json(by_alias=True)  # null for NaN and the infinities
    except PydanticSerializationError:  # half of a surrogate pair: JSON needs an escape for it
        return to_json(view)


def to_json(view: BaseModel, **extra: Any) -> str:
    """Write `view`, and the members of `extra`, as one JSON object."""
    return write_json({**view.model_dump(mode="json", by_alias=True), **extra})


def write_json(value: dict[str, Any]) -> str:
    """Write `value` as JSON that every parser accepts.

    A result may contain NaN or an infinity, which JSON does not have: these become null.
    """
    try:
        return _write(value)
    except ValueError:
        return _write(_without_nan(value))


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in cast(list[Any], value)]
    return value
