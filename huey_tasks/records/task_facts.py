"""The one way from the fields of a task's hash to what every look at it shows."""

import json
from typing import Any

from huey_tasks.broker import task_hash
from huey_tasks.records.models import Progress, TaskFacts, TaskState


def of(
    queue: str, task_id: str, f: dict[str, str], *, payload: dict[str, Any], raised: str | None
) -> TaskFacts:
    """Read what the fields say. `raised`: the error of its outcome, if that was looked at."""
    state = TaskState(f["state"])
    progress = json.loads(f["progress"]) if f.get("progress") else None
    return TaskFacts(
        task_id=task_id,
        status=state,
        task_type=f["type"],
        queue=queue,
        payload=payload,
        error=_error(state, f, raised),
        attempt=int(f.get("attempt", 0)),
        max_attempts=int(f["max_attempts"]),
        deliveries=int(f.get("deliveries", 0)),
        crashes=int(f.get("crashes", 0)),
        losses=int(f.get("losses", 0)),
        progress=Progress(progress["fraction"], progress["text"]) if progress else None,
        submitted_at=task_hash.from_ms(f["submitted_at"]),
        started_at=task_hash.time_of(f, "started_at"),
        finished_at=task_hash.time_of(f, "finished_at"),
        next_retry_at=task_hash.time_of(f, "due_at") if state is TaskState.RETRY else None,
        scheduled_for=task_hash.time_of(f, "due_at") if state is TaskState.SCHEDULED else None,
        worker=task_hash.worker_name(f),
        stop_confirmed="stopped_at" in f if "stopping" in f else None,
        retry_of=f.get("retry_of"),
        retried_as=f.get("retried_as"),
        gate=f.get("gate"),
        cause=f.get("cause"),
        tags=task_hash.tags_of(f),
    )


def _error(state: TaskState, f: dict[str, str], raised: str | None) -> str | None:
    """Why it ended; of one that tries again, why its last attempt failed.

    The reason tells how it ended; an outcome may be that of an earlier attempt, and one that waits
    for a lock has neither.
    """
    if state is TaskState.SUCCESS:
        return None
    return f.get("reason") or raised or task_hash.last_error(f)
