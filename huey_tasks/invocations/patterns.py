"""Patterns of events, as Amazon EventBridge has them.

A pattern is a JSON object: each of its fields must be in the event. A field holds a list of what
fits, or an object for the fields below. What fits is a value, or one of

    {"prefix": "a"}  {"suffix": "a"}  {"equals-ignore-case": "a"}  {"wildcard": "a*z"}
    {"anything-but": "a" or a list or one of the above}  {"exists": true or false}
    {"numeric": [">", 0, "<=", 5]}  {"cidr": "10.0.0.0/24"}

`$or` holds a list of patterns, one of which must fit. A list in the event fits if one of its values
does. Pure: reads nothing.
"""

import ipaddress
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
_TEXT_KINDS = ("prefix", "suffix", "equals-ignore-case", "wildcard")
_MISSING = object()


def fits(pattern: Mapping[str, Any], event: Any) -> bool:
    """Return whether an event fits a pattern; one with a mistake fits nothing."""
    for field, wanted in pattern.items():
        if field == "$or":
            if not any(fits(each, event) for each in wanted):
                return False
        elif not _field_fits(wanted, event.get(field, _MISSING)):
            return False
    return True


def problem_of(pattern: Mapping[str, Any], path: str = "") -> str | None:
    """Return the first mistake of a pattern, None if there is none."""
    for field, wanted in pattern.items():
        here = f"{path}.{field}".lstrip(".")
        if field == "$or" and not (isinstance(wanted, list) and len(wanted) > 1):
            return f"{here} needs a list of two patterns or more"
        if field == "$or":
            found = next(filter(None, (_inner(each, path) for each in wanted)), None)
        elif isinstance(wanted, Mapping):
            found = problem_of(wanted, here)
        elif isinstance(wanted, list) and wanted:
            found = next(filter(None, (_problem_of_one(each, here) for each in wanted)), None)
        else:
            return f"{here} needs a list of what fits, or an object"
        if found is not None:
            return found
    return None


def _inner(pattern: Any, path: str) -> str | None:
    is_object = isinstance(pattern, Mapping)
    return problem_of(pattern, path) if is_object else "$or holds patterns, which are objects"


def _field_fits(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        inner = value if isinstance(value, list) else [value]
        return any(fits(wanted, each if isinstance(each, dict) else {}) for each in inner or [{}])
    is_leaf = value is not _MISSING and not isinstance(value, dict)
    values = value if isinstance(value, list) else [value] if is_leaf else []
    return any(_one_fits(each, values, is_leaf=is_leaf) for each in wanted)


def _one_fits(wanted: Any, values: Sequence[Any], *, is_leaf: bool) -> bool:
    if isinstance(wanted, Mapping):
        ((kind, of),) = wanted.items()
        if kind == "exists":
            return is_leaf is of
        return any(_kind_fits(kind, of, value) for value in values)
    return any(_is_same(wanted, value) for value in values)


def _kind_fits(kind: str, of: Any, value: Any) -> bool:
    if kind == "numeric":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and all(_COMPARE[sign](value, number) for sign, number in _pairs(of))
    if kind == "anything-but":
        return not _is_excluded(of, value)
    return isinstance(value, str) and _text_fits(kind, of, value)


def _is_excluded(of: Any, value: Any) -> bool:
    if isinstance(of, Mapping):
        ((kind, texts),) = of.items()
        several = texts if isinstance(texts, list) else [texts]
        return isinstance(value, str) and any(_text_fits(kind, text, value) for text in several)
    return any(_is_same(each, value) for each in (of if isinstance(of, list) else [of]))


def _text_fits(kind: str, of: Any, value: str) -> bool:
    if isinstance(of, Mapping):  # {"prefix": {"equals-ignore-case": "a"}}
        return _text_fits(kind, str(next(iter(of.values()))).lower(), value.lower())
    if kind == "prefix":
        return value.startswith(of)
    if kind == "suffix":
        return value.endswith(of)
    if kind == "equals-ignore-case":
        return value.lower() == of.lower()
    if kind == "cidr":
        try:
            return ipaddress.ip_address(value) in ipaddress.ip_network(of, strict=False)
        except ValueError:
            return False
    return re.fullmatch(".*".join(map(re.escape, of.split("*"))), value, re.DOTALL) is not None


def _is_same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return wanted == value


def _pairs(of: Sequence[Any]) -> Iterator[tuple[str, float]]:
    return zip(of[::2], of[1::2], strict=True)


def _problem_of_one(wanted: Any, path: str) -> str | None:
    if not isinstance(wanted, Mapping):
        return f"{path} holds a list in its list" if isinstance(wanted, list) else None
    if len(wanted) != 1:
        return f"{path}: an object in the list has one key, such as prefix"
    ((kind, of),) = wanted.items()
    is_right = {
        "exists": lambda: isinstance(of, bool),
        "numeric": lambda: _is_numeric(of),
        "anything-but": lambda: _is_but(of),
        "cidr": lambda: isinstance(of, str) and _is_network(of),
        **{text: (lambda: _is_text(of)) for text in _TEXT_KINDS},
    }.get(kind)
    if is_right is None:
        return f"{path}: there is no '{kind[:40]}'; see the patterns of EventBridge"
    return None if is_right() else f"{path}: this is no {kind}"


def _is_text(of: Any) -> bool:
    if isinstance(of, Mapping):
        return list(of) == ["equals-ignore-case"] and isinstance(of["equals-ignore-case"], str)
    return isinstance(of, str)


def _is_numeric(of: Any) -> bool:
    if not isinstance(of, list) or not of or len(of) % 2:
        return False
    return all(
        isinstance(each, str) and each in _COMPARE if index % 2 == 0 else type(each) in (int, float)
        for index, each in enumerate(of)
    )


def _is_but(of: Any) -> bool:
    if isinstance(of, Mapping):
        kind, texts = next(iter(of.items()), ("", None))
        inner: list[Any] = texts if isinstance(texts, list) else [texts]
        return len(of) == 1 and kind in _TEXT_KINDS and bool(inner) and all(map(_is_text, inner))
    several = of if isinstance(of, list) else [of]
    return bool(several) and all(isinstance(each, str | int | float) for each in several)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
