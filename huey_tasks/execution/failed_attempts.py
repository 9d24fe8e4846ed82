"""What is stored about a failed attempt, and when the next one begins.

Knows neither Redis nor the queue.
"""

import random
from typing import Any, cast

from huey.api import Task
from huey.exceptions import HueyException, TaskException

from huey_tasks.declaration.number import WEEK_S
from huey_tasks.execution.retry_rules import Verdict
from huey_tasks.values.safe_repr import repr_of, text_of, traceback_of, type_name


def failure_of(task: Task, error: BaseException) -> dict[str, Any]:
    """Return what Huey stores of a task that has failed."""
    return {
        "error": text_of_error(error),
        "retries": task.retries,
        "traceback": traceback_of(error),
        "task_id": task.id,
    }


def why_not_yet(error: BaseException) -> str:
    """Return why the next attempt is needed; Huey's own exceptions are sentences, not errors."""
    if issubclass(type(error), HueyException):
        return f"{type_name(type(error))}: {text_of(error)}"
    return repr_of(error)


def most_delay_s(task: Any) -> float:
    """Return the longest delay between two attempts of a task, or of a task type, in seconds."""
    return getattr(task, "max_retry_delay", None) or WEEK_S


def delay_after(task: Any, verdict: Verdict) -> float:
    """Return the seconds until the next attempt, for a verdict or else for the delay Huey keeps."""
    delay_s = task.retry_delay if verdict.delay_s is None else verdict.delay_s
    return delay_s if verdict.exact else min(delay_s, most_delay_s(task))


def spread(task: Any, delay_s: float, verdict: Verdict) -> float:
    """Return the delay, longer or shorter by up to the task type's jitter, a share of it."""
    jitter = 0.0 if verdict.exact else getattr(task, "retry_jitter", 0.0)
    return delay_s * (1 + random.uniform(-jitter, jitter)) if jitter else delay_s


def text_of_error(error: BaseException) -> str:
    """Return the text of an exception; a TaskException has the text of the other task's error."""
    metadata = cast(Any, error).metadata if issubclass(type(error), TaskException) else {}
    return metadata.get("error") or repr_of(error)
