"""The benchmark's task types, as a user would write them: a file in a folder of TASKS_PATH."""

from typing import Any

import work

from huey_tasks import task


@task
def noop(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Do nothing."""
    return work.noop({"n": n})


@task
def rest(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Take that number of seconds."""
    return work.rest({"n": n, "seconds": seconds})


@task
def stamp(n: int, seconds: float, to: str, body: str) -> float:
    """Return when this began."""
    return work.stamp({"seconds": seconds})


@task
def nap(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Take 150 ms."""
    return work.nap({"n": n})


@task
def fetch(n: int, seconds: float, to: str, body: str) -> dict[str, Any]:
    """Wait for a server."""
    return work.fetch({"n": n})
