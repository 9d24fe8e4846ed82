"""The CORS configuration of a function URL, checked as AWS's model has it."""

import re
from typing import Any, cast

from web.lambda_api import input as sent
from web.lambda_api.errors import AwsError, invalid

#: The most items of each list, and the fewest and most characters of each (AWS's numbers).
_LISTS = {
    "AllowHeaders": (100, 0, 1024),
    "AllowMethods": (6, 0, 6),
    "AllowOrigins": (100, 1, 253),
    "ExposeHeaders": (100, 0, 1024),
}
#: What a header can hold.
_VALUE = re.compile("[ -~]*")
_MOST_AGE_S = 86_400


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """Return the `Cors` of a body, an empty object if it has none. Raises AwsError."""
    cors = sent.part(body, "Cors")
    found: dict[str, Any] = {
        name: _texts(cors, name, *limits) for name, limits in _LISTS.items() if name in cors
    }
    found["AllowCredentials"] = _flag(cors, "AllowCredentials")
    found["MaxAge"] = sent.whole(cors, "MaxAge", 0, _MOST_AGE_S)
    return {name: value for name, value in found.items() if value is not None}


def _flag(cors: dict[str, Any], name: str) -> bool | None:
    value = cors.get(name)
    if not isinstance(value, bool | None):
        raise AwsError("SerializationException", f"'{name}' must be true or false.")
    return value


def _texts(
    cors: dict[str, Any], name: str, most: int, fewest_chars: int, most_chars: int
) -> list[str] | None:
    value = cors[name]
    if value is None:
        return None
    items = cast(list[Any], value) if isinstance(value, list) else [value]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in items):
        raise AwsError("SerializationException", f"'{name}' must be a list of strings.")
    field = f"cors.{name[0].lower()}{name[1:]}"
    if len(items) > most:
        raise invalid(f"{len(items)} items", field, f"have length less than or equal to {most}")
    for each in items:
        if not fewest_chars <= len(each) <= most_chars:
            rule = f"have length between {fewest_chars} and {most_chars}, inclusive"
            raise invalid(ascii(each[:64])[1:-1], field, rule)
        if not _VALUE.fullmatch(each):
            rule = f"satisfy regular expression pattern: {_VALUE.pattern}"
            raise invalid(ascii(each[:64])[1:-1], field, rule)
    return cast(list[str], items)
