"""Submit one task: find its type, check the payload, store it with `submit.lua`."""

import contextlib
import datetime as dt
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

from huey.constants import EmptyData
from huey.utils import Error

from huey_tasks.broker.protocol import Found, NewTask
from huey_tasks.errors import IdempotencyKeyReused, QueueUnavailable
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.queues import QUEUES, unknown_queue
from huey_tasks.records.ids import new_id
from huey_tasks.records.models import TaskState
from huey_tasks.registry import types
from huey_tasks.submission import shared_call
from huey_tasks.submission.once import NOT_ONCE, once_of
from huey_tasks.submission.options import NO_OPTIONS, SubmitOptions


class SubmittedTask(NamedTuple):
    """A task that has been accepted: it is in Redis and will reach a terminal state.

    `duplicate_of`: the submit stored no task, because this one, which has not ended, is the same
    unique task. `is_replay`: the submit came before with the same idempotency key; this is the
    first answer.
    """

    task_id: str
    status: TaskState
    task_type: str
    queue: str
    duplicate_of: str | None = None
    is_replay: bool = False


def submit(
    task_type: str,
    payload: dict[str, Any],
    *,
    priority: str | None = None,
    tags: Sequence[str] = (),
    delay: float | None = None,
    run_at: dt.datetime | None = None,
    expires_in: float | None = None,
    queue_priority: int | None = None,
    unique_for: float | None = None,
    unique_key: str | None = None,
    idempotency_key: str | None = None,
    webhook_url: str | None = None,
) -> SubmittedTask:
    """Check a payload and submit a task; `priority` names a queue other than the type's own.

    `tags`: up to ten words by which a search finds the task. `delay`: seconds until it may start,
    up to a year; or `run_at`: that time, with a zone. `expires_in`: seconds within which it must
    start, or it ends as EXPIRED. `queue_priority`: from -100 to 100, within its queue.
    `unique_for`: for these seconds, while the task has not ended, another one of its type with the
    same `unique_key`, else payload, is not stored: that submit gets this task as `duplicate_of`.
    `idempotency_key`: the same submit with the same key gets the first answer, for 24 hours.
    `webhook_url`: where the end of the task is posted to, signed.

    Raises InvalidQuery for an invalid option, UnknownTaskType, UnknownQueue, InvalidPayload;
    IdempotencyKeyReused for a key that came with another submit; QueueRefuses while the queue
    accepts no tasks (QueueDraining, QueueFull, MemoryLow); QueueUnavailable when Redis does not
    store the task: with a `task_id` it may have, as the answer was lost. A running task is never
    refused, or it could not finish.
    """
    once = once_of(idempotency_key, unique_for, unique_key)
    options = SubmitOptions(tags, delay, run_at, expires_in, queue_priority, once, webhook_url)
    return submit_with(options, task_type, payload, priority)


def submit_with(
    options: SubmitOptions,
    task_type: str,
    payload: dict[str, Any],
    priority: str | None,
    *,
    shared: bool = False,
) -> SubmittedTask:
    """Do what `submit` does; `shared`: in one call with those of other threads and greenlets.

    All that share have the same time for it.
    """
    found, queue = destination(task_type, priority)
    if goes_by_huey(queue):
        return submit_by_huey(found, queue, payload, options)
    new = made(found, new_id(), queue, payload, options)
    return _store(new, queue, may_refuse=True, shared=shared)


def _store(new: NewTask, queue: str, *, may_refuse: bool, shared: bool = False) -> SubmittedTask:
    try:
        if shared and not new.once:  # a replay is answered even where others are refused
            return answered(new, queue, shared_call.submit(queue, new))
        stored = QUEUES[queue].broker.scripts.submit(queue, [new], may_refuse=may_refuse)
    except QueueUnavailable as error:
        error.task_id = None if error.answered else new.id
        raise
    return answered(new, queue, stored[0])


@contextlib.contextmanager
def naming_lost(task_id: str) -> Generator[None]:
    """Let a QueueUnavailable of this block name the task to ask for, if its answer was lost."""
    try:
        yield
    except QueueUnavailable as error:
        error.task_id = None if error.answered else task_id
        raise


def answered(new: NewTask, queue: str, reply: bool | Found) -> SubmittedTask:
    """Return what the caller hears of a task that was sent. Raises IdempotencyKeyReused."""
    if not isinstance(reply, Found) or reply.id == new.id:  # the second: it was sent twice
        return submitted(new, queue)
    if reply.how == "reused":
        raise IdempotencyKeyReused("This idempotency key came with another submit before.")
    return SubmittedTask(
        reply.id,
        TaskState(reply.state),
        new.type,
        reply.queue,
        None if reply.how == "replayed" else reply.id,
        reply.how.startswith("replayed"),
    )


def destination(
    task_type: str, priority: str | None, *, suggest: bool = True
) -> tuple[types.TaskType[..., Any], str]:
    """Return the task type, and `priority` or else its own queue.

    Raises UnknownTaskType, UnknownQueue.
    """
    found = types.get(task_type, suggest=suggest)
    queue = found.queue if priority is None else priority
    if queue not in QUEUES:
        raise unknown_queue(queue)
    return found, queue


def goes_by_huey(queue: str) -> bool:
    """Return whether Huey enqueues: from a running task, or in its immediate mode.

    From a task, because a repeated attempt must give the same id. The immediate mode runs the task
    here and returns its terminal state.
    """
    return current_attempt.get() is not None or QUEUES[queue].immediate


def made(
    found: types.TaskType[..., Any],
    task_id: str,
    queue: str,
    payload: dict[str, Any],
    options: SubmitOptions,
) -> NewTask:
    """Return the task as it is stored. Raises InvalidPayload, InvalidQuery."""
    new = found.new_task(task_id, queue, payload)
    if options is NO_OPTIONS or options == NO_OPTIONS:  # to compare takes longer than to look
        return new
    return options.applied(new, queue, payload, is_own=queue == found.queue)


def submit_by_huey(
    found: types.TaskType[..., Any], queue: str, payload: dict[str, Any], options: SubmitOptions
) -> SubmittedTask:
    """Submit with Huey's `enqueue`. Raises InvalidPayload, InvalidQuery, QueueUnavailable."""
    found.check(payload)
    checked = options.checked()
    task = found.wrappers[queue].task_class((), dict(payload))
    checked.apply_to_huey(task)
    if options.once != NOT_ONCE and not QUEUES[queue].immediate:
        new = QUEUES[queue].serialize_task(task).task
        new = options.marked(new, queue, payload, is_own=queue == found.queue)
        return _store(new, queue, may_refuse=False)
    with naming_lost(task.id):
        QUEUES[queue].enqueue(task)
    state = _state_here(QUEUES[queue], task.id, TaskState.SCHEDULED if task.eta else None)
    return SubmittedTask(task.id, state, found.name, queue)


def submitted(new: NewTask, queue: str) -> SubmittedTask:
    """Return what the caller hears of a stored task."""
    state = TaskState.SCHEDULED if new.delay_ms else TaskState.PENDING
    return SubmittedTask(new.id, state, new.type, queue)


def _state_here(queue: TaskQueue, task_id: str, later: TaskState | None) -> TaskState:
    """Return the state of a task just enqueued; the immediate mode has run it."""
    if not queue.immediate:
        return later or TaskState.PENDING
    kept = queue.get_raw(task_id, peek=True)
    failed = kept is EmptyData or isinstance(queue.serializer.deserialize(kept), Error)
    return TaskState.FAILURE if failed else TaskState.SUCCESS
