"""The values that one task of Huey's has of its own, from `.s(…)`, `.schedule(…)` or its class.

A wrong one fails later and far from its line: a long id is cut in the worker table, a `timeout` of
"10" ends no attempt. So they are checked before the task is stored, as the options of a type are.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from huey.api import Task
from huey.utils import utcnow

from huey_tasks.declaration.number import DELAY, YEAR_S, Number, shown
from huey_tasks.declaration.options import number_of
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.execution.worker_table import ID_BYTES

#: Seconds. No time of a task is further away.
MOST_S = 100 * YEAR_S

#: Seconds; 0 is none, with which a task can be without the one of its type.
_SECONDS = Number(0, YEAR_S, "seconds", optional=True)


def check(task: Task) -> None:
    """Raise InvalidQuery for the first value that cannot work."""
    for name, problem in _RULES.items():
        value = getattr(task, name)
        if (why := problem(value)) is not None:
            text = f"{task.name}: {name}={shown(value)} is not right: {why}"
            raise InvalidQuery([Problem(f"/{name}", "option", text)])


def wrong_limit(task: Task) -> str | None:
    """Return why the time limit of a stored task cannot work, None if it can."""
    why = _SECONDS.problem(task.timeout)
    return why and f"timeout={shown(task.timeout)} is not right: {why}"


def _of_id(value: object) -> str | None:
    text = value if isinstance(value, str) else ""
    is_name = text.isprintable() and not {" ", "/"} & set(text)
    if is_name and 0 < len(text.encode()) <= ID_BYTES:
        return None
    return f"it takes a text of 1 to {ID_BYTES} bytes in UTF-8 without spaces and '/'"


def _of_time(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        return "it takes a time, such as datetime(2026, 12, 24)"
    left_s = (value.replace(tzinfo=None) - utcnow()).total_seconds()
    return None if left_s <= MOST_S else "it takes a time within 100 years"


def _of_expiry(value: object) -> str | None:
    if isinstance(value, dt.datetime):
        return _of_time(value)
    if isinstance(value, dt.timedelta):
        value = value.total_seconds()
        return None if value <= MOST_S else "it takes a time within 100 years"
    return _SECONDS.problem(value)


_RULES: Mapping[str, Callable[[Any], str | None]] = {
    "id": _of_id,
    "retries": number_of("retries").problem,
    "retry_delay": DELAY.problem,
    "retry_backoff": number_of("retry_backoff").problem,
    "timeout": _SECONDS.problem,
    "priority": number_of("priority").problem,
    "eta": _of_time,
    "expires": _of_expiry,
}
