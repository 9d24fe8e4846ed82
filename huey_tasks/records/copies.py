"""Copies of tasks for a retry: as they were submitted, with another id."""

import contextlib
from collections.abc import Sequence

from huey_tasks import serializer
from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import FUNCTIONS, NewTask


def messages_of(broker: Broker, task_ids: Sequence[str]) -> list[bytes | None]:
    """Return the stored messages of tasks, in one round trip; None for one that is not there."""
    with broker.pipeline() as pipe:
        for task_id in task_ids:
            pipe.hget(keys.task(broker.name, task_id), "message")
        return pipe.execute()


def copy_of(broker: Broker, task_id: str, new_id: str) -> NewTask | None:
    """Return the task as it was submitted, with another id; None if it is not there."""
    return copies_of(broker, [(task_id, new_id)])[0]


def copies_of(broker: Broker, ids: Sequence[tuple[str, str]]) -> list[NewTask | None]:
    """Return copies of several tasks, in one round trip; `ids`: pairs of an id and the new one."""
    names = (
        "message", "type", "priority", "tags", "host", "invocation", "webhook_url", "submitted_by"
    )  # fmt: skip
    with broker.pipeline() as pipe:
        for task_id, _ in ids:
            pipe.hmget(keys.task(broker.name, task_id), names)
        found = pipe.execute()
    return [
        None if row[0] is None else _copy(new_id, *row)
        for (_, new_id), row in zip(ids, found, strict=True)
    ]


def _copy(
    new_id: str,
    message: bytes,
    task_type: bytes,
    priority: bytes | None,
    tags: bytes | None,
    host: bytes | None,
    invocation: bytes | None,
    webhook_url: bytes | None,
    submitted_by: bytes | None,
) -> NewTask:
    retries, delay_s = 0, 0.0
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        stored = serializer.loads(message)
        retries, delay_s = int(stored.retries or 0), float(stored.retry_delay or 0)
    return NewTask(
        new_id,
        message,
        task_type.decode(),
        priority=int(priority or 0),
        max_attempts=retries + 1,
        retry_delay_s=delay_s if retries else 0.0,
        tags=(tags or b"").decode(),
        host=FUNCTIONS if host else "",
        invocation=(invocation or b"").decode(),
        webhook_url=(webhook_url or b"").decode(),
        submitted_by=(submitted_by or b"").decode(),
    )


def nothing(new_id: str) -> NewTask:
    """Return what replaces the copy of a task that is gone; `retry` never stores it."""
    return NewTask(new_id, b"", "")
