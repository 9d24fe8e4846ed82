"""The three ways to test: `eager`, `captured`, `live`. Each begins with an empty private Redis."""

import contextlib
import logging
from collections.abc import Generator
from typing import Any

from huey_tasks.api.tasks import get_task, list_tasks
from huey_tasks.execution.task_log import task_log_handler
from huey_tasks.records.models import TaskRecord
from huey_tasks.testing.inline_worker import InlineWorker
from huey_tasks.testing.live_consumers import live_consumers
from huey_tasks.testing.private_redis import private_redis, served_redis


class Captured:
    """What has been submitted."""

    @property
    def tasks(self) -> list[TaskRecord]:
        """The tasks, in the order in which they were submitted; the last thousand."""
        return [get_task(task.task_id) for task in list_tasks(limit=1000)[::-1]]

    def of(self, task_type: str) -> list[TaskRecord]:
        """Return those of one type."""
        return [task for task in self.tasks if task.task_type == task_type]

    def payloads(self, task_type: str) -> list[dict[str, Any]]:
        """Return the payloads of those of one type."""
        return [task.payload for task in self.of(task_type)]


class Eager(Captured):
    """What has been submitted, and has run at once."""

    def __init__(self, worker: InlineWorker) -> None:
        self._worker = worker

    @property
    def raises(self) -> bool:
        """Whether a submit raises TaskFailed, from the task's own error, when its task fails.

        Set it to False to keep failures with the task, as in production.
        """
        return self._worker.raises

    @raises.setter
    def raises(self, raises: bool) -> None:
        self._worker.raises = raises


class Live(Captured):
    """What has been submitted, and what the consumers make of it."""


@contextlib.contextmanager
def eager() -> Generator[Eager]:
    """Run each task when it is submitted, in this process and thread.

    Retries and delays do not wait; time limits and rate limits do not apply. A task that fails for
    good makes its submit raise TaskFailed from the task's own error, unless `raises` is False.
    """
    worker = InlineWorker()
    with private_redis().in_use(), worker.installed(), _kept_logs():
        yield Eager(worker)


@contextlib.contextmanager
def captured() -> Generator[Captured]:
    """Keep what is submitted; run nothing."""
    with private_redis().in_use():
        yield Captured()


@contextlib.contextmanager
def live() -> Generator[Live]:
    """Run tasks in consumers of their own processes, one for each queue, with one worker each.

    They are started once for all tests of this process and import the modules of the task types
    that are registered here. They stop at the exit.
    """
    with served_redis().in_use():
        live_consumers().ready()
        yield Live()


@contextlib.contextmanager
def _kept_logs() -> Generator[None]:
    """Keep with each task what it logs, from INFO on, as a worker does."""
    handler, root = task_log_handler(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO))
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
