"""Task types with parameters, names and options that need care."""

import contextlib
import threading
from typing import Any

from pydantic import FutureDatetime

from huey_tasks import current_task, default, task

#: 128 bytes, as long a name as may be.
LONG_NAME = "warehouse.reporting.exports." + "recalculate_monthly_aggregates_" * 3 + "größe"


@task
def by_odd_names(_id: int, model_config: str = "") -> list[Any]:
    """Names that pydantic takes for itself."""
    return [_id, model_config]


@task(retries=1, retry_delay=3)
def remind(at: FutureDatetime) -> str:
    """Fail once; when it is tried again, `at` is over."""
    if current_task.attempt == 1:
        raise ConnectionError("try later")
    return f"{type(at).__name__} {at.isoformat()}"


@task(name=LONG_NAME, timeout=0.2)
def ignore_time_limit_under_a_long_name() -> None:
    """Swallow the soft time limit."""
    while True:
        with contextlib.suppress(Exception):
            threading.Event().wait(600)


@default.task()
def huey_add(a: int, b: int) -> int:
    """Add, in Huey's own way."""
    return a + b


@default.task()
def huey_rest(first: int, *rest: int) -> list[Any]:
    """Arguments that have no names."""
    return [first, list(rest)]
