"""Read the bodies and parameters of AWS's API, and refuse what does not fit its model."""

import base64
import binascii
import json
import re
from typing import Any, cast

from flask import request

from web.http.body import read_whole
from web.lambda_api.errors import AwsError, invalid

#: A number of more digits is outside of each range.
_WHOLE = re.compile("-?[0-9]{1,18}")


def body() -> dict[str, Any]:
    """Return the JSON object of the request; an empty body is an empty one. Raises AwsError."""
    request.max_content_length = 1024 * 1024
    raw = read_whole(request)
    try:
        value: object = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: {error}"
        raise AwsError("SerializationException", text) from None
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "The request body must be a JSON object.")
    return cast(dict[str, Any], value)


def whole(sent: dict[str, Any], name: str, least: int, most: int | None = None) -> int | None:
    """Return a whole number out of a body, None if it is not there. Raises AwsError."""
    value = sent.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise AwsError("SerializationException", f"'{name}' must be a whole number.")
    return _within(value, name, least, most)


def choice(sent: dict[str, Any], name: str, choices: tuple[str, ...]) -> str | None:
    """Return one of some texts out of a body, None if it is not there. Raises AwsError."""
    value = sent.get(name)
    if value is None:
        return None
    if value not in choices:
        rule = f"satisfy enum value set: [{', '.join(choices)}]"
        raise invalid(str(value)[:64], _field(name), rule)
    return cast(str, value)


def part(sent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object out of a body, an empty one if it is not there. Raises AwsError."""
    value = sent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AwsError("SerializationException", f"'{name}' must be an object.")
    return cast(dict[str, Any], value)


def page_of(names: list[str], most: int) -> tuple[list[str], str | None]:
    """Return the page that the request asks for by Marker and MaxItems, and the next marker.

    `names` are sorted. Raises AwsError.
    """
    size = _parameter("MaxItems", 1, 10_000) or most
    after, marker = "", request.args.get("Marker")
    if marker:
        try:
            after = base64.b64decode(marker.encode(), b"-_", validate=True).decode()
        except (binascii.Error, UnicodeError):
            text = "The Marker is not one that this operation has answered."
            raise AwsError("InvalidParameterValueException", text) from None
    rest = [name for name in names if name > after]
    found = rest[: min(size, most)]
    if len(found) == len(rest):
        return found, None
    return found, base64.urlsafe_b64encode(found[-1].encode()).decode()


def _parameter(name: str, least: int, most: int) -> int | None:
    sent = request.args.get(name)
    if sent is None:
        return None
    if not _WHOLE.fullmatch(sent):
        raise AwsError("SerializationException", f"'{name}' must be a whole number.")
    return _within(int(sent), name, least, most)


def _within(value: int, name: str, least: int, most: int | None) -> int:
    if value < least:
        raise invalid(str(value), _field(name), f"have value greater than or equal to {least}")
    if most is not None and value > most:
        raise invalid(str(value), _field(name), f"have value less than or equal to {most}")
    return value


def _field(name: str) -> str:
    return name[0].lower() + name[1:]
