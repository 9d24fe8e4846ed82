"""Let requests wait on purpose, a limited number at once: each holds a connection."""

import contextlib
import threading
from collections.abc import Generator

import huey_tasks as tq
from web.http import redis_deadline
from web.http.errors import TooManyWaiting

#: The most requests that wait in one process.
MAX_WAITING = 1000
_places = threading.BoundedSemaphore(MAX_WAITING)


@contextlib.contextmanager
def place() -> Generator[None]:
    """Hold a place while the request waits; then it has its full time for Redis again.

    Raises TooManyWaiting when none is free.
    """
    with held_place():
        yield
    redis_deadline.restart()


@contextlib.contextmanager
def held_place() -> Generator[None]:
    """Hold a place, also behind the end of the request, as long as its answer is sent.

    Raises TooManyWaiting when none is free.
    """
    if not _places.acquire(blocking=False):
        raise TooManyWaiting(f"{MAX_WAITING} requests wait here already; retry without `wait`.")
    try:
        yield
    finally:
        _places.release()


def wait_for_end(task_id: str, wait_s: float) -> None:
    """Return when a task has ended, or after `wait_s` seconds.

    Raises TooManyWaiting, TaskNotFound, QueueUnavailable.
    """
    with place():
        tq.wait_for_end(task_id, wait_s)
