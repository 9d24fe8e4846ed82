"""The response that a function's answer stands for."""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, cast

from flask import Response

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: The server writes these itself.
_OURS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "te", "transfer-encoding",
     "upgrade"}
)  # fmt: skip


class BadAnswer(ValueError):
    """The function answered what is no response."""


def streamed(prelude: bytes | None, body: Iterable[bytes]) -> Response:
    """Return a response whose body is sent as it comes. Raises BadAnswer."""
    if prelude is None:
        return Response(body, 200, content_type="application/octet-stream")
    return _of_parts(_object(prelude), body)


def response_of(answer: bytes) -> Response:
    """Return the response. Raises BadAnswer."""
    try:
        value: object = json.loads(answer)
    except ValueError:  # bytes of its own
        return Response(answer, 200, content_type="application/octet-stream")
    if isinstance(value, dict) and "statusCode" in value:
        parts = cast(dict[str, Any], value)
        return _of_parts(parts, _body_of(parts))
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), 200, content_type="application/json")


def _of_parts(parts: dict[str, Any], body: bytes | Iterable[bytes]) -> Response:
    made = Response(body, _status_of(parts.get("statusCode", 200)))
    made.headers["Content-Type"] = "application/json"
    headers, cookies = parts.get("headers") or {}, parts.get("cookies") or []
    if not isinstance(headers, dict) or not isinstance(cookies, list):
        raise BadAnswer("headers must be an object, cookies a list")
    for name, value in cast(dict[str, Any], headers).items():
        if name.lower() not in _OURS:
            made.headers[_checked_name(name)] = _checked(value)
    for cookie in cast(list[Any], cookies):
        made.headers.add("Set-Cookie", _checked(cookie))
    return made


def _status_of(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch("[2-5][0-9]{2}", text):
        raise BadAnswer(f"{text[:32]} is no status")
    return int(text)


def _body_of(parts: dict[str, Any]) -> bytes:
    body = parts.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadAnswer("the body must be a string")
    if not parts.get("isBase64Encoded"):
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise BadAnswer("the body is no base64") from None


def _object(text: bytes) -> dict[str, Any]:
    try:
        value: object = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadAnswer("the prelude is no object")
    return cast(dict[str, Any], value)


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadAnswer("a header has no proper name")
    return name


def _checked(value: object) -> str:
    text = "true" if value is True else "false" if value is False else str(value)
    if _NOT_IN_VALUE.search(text):
        raise BadAnswer("a header contains a control character")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise BadAnswer("a header contains characters that HTTP does not have") from None
    return text
