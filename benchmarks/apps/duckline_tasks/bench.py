"""The benchmark's task types, as a user would write them: a file in a folder of TASKS_PATH."""

import time
from typing import Any

import work

from huey_tasks import current_task, task


@task
def noop(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Do nothing."""
    return work.noop({"n": n})


@task
def stamp(n: int, seconds: float, to: str, body: str) -> float:
    """Return when this began."""
    return work.stamp({"seconds": seconds})


@task
def nap(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Take 150 ms."""
    return work.nap({"n": n})


@task(retries=1, retry_delay=0.5, retry_backoff=1)
def fail_once(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Fail in the first attempt."""
    work.note("begin", n)
    if current_task.attempt == 1:
        work.note("end", n)
        raise ValueError("not yet")
    return {"n": n}


@task
def hold(n: int, seconds: float, to: str, body: str) -> None:
    """Run until it is cancelled."""
    work.note("begin", -1)
    time.sleep(600)
