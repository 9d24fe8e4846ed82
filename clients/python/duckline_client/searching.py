"""The filters of a search."""

from datetime import datetime
from typing import Any, TypedDict, cast


class Filters(TypedDict, total=False):
    """What a search may ask for beside `q`; each may be left out."""

    state: str
    queue: str
    type: str
    tag: str
    worker: str
    submitted_after: datetime
    submitted_before: datetime
    set_aside: bool
    page_size: int  #: tasks in one request, 200 at most; the default is 50


def params_of(q: str, filters: Filters) -> dict[str, str]:
    """Write a search as query parameters."""
    given = cast(dict[str, Any], filters)
    named = {"limit" if name == "page_size" else name: value for name, value in given.items()}
    return {name: _text(value) for name, value in {"q": q, **named}.items() if value != ""}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)
