"""What other programs say, made such that it can be stored: UTF-8 and JSON can hold all of it."""

import math
from typing import Any, cast

#: How deep lists and objects may be nested; what is deeper is not kept. The serializer takes four
#: times as many, and a value is nested a little deeper in each record that has it.
MOST_LEVELS = 100


def clean(text: str) -> str:
    """Escape what UTF-8 cannot encode: a file name may hold half a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def storable(value: Any, levels: int = MOST_LEVELS) -> Any:
    """Return a value that `json.loads` has made as one that any encoder of JSON takes.

    Half a surrogate pair is escaped, a number that JSON does not have (NaN, Infinity) becomes its
    name, and what is nested deeper than `levels` becomes "…".
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if not isinstance(value, list | dict):
        return value
    if levels == 0:
        return "…"
    if isinstance(value, list):
        return [storable(each, levels - 1) for each in cast(list[Any], value)]
    items = cast(dict[str, Any], value).items()
    return {clean(key): storable(each, levels - 1) for key, each in items}
