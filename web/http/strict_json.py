"""Parse JSON from outside: strictly, and in the same way for every route.

Python's parser accepts NaN, duplicate keys, lone surrogates and UTF-16, and fails on deep nesting;
another parser would read such bytes differently. What is not one JSON text is a 400. What is JSON
but cannot be a request (a list at the top, a number beyond a double, a NUL in a string) is a 422.
The schemas beside each route say which fields it accepts.
"""

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, cast

from huey_tasks.errors import Problem
from web.http.errors import InvalidJson, InvalidRequest, excerpt, pointer

#: Nested containers; a deeper payload is an attack or a mistake.
MAX_DEPTH = 64
NO_NUL = "A string must not contain the character NUL."
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class _BeyondDouble(ValueError):
    """A number is too large for a double."""


def decode(raw: bytes) -> str:
    """Decode `raw` as UTF-8. Raises InvalidJson."""
    if not raw:
        raise InvalidJson("The body is empty; JSON is required.")
    if raw.startswith(BOM_UTF8):
        raise InvalidJson("The body starts with a byte order mark (BOM); JSON has none.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8 (at byte {error.start}).") from error


def parse_object(text: str) -> dict[str, Any]:
    """Parse `text` as one JSON object. Raises InvalidJson, InvalidRequest."""
    value, infinite = _read_numbers(text)
    if not isinstance(value, dict):
        problem = Problem("", "object_type", "A JSON object is required.")
        raise InvalidRequest("The body is JSON, but not an object.", [problem])
    _check_value(text, value, infinite)
    return cast(dict[str, Any], value)


def parse_event(text: str) -> Any:
    """Parse `text` as any JSON value, as strictly as an object. Raises as `parse_object` does."""
    value, infinite = _read_numbers(text)
    _check_value(text, value, infinite)
    return value


def _read_numbers(text: str) -> tuple[object, bool]:
    """Return the value, and whether a number of it is beyond a double."""
    try:
        return _read(text, _finite_numbers), False
    except _BeyondDouble:
        return _read(text, _any_numbers), True


def _check_value(text: str, value: object, infinite: bool) -> None:
    # The value is searched only if its text contains an escape: common bodies pay nothing.
    if "\\u" in text:
        _check_escapes(text, value)
    if infinite and (path := _find(value, _is_infinite)) is not None:
        problem = Problem(pointer(*path), "finite_number", "The number is too large.")
        raise InvalidRequest("A number in the body is too large.", [problem])


def parse(text: str) -> object:
    """Parse `text` as any JSON. Raises InvalidJson."""
    return _read(text, _any_numbers)


def _read(text: str, decoder: json.JSONDecoder) -> object:
    try:
        value = _value_of(text, decoder)
    except json.JSONDecodeError as error:
        raise InvalidJson.at(error) from error
    except _BeyondDouble:
        raise
    except RecursionError as error:
        raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        # The interpreter's own limit on digits: longer texts take quadratic time to convert.
        raise InvalidJson("An integer in the body has too many digits.") from error
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    return value


def _value_of(text: str, decoder: json.JSONDecoder) -> object:
    """Do what `decoder.decode` does, in a third of the time when no space surrounds the value."""
    try:
        value, end = cast(Any, decoder).scan_once(text, 0)
    except StopIteration:
        value, end = None, -1
    return value if end == len(text) else decoder.decode(text)


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is not a JSON number.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise InvalidJson(f"The key '{excerpt(twice)}' occurs twice in one object.")
    return value


def _double(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _BeyondDouble
    return value


# Made once: `json.loads` makes a decoder for each call, which costs more than a small body.
_any_numbers = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)
_finite_numbers = json.JSONDecoder(
    parse_constant=_refuse_constant, object_pairs_hook=_object, parse_float=_double
)


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
        level = [child for item in level for _, child in _children(item)]


def _check_escapes(text: str, value: object) -> None:
    if _SURROGATE_ESCAPE.search(text) and _find(value, _has_lone_surrogate) is not None:
        raise InvalidJson("A string in the body contains half of a surrogate pair.")
    if "\\u0000" in text and (path := _find(value, _has_nul)) is not None:
        problem = Problem(pointer(*path), "nul_character", NO_NUL)
        raise InvalidRequest("A string in the body contains the character NUL.", [problem])


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
    return isinstance(value, float) and math.isinf(value)
