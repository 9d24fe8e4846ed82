"""The attempts of a task: those that failed or were lost, which it keeps, and the last one.

What an attempt raised, with its traceback, is in the result backend while it lives there; after
that the beginning of the error, which the task itself keeps, is left.
"""

from typing import TYPE_CHECKING, Any, cast

from huey_tasks import fields, keys, serializer
from huey_tasks.connection import redis_errors
from huey_tasks.records import AttemptRecord, TaskRecord, TaskState

if TYPE_CHECKING:
    from huey_tasks.storage import ReliableStorage


def load(storage: "ReliableStorage", record: TaskRecord, kept: bytes) -> tuple[AttemptRecord, ...]:
    """Read the attempts of a task, the oldest first, in at most one round trip."""
    lines = fields.attempt_lines({"attempts": kept.decode("utf-8", "replace")})
    blobs: list[bytes | None] = []
    if lines:
        with redis_errors():
            blobs = storage.conn.mget([keys.outcome(record.task_id, line.token) for line in lines])
    found = [_failed(line, blob) for line, blob in zip(lines, blobs, strict=True)]
    if record.status in (TaskState.STARTED, TaskState.SUCCESS):
        found.append(
            AttemptRecord(
                attempt=record.attempt,
                state=record.status,
                started_at=record.started_at,
                ended_at=record.finished_at,
                worker=record.worker,
                error=None,
                traceback=None,
            )
        )
    return tuple(found)


def _failed(line: fields.AttemptLine, blob: bytes | None) -> AttemptRecord:
    outcome = cast(dict[str, Any], serializer.loads(blob)) if blob else {}
    return AttemptRecord(
        attempt=line.attempt,
        state=line.state,
        started_at=fields.from_ms(line.started_ms),
        ended_at=fields.from_ms(line.ended_ms),
        worker=fields.worker_of(line.token),
        error=outcome.get("error") or line.error or None,
        traceback=outcome.get("traceback"),
    )
