"""Turns the hash of a task into the fields that its rows and its record share."""

from typing import Any

from huey_tasks.broker.task_hash import TaskHash
from huey_tasks.records.models import Progress, TaskFacts, TaskState


def of(
    queue: str, task_id: str, task: TaskHash, *, payload: dict[str, Any], raised: str | None
) -> TaskFacts:
    """Read what the fields say. `raised`: the error of its outcome, if that was looked at."""
    state, progress = task.state, task.progress
    return TaskFacts(
        task_id=task_id,
        status=state,
        task_type=task.type,
        queue=queue,
        queue_priority=task.priority,
        payload=payload,
        error=_error(task, raised),
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        deliveries=task.deliveries,
        crashes=task.crashes,
        losses=task.losses,
        progress=Progress(progress["fraction"], progress["text"]) if progress else None,
        submitted_at=task.submitted_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        next_retry_at=task.due_at if state is TaskState.RETRY else None,
        scheduled_for=task.due_at if state is TaskState.SCHEDULED else None,
        worker=task.worker,
        stop_confirmed=task.stop_confirmed,
        retry_of=task.retry_of,
        retried_as=task.retried_as,
        gate=task.gate,
        cause=task.cause,
        tags=task.tags,
    )


def _error(task: TaskHash, raised: str | None) -> str | None:
    """Why it ended; of one that tries again, why its last attempt failed.

    The reason tells how it ended; an outcome may be that of an earlier attempt, and one that waits
    for a lock has neither.
    """
    if task.state is TaskState.SUCCESS:
        return None
    return task.reason or raised or task.last_error
