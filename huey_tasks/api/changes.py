"""Change a task that waits: its payload, when it may start, its priority, its tags."""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from huey_tasks import serializer
from huey_tasks.api.tasks import get_task
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.changes import ChangeScripts
from huey_tasks.broker.states import TaskState
from huey_tasks.errors import (
    ChangedMeanwhile,
    InvalidQuery,
    Problem,
    TaskFinished,
    TaskNotFound,
    TaskRunning,
)
from huey_tasks.queues import BROKERS
from huey_tasks.records import copies
from huey_tasks.records.ids import is_task_id, new_id
from huey_tasks.records.models import TaskRecord
from huey_tasks.registry import types
from huey_tasks.submission.once import unique_by_payload
from huey_tasks.submission.options import SubmitOptions


def change_task(
    task_id: str,
    *,
    payload: dict[str, Any] | None = None,
    delay: float | None = None,
    run_at: dt.datetime | None = None,
    queue_priority: int | None = None,
    tags: Sequence[str] | None = None,
    if_updated_at: dt.datetime | None = None,
    by: Operator | None = None,
) -> TaskRecord:
    """Change a task that has not started; what is None stays. Returns the changed task.

    `delay` in seconds, or `run_at`: when it may start; a time in the past means now. Either all is
    changed or nothing, and never of an attempt that has begun: a worker has the old payload or the
    new one. `if_updated_at`: only if this is still its `updated_at`; else ChangedMeanwhile. Raises
    TaskNotFound, TaskRunning, TaskFinished; InvalidPayload, InvalidQuery; UnknownTaskType for
    another payload of a type that this process does not know; QueueUnavailable.
    """
    if all(one is None for one in (payload, delay, run_at, queue_priority, tags)):
        raise InvalidQuery([Problem("", "missing", "Say what to change.")])
    options = SubmitOptions(tags or (), delay, run_at, None, queue_priority).checked()
    wanted = _Wanted(
        payload,
        None if delay is None and run_at is None else round(options.delay_s * 1000),
        queue_priority,
        None if tags is None else options.tags,
        None if if_updated_at is None else round(if_updated_at.timestamp() * 1000),
    )
    operation = trail.as_argument(BROKERS, Action.CHANGE, by, task_id)
    for broker in BROKERS.values() if is_task_id(task_id) else ():
        state, done = _change_in(broker, task_id, wanted, operation)
        if state:
            _refuse(TaskState(state), done)
            return get_task(task_id)
    raise TaskNotFound(f"No task has the id '{task_id[:36]}'.")


class _Wanted(NamedTuple):
    """What is to change; None stays. `seen_ms`: its last change, as far as the caller knows."""

    payload: dict[str, Any] | None
    delay_ms: int | None
    priority: int | None
    tags: str | None
    seen_ms: int | None


def _change_in(broker: Broker, task_id: str, wanted: _Wanted, operation: str) -> tuple[str, str]:
    """Change a task if this queue has it; returns its state, "" if not, and what was done."""
    scripts, request = ChangeScripts(broker.scripts), secrets.token_hex(8)
    while True:
        message, unique = None, ("", "")
        if wanted.payload is not None:
            known = copies.copy_of(broker, task_id, new_id())
            if known is None:
                return "", ""
            message, unique = _message(known, task_id, broker.name, wanted.payload)
        state, done = scripts.change(
            broker.name, task_id, request, operation, seen_ms=wanted.seen_ms, message=message,
            unique=unique, delay_ms=wanted.delay_ms, priority=wanted.priority, tags=wanted.tags,
        )  # fmt: skip
        if done != "other":  # else somebody has changed the payload between the two calls
            return state, done


def _refuse(state: TaskState, done: str) -> None:
    if done == "expires":
        rule = "The task would expire before it may start."
        raise InvalidQuery([Problem("/run_at", "too_late", rule)])
    if done.startswith("like "):
        rule = f"Another unique task has this payload: {done.removeprefix('like ')}."
        raise InvalidQuery([Problem("/payload", "duplicate", rule)])
    if done == "changed":
        raise ChangedMeanwhile("Somebody has changed the task since you read it.")
    if done:
        return
    if state.terminal:
        raise TaskFinished(f"The task has ended as {state} and cannot change.")
    raise TaskRunning("The task has started and cannot change.")


def _message(
    known: NewTask, task_id: str, queue: str, payload: dict[str, Any]
) -> tuple[tuple[bytes, bytes], tuple[str, str]]:
    """Return the stored message and the one with that payload, and what is unique with each.

    All else stays, such as the tasks that follow it.
    """
    fresh = types.get(known.type).new_task(task_id, queue, payload)
    arguments = serializer.loads(fresh.message)
    stored = serializer.loads(known.message)
    changed = stored._replace(args=arguments.args or None, kwargs=arguments.kwargs)
    was, becomes = (unique_by_payload(known.type, each) for each in (stored.kwargs, payload))
    return (known.message, serializer.dumps(changed)), (was, becomes)
