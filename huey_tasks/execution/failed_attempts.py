"""How an attempt that ends badly is written down: what is said of it, and when the next one begins.

Knows neither Redis nor the queue.
"""

import random
from typing import Any, cast

from huey.api import Task
from huey.exceptions import HueyException, TaskException

from huey_tasks.values.safe_repr import repr_of, text_of, traceback_of, type_name


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


def _said_by(error: BaseException) -> str:
    """What an exception says; one of another task's, handed on, says what that one did."""
    metadata = cast(Any, error).metadata if issubclass(type(error), TaskException) else {}
    return metadata.get("error") or repr_of(error)
