"""What a task logs through the standard logging module is kept with it, line by line.

A line that Redis could not take is lost, but counted: the attempt says how many are missing, with
its next line or with its commit.
"""

import datetime as dt
import json
import logging
from collections.abc import Sequence

from huey.exceptions import TaskTimeout

from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.attempt import LINE_CHARS, Attempt, TaskCancelled, current_attempt

logger = logging.getLogger(__name__)


class TaskLogHandler(logging.Handler):
    """Keeps with the running task what it logs."""

    #: Loggers of the machinery itself, which are not the task's own words.
    MACHINERY = ("huey", "huey_tasks.")

    def emit(self, record: logging.LogRecord) -> None:
        attempt = current_attempt.get()
        if attempt is None or record.name.startswith(self.MACHINERY):
            return
        try:
            at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat()
            keep_line(attempt, at, record.levelname, self.format(record))
        except (TaskTimeout, TaskCancelled):  # raised by a signal that came while we wrote
            raise
        except Exception:  # logging must never fail the task; the handler's own report says why
            self.handleError(record)


def keep_line(attempt: Attempt, at: str, level: str, text: str) -> None:
    """Keep a line of a task; one that Redis cannot take is counted, and must not fail the task."""
    keep_lines(attempt, at, [(level, text)])


def keep_lines(attempt: Attempt, at: str, lines: Sequence[tuple[str, str]]) -> None:
    """Keep several lines, pairs of level and text, in one round trip."""
    encoded = [
        json.dumps({"at": at, "level": level, "text": text[:LINE_CHARS]}) for level, text in lines
    ]
    broker, claim = attempt.broker, attempt.claim
    try:
        if attempt.missed_lines:
            encoded.insert(0, attempt.gap())
        broker.scripts.log(broker.name, claim.id, claim.token, *encoded)
        attempt.missed_lines = 0
    except QueueUnavailable as error:
        for _ in lines:
            attempt.miss_line(at)
        logger.debug("lines of a task are not kept: %s", error.cause)


def task_log_handler() -> TaskLogHandler:
    """Return a handler that stores what tasks log."""
    handler = TaskLogHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def keep_task_logs() -> None:
    """Install the handler that stores what tasks log."""
    root = logging.getLogger()
    root.addHandler(task_log_handler())
    if root.level > logging.INFO:  # nobody has set logging up, as under `huey_consumer`
        root.setLevel(logging.INFO)
