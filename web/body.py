"""The one reading of a request: strict, bounded, and the same for every route.

Python's own reader takes NaN, duplicate keys, lone surrogates and UTF-16, and fails on deep
nesting; each of these is something another reader of the same bytes would see differently. What
is not one JSON text is a 400; what is JSON but can be no request of ours (a list at the top, a
number beyond a double, a NUL in a text) is a 422. Which fields a route takes is in `schemas`.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, cast

from flask import Request, request
from gunicorn.http.errors import ParseException

from huey_tasks.errors import Problem
from web.refusals import InvalidJson, InvalidRequest, UnsupportedMedia, excerpt, pointer

#: Largest body that is read, in bytes.
MAX_BODY_BYTES = 1024 * 1024
#: Containers within containers; a payload that needs more is an attack or a mistake.
MAX_DEPTH = 64
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
#: Only such a number can be beyond a double: one with an exponent, or with hundreds of digits.
_HUGE_NUMBER = re.compile(r"[0-9][eE]|[0-9]{300}")


class StrictRequest(Request):
    """A Flask request whose `get_json` is `read_json`, whatever a library asks of it."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        return read_json(self)


def read_json(sent: Request) -> dict[str, Any]:
    """Read the body of `sent` as one JSON object.

    Raises UnsupportedMedia (415), RequestEntityTooLarge (413), InvalidJson (400), and
    InvalidRequest (422) for JSON that can be no request.
    """
    _check_media(sent)
    return parse_object(_read_whole(sent))


def refuse_repeated_parameters() -> None:
    """Raise InvalidRequest for `?limit=1&limit=2`: readers differ on which of the two counts."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        problems = [Problem(pointer(name), "repeated", "Send it once.") for name in repeated]
        raise InvalidRequest("A parameter of the address is repeated.", problems)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Parse `raw` as one JSON object. Raises InvalidJson, InvalidRequest."""
    if not raw:
        raise InvalidJson("The body is empty; a JSON object is needed.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8 (at byte {error.start}).") from error
    value = _parse(text)
    _check_depth(value)
    if not isinstance(value, dict):
        problem = Problem("", "object_type", "A JSON object is needed.")
        raise InvalidRequest("The body is JSON, but not an object.", [problem])
    _check_texts_and_numbers(text, value)
    return cast(dict[str, Any], value)


def _check_media(sent: Request) -> None:
    encoding = sent.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia("The body is compressed; send it as it is.")
    if sent.mimetype != "application/json":
        raise UnsupportedMedia("The body must be sent as Content-Type: application/json.")
    charset = sent.mimetype_params.get("charset", "utf-8")
    if charset.strip().lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("JSON travels in UTF-8; no other charset is read.")


def _read_whole(sent: Request) -> bytes:
    """Read the body to its end. A part of it could be another, valid body.

    At the cap werkzeug's stream raises RequestEntityTooLarge, but only when it is asked for more;
    and gunicorn ends a body without a word where the client has closed the connection.
    """
    parts: list[bytes] = []
    try:
        while part := sent.stream.read(65536):
            parts.append(part)
    except (OSError, ParseException) as error:
        raise InvalidJson("The body is not sent in proper chunks.") from error
    raw = b"".join(parts)
    if sent.content_length is not None and len(raw) != sent.content_length:
        raise InvalidJson("The body broke off: fewer bytes came than were announced.")
    return raw


def _parse(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidJson(f"The body is not JSON: {error.msg} ({place}).") from error
    except RecursionError as error:
        raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        # The interpreter's own cap on digits: longer texts take quadratic time to convert.
        raise InvalidJson("A whole number in the body has too many digits.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is no JSON number.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise InvalidJson(f"The key '{excerpt(twice)}' stands twice in one object.")
    return value


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
        level = [child for item in level for _, child in _children(item)]


def _check_texts_and_numbers(text: str, value: object) -> None:
    """Search the value only when the text shows a cause, so that common bodies cost nothing."""
    if _SURROGATE_ESCAPE.search(text) and _find(value, _has_lone_surrogate) is not None:
        raise InvalidJson("A text in the body holds half of a surrogate pair.")
    if "\\u0000" in text and (path := _find(value, _has_nul)) is not None:
        problem = Problem(pointer(*path), "nul_character", "A text may not hold the character NUL.")
        raise InvalidRequest("A text in the body holds the character NUL.", [problem])
    if _HUGE_NUMBER.search(text) and (path := _find(value, _is_infinite)) is not None:
        problem = Problem(pointer(*path), "finite_number", "The number is too large.")
        raise InvalidRequest("A number in the body is too large.", [problem])


def _find(value: object, wrong: Callable[[object], bool]) -> tuple[str | int, ...] | None:
    """Return the path of the first key or value that is `wrong`, or None."""
    todo: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while todo:
        path, item = todo.pop()
        if wrong(item):
            return path
        for key, child in _children(item):
            if wrong(key):
                return (*path, key)
            todo.append(((*path, key), child))
    return None


def _children(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        yield from cast(dict[str, object], value).items()
    elif isinstance(value, list):
        yield from enumerate(cast(list[object], value))


def _has_lone_surrogate(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def _has_nul(value: object) -> bool:
    return isinstance(value, str) and "\0" in value


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and value in (float("inf"), float("-inf"))
