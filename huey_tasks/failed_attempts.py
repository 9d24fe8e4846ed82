"""How an attempt that ends badly is written down: what is said of it, and when the next one begins.

Knows neither Redis nor the queue.
"""

import random
from typing import Any, cast

from huey.api import Task
from huey.exceptions import HueyException, TaskException

from huey_tasks.causes import cause_without_code
from huey_tasks.lookup import ClaimFields
from huey_tasks.protocol import Commit
from huey_tasks.safe_repr import repr_of, text_of, traceback_of, type_name

#: Said of an attempt that its consumer ends, because it has ignored its time limit.
OVERDUE = "TaskTimeout: it ran past its time limit and did not stop"


def failure_of(task: Task, error: BaseException) -> dict[str, Any]:
    """Return what Huey stores of a task that has failed."""
    return {
        "error": _said_by(error),
        "retries": task.retries,
        "traceback": traceback_of(error),
        "task_id": task.id,
    }


def why_not_yet(error: BaseException) -> str:
    """Why the next attempt is needed: Huey's own exceptions are sentences, and no errors."""
    if issubclass(type(error), HueyException):
        return f"{type_name(type(error))}: {text_of(error)}"
    return repr_of(error)


def spread(task: Task, delay_s: float) -> float:
    """The delay with the task type's jitter, a share of it, to both sides."""
    jitter = getattr(task, "retry_jitter", 0.0)
    return delay_s * (1 + random.uniform(-jitter, jitter)) if jitter else delay_s


def overdue(
    task_id: str, token: str, task_type: str, fields: ClaimFields, backoff: float
) -> Commit:
    """Return the commit that ends an attempt past its time limit, as Huey would have done."""
    left, delay_s = fields.retries_left, fields.retry_delay_s
    if left > 0:
        return Commit(
            task_id,
            token,
            "RETRY",
            delay_ms=round(delay_s * 1000),
            retries_left=left - 1,
            retry_delay_s=delay_s * backoff,
            reason=OVERDUE,
        )
    cause = cause_without_code("TaskTimeout", OVERDUE, task_type)
    return Commit(task_id, token, "FAILURE", reason=OVERDUE, cause=cause)


def _said_by(error: BaseException) -> str:
    """What an exception says; one of another task's, handed on, says what that one did."""
    metadata = cast(Any, error).metadata if issubclass(type(error), TaskException) else {}
    return metadata.get("error") or repr_of(error)
