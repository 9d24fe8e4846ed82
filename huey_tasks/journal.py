"""What the log says of tasks: one line for the end of each attempt, in one place.

The lines are for operators: which type, which task, which attempt, how long, what went wrong and
where in the code. Payloads and results are never logged.
"""

import logging
import traceback
from pathlib import Path
from typing import Any

from huey_tasks.protocol import Commit
from huey_tasks.records import TaskRecord

logger = logging.getLogger("huey_tasks.tasks")


def attempt_ended(commit: Commit, accepted: bool) -> None:
    """Tell how an attempt ended that is not the final failure of its task."""
    if commit.state == "UNBEGUN":
        return
    if commit.state == "STOPPED":
        logger.info("task stopped, it was cancelled", extra=_about(commit))
    elif not accepted:
        logger.warning("outcome refused, the lease was lost", extra=_about(commit))
    elif commit.state == "RETRY":
        extra = _about(commit) | {"in_s": commit.delay_ms / 1000, "error": commit.reason}
        logger.warning("attempt failed, the next one follows", extra=extra)
    elif commit.state != "PENDING":
        logger.info("task ended", extra=_about(commit) | {"state": commit.state})
    elif commit.about is not None:
        logger.info("task given back, its consumer stops", extra=_about(commit))


def task_failed(queue: str, task_id: str, record: TaskRecord | None, at: str) -> None:
    """Tell the final failure of a task; `at` is the line of code that raised, if one did."""
    extra: dict[str, Any] = {"task_id": task_id, "queue": queue}
    if record is not None:
        extra |= {
            "task_type": record.task_type,
            "attempts": record.attempt,
            "crashes": record.crashes,
            "error": record.error,
        }
    logger.error("task failed", extra=extra | ({"at": at} if at else {}))


def where(exception: BaseException) -> str:
    """The line that raised, as `file.py:12 in function`."""
    frames = traceback.extract_tb(exception.__traceback__)
    if not frames:
        return ""
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}"


def _about(commit: Commit) -> dict[str, Any]:
    about = commit.about
    if about is None:
        return {"task_id": commit.id}
    said = {
        "task_type": about.task_type,
        "task_id": commit.id,
        "attempt": about.attempt,
        "took_s": round(about.took_s, 3),
    }
    return said | ({"at": about.where} if about.where else {})
