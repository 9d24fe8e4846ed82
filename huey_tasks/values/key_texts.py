"""The keys of a dict as text, which is all that JSON takes for a key."""

import base64
import datetime as dt
import enum
import json
from typing import Any, cast


def text_keys(value: dict[Any, Any]) -> tuple[dict[str, Any], bool]:
    """Return the dict with text keys, and whether two were equal; those get their types' names."""
    has_equal = False
    found: dict[str, Any] = {str(key): item for key, item in value.items() if type(key) is str}
    for key, item in value.items():
        if type(key) is str:
            continue
        text = _key_text(key)
        if text in found:
            has_equal = True
            text = named = f"{text} ({type(key).__name__})"
            number = 2
            while text in found:
                text, number = f"{named} {number}", number + 1
        found[text] = item
    return found, has_equal


def _key_text(key: Any) -> str:
    match key:
        case enum.Enum():
            return _key_text(key.value)
        case str():
            return str(key)
        case None | bool() | int() | float():
            return json.dumps(key)
        case bytes():
            return base64.b64encode(key).decode()
        case dt.datetime() | dt.date():
            return key.isoformat()
        case tuple():
            return ", ".join(_key_text(part) for part in cast(tuple[Any, ...], key))
        case _:
            return str(key)
