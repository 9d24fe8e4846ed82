"""The log lines about tasks: one for the end of each attempt.

The lines are for operators: which type, which task, which attempt, how long, what went wrong and
where in the code. Payloads and results are never logged. Successes have a line each while they are
few; of thousands a second nobody would read them, so the rest of a second is one line that counts.
"""

import logging
import math
import time
from collections import Counter
from typing import Any

from huey_tasks.broker.protocol import Commit
from huey_tasks.broker.states import Ending, TaskState
from huey_tasks.records.models import TaskRecord

logger = logging.getLogger("huey_tasks.tasks")

#: How many successes of one second a process logs one by one; it counts the others.
LINES_A_SECOND = 5


def attempt_ended(commit: Commit, accepted: bool) -> None:
    """Log how an attempt ended that is not the final failure of its task."""
    if accepted and commit.state == TaskState.SUCCESS:  # the most frequent first
        _crowd.log(commit)
    elif commit.state == Ending.UNBEGUN:
        return
    elif commit.state == Ending.STOPPED:
        logger.info("task stopped, %s", commit.reason or "it was cancelled", extra=_about(commit))
    elif not accepted:
        logger.warning("outcome refused, the lease was lost", extra=_about(commit))
    elif commit.state == TaskState.RETRY:
        extra = _about(commit) | {"in_s": commit.delay_ms / 1000, "error": commit.reason}
        logger.warning("attempt failed, the next one follows", extra=extra)
    elif commit.state != Ending.RELEASED:
        _crowd.log(commit)
    elif commit.blocked_on:
        logger.debug("task waits", extra=_about(commit) | {"for": commit.blocked_on})
    elif commit.about is not None:
        logger.info("task released, its consumer stops", extra=_about(commit))


class _Crowd:
    """The ends of this second that have a line of their own, and how many have not."""

    def __init__(self) -> None:
        self._began = -math.inf
        self._lines = 0
        self._more: Counter[tuple[str, str]] = Counter()

    def log(self, commit: Commit) -> None:
        """Log this end, or count it."""
        now = time.monotonic()
        if now - self._began >= 1:
            self.sum_up()
            self._began, self._lines = now, 0
        self._lines += 1
        if self._lines <= LINES_A_SECOND:
            logger.info("task ended", extra=_about(commit) | {"state": commit.state})
        else:
            task_type = commit.about.task_type if commit.about else ""
            self._more[task_type, commit.state] += 1

    def sum_up(self) -> None:
        """Log how many were counted."""
        for (task_type, state), number in self._more.items():
            extra = {"task_type": task_type, "state": state, "tasks": number}
            logger.info("more tasks ended in that second", extra=extra)
        self._more.clear()


_crowd = _Crowd()


def sum_up() -> None:
    """Log what was only counted so far; for a worker that has nothing to do."""
    _crowd.sum_up()


def task_failed(queue: str, task_id: str, record: TaskRecord | None, at: str) -> None:
    """Log the final failure of a task; `at` is the line of code that raised, if one did."""
    extra: dict[str, Any] = {"task_id": task_id, "queue": queue}
    if record is not None:
        extra |= {
            "task_type": record.task_type,
            "attempts": record.attempt,
            "crashes": record.crashes,
            "error": record.error,
        }
    logger.error("task failed", extra=extra | ({"at": at} if at else {}))


def _about(commit: Commit) -> dict[str, Any]:
    about = commit.about
    if about is None:
        return {"task_id": commit.id}
    fields = {
        "task_type": about.task_type,
        "task_id": commit.id,
        "attempt": about.attempt,
        "took_s": round(about.took_s, 3),
    }
    return fields | ({"at": about.where} if about.where else {})
