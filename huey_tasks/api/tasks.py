"""Read, cancel, retry or explain one task; wait for its end. `submission` submits tasks."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator, cancelled
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.states import RETRYABLE
from huey_tasks.errors import TaskFinished, TaskNotFound, TaskNotRetryable, UnknownTaskType
from huey_tasks.events.completions import Completions
from huey_tasks.events.journal import Follower, Journal
from huey_tasks.monitoring import explain
from huey_tasks.monitoring.explain import Explanation
from huey_tasks.queues import BROKERS, broker_named
from huey_tasks.records import copies, indexes, tasks
from huey_tasks.records.ids import is_task_id, new_id
from huey_tasks.records.models import TaskRecord, TaskState
from huey_tasks.records.tasks import WatchedTask
from huey_tasks.registry import types

ends = Completions(BROKERS)
_journal = Journal(BROKERS)


def cancel(task_id: str, reason: str | None = None, by: Operator | None = None) -> TaskRecord:
    """Cancel a task: a waiting one never starts, a running one is stopped at once.

    `by`: the author for the audit trail; without a `reason` the task keeps the author's. Raises
    TaskNotFound, TaskFinished, QueueUnavailable.
    """
    if reason is None:
        reason = cancelled(by.why if by else "")
    if not is_task_id(task_id):
        raise _unknown(task_id)
    operation = trail.as_argument(BROKERS, Action.CANCEL, by, task_id)
    for broker in BROKERS.values():
        state = broker.scripts.cancel(broker.name, task_id, reason, operation=operation)
        if not state:
            continue
        if TaskState(state).terminal:
            raise TaskFinished(f"The task has ended as {state} and cannot be cancelled.")
        return get_task(task_id)
    raise _unknown(task_id)


class RetriedTask(NamedTuple):
    """The new task of a retry; `is_new`: this call submitted it, and not an earlier one."""

    task_id: str
    task_type: str
    queue: str
    is_new: bool


def retry(task_id: str, by: Operator | None = None) -> RetriedTask:
    """Submit a new task with the payload of a finished one, and link the two.

    A second call returns the same new task, and so does one after the undo of a purge, which has
    submitted it; once that task was deleted or forgotten, it makes another. Raises TaskNotFound;
    TaskNotRetryable for a task that has succeeded or has not ended; QueueUnavailable.
    """
    broker, new = _copy_of(task_id)
    operation = trail.as_argument(BROKERS, Action.RETRY, by, task_id)
    state, follower = broker.scripts.retry(broker.name, task_id, new, operation=operation)
    if not state:
        raise _unknown(task_id)
    if not follower:
        raise TaskNotRetryable(
            f"The task is {state}; only tasks that are {' or '.join(RETRYABLE)} can be retried."
        )
    return RetriedTask(follower, new.type, broker.name, is_new=follower == new.id)


def _copy_of(task_id: str) -> tuple[Broker, NewTask]:
    for broker in BROKERS.values() if is_task_id(task_id) else ():
        new = copies.copy_of(broker, task_id, new_id())
        if new is not None:
            return broker, new
    raise _unknown(task_id)


def _unknown(task_id: str) -> TaskNotFound:
    return TaskNotFound(f"No task has the id '{task_id[:36]}'.")


def get_task(task_id: str) -> TaskRecord:
    """Return a task as it is now, with its log. Raises TaskNotFound, QueueUnavailable."""
    record = tasks.find(BROKERS, task_id) if is_task_id(task_id) else None
    if record is None:
        raise _unknown(task_id)
    return record


def watch_task(task_id: str) -> WatchedTask:
    """Return a task as it is now, and the place among the events from which to follow it.

    Raises TaskNotFound, QueueUnavailable.
    """
    found = tasks.watch(BROKERS, task_id) if is_task_id(task_id) else None
    if found is None:
        raise _unknown(task_id)
    return found


def follow_events(task_id: str = "") -> AbstractContextManager[Follower]:
    """Follow what happens to a task, or to all, inside a `with` block; see `events.journal`."""
    return _journal.follow(task_id)


def read_tasks(task_ids: Sequence[str]) -> list[TaskRecord | None]:
    """Return tasks in the order of their ids, None for an unknown one, without log and attempts.

    Two round trips, however many they are. Raises QueueUnavailable.
    """
    places = [(queue, task_id) for task_id in dict.fromkeys(task_ids) if is_task_id(task_id)
              for queue in BROKERS]  # fmt: skip
    found = {record.task_id: record for record in tasks.load(BROKERS, places)}
    return [found.get(task_id) for task_id in task_ids]


def queue_of_type(task_type: str) -> str | None:
    """Return the queue of a task type, None if there is no such type."""
    try:
        return types.get(task_type, suggest=False).queue
    except UnknownTaskType:
        return None


def wait_for_end(task_id: str, wait_s: float, *, queue: str | None = None) -> None:
    """Return when a task has ended, or after `wait_s` seconds, with few requests to Redis.

    `queue`: where it is, if that is known; else it is looked for. Also returns when this process
    stops (`stop_waiting`). Raises TaskNotFound, QueueUnavailable.
    """
    if queue is None and (queue := _queue_of(task_id)) is None:
        return
    with ends.listen(queue, task_id) as ended:
        state = BROKERS[queue].scripts.awaited(queue, task_id)
        if not state:
            raise _unknown(task_id)
        if not TaskState(state).terminal:
            ended.wait(wait_s)


def _queue_of(task_id: str) -> str | None:
    """Return the queue of a task, None if it has ended. Raises TaskNotFound, QueueUnavailable."""
    places = [(queue, task_id) for queue in BROKERS] if is_task_id(task_id) else []
    states = zip(BROKERS, indexes.states(BROKERS, places), strict=False)
    queue, state = next(((queue, state) for queue, state in states if state), (None, ""))
    if not state:
        raise _unknown(task_id)
    return None if TaskState(state).terminal else queue


def stop_waiting() -> None:
    """Let all calls of `wait_for_end` return, and followers stop. Safe in a signal handler."""
    ends.stop()
    _journal.stop()


def is_stopping() -> bool:
    """Return whether this process stops, so that nothing may wait."""
    return ends.is_stopping


def list_tasks(
    *,
    state: TaskState | None = None,
    queue: str | None = None,
    set_aside: bool = False,
    limit: int = 50,
) -> list[TaskRecord]:
    """Return the tasks submitted last, the newest first; only those of a state or queue if given.

    `set_aside`: only quarantined tasks that were not retried. Raises UnknownQueue,
    QueueUnavailable.
    """
    chosen = [broker_named(queue)] if queue is not None else list(BROKERS.values())
    ids: list[tuple[str, str]] = []
    for broker in chosen:
        if set_aside:
            rows = indexes.set_aside_ids(broker, limit)
        elif state is None:
            rows = indexes.recent_ids(broker, limit)
        else:
            rows = indexes.ids_in_state(broker, state, limit)
        ids += [(broker.name, task_id) for _, task_id in rows]
    found = tasks.load(BROKERS, ids)
    if state is not None:  # its state may have changed between the two reads
        found = [record for record in found if record.status is state]
    return sorted(found, key=lambda record: record.submitted_at, reverse=True)[:limit]


def explain_task(task_id: str, reach: Reach = EVERYTHING) -> Explanation:
    """Explain why a task does not run and estimate its start.

    `reach`: of who asks; no task outside of it is named. Raises TaskNotFound, QueueUnavailable.
    """
    for broker in BROKERS.values() if is_task_id(task_id) else ():
        found = explain.explain(broker, task_id, reach, is_async=types.is_async)
        if found is not None:
            return found
    raise _unknown(task_id)
