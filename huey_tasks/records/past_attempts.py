"""The attempts of a task: those that failed or were lost, which it keeps, and the last one.

The result backend keeps what an attempt raised, with its traceback, for RESULT_TTL_S; after that
the start of the error is left, which the task itself keeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from huey_tasks import serializer
from huey_tasks.broker import task_hash
from huey_tasks.records.models import AttemptRecord, TaskRecord, TaskState


def of(
    record: TaskRecord,
    lines: Sequence[task_hash.AttemptLine],
    blobs: Sequence[bytes | None],
    receipts: Mapping[int, dict[str, Any]],
) -> tuple[AttemptRecord, ...]:
    """Return the attempts of a task, the oldest first, from its lines and their outcomes."""
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
    return tuple(replace(each, receipt=receipts.get(each.attempt)) for each in found)


def _failed(line: task_hash.AttemptLine, blob: bytes | None) -> AttemptRecord:
    outcome = cast(dict[str, Any], serializer.loads(blob)) if blob else {}
    return AttemptRecord(
        attempt=line.attempt,
        state=line.state,
        started_at=task_hash.from_ms(line.started_ms),
        ended_at=task_hash.from_ms(line.ended_ms),
        worker=task_hash.worker_of(line.token),
        error=outcome.get("error") or line.error or None,
        traceback=outcome.get("traceback"),
    )
