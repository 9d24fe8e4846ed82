"""Cancel, retry and look: the verbs that the web service, the command line and tests share.

Submitting is in `submission`, what operators do to queues and to many tasks in `operations`.
"""

from typing import Any

from huey_tasks import audit, lookup, presences, server_check
from huey_tasks.ends import Ends
from huey_tasks.errors import TaskFinished, TaskNotFound, TaskNotRetryable
from huey_tasks.ids import new_id
from huey_tasks.operation import Action, Operator, cancelled
from huey_tasks.protocol import NewTask
from huey_tasks.queues import QUEUES, queue_named
from huey_tasks.records import ConsumerRecord, QueueStats, Stats, TaskRecord, TaskState
from huey_tasks.submission import SubmittedTask
from huey_tasks.task_queue import TaskQueue

_ends = Ends(QUEUES)


def cancel(task_id: str, reason: str | None = None, by: Operator | None = None) -> TaskRecord:
    """Revoke a task: a waiting one never starts, a running one is stopped at once.

    `by`: whose doing the audit trail tells it to be; why they do it is the `reason` that the task
    keeps, if no other is given. Raises TaskNotFound, TaskFinished, QueueUnavailable.
    """
    if reason is None:
        reason = cancelled(by.why if by else "")
    if not lookup.is_task_id(task_id):
        raise _unknown(task_id)
    operation = audit.as_argument(QUEUES, Action.CANCEL, by, task_id)
    for queue in QUEUES.values():
        storage = queue.storage
        state = storage.scripts.cancel(
            queue.name, task_id, reason, ttl_ms=storage.ttl_ms, operation=operation
        )
        if not state:
            continue
        if TaskState(state).terminal:
            raise TaskFinished(f"The task has ended as {state} and cannot be cancelled.")
        return get_task(task_id)
    raise _unknown(task_id)


def retry(task_id: str, by: Operator | None = None) -> SubmittedTask:
    """Submit an ended task once more: a new task with the same payload, linked to the old one.

    Asked again, it returns the same new task. Raises TaskNotFound; TaskNotRetryable for a task that
    has succeeded or not ended.
    """
    queue, new = _copy_of(task_id)
    operation = audit.as_argument(QUEUES, Action.RETRY, by, task_id)
    state, follower = queue.storage.scripts.retry(queue.name, task_id, new, operation=operation)
    if not state:
        raise _unknown(task_id)
    if not follower:
        raise TaskNotRetryable(f"The task is {state}; only one that failed can be retried.")
    return SubmittedTask(follower, TaskState.PENDING, new.type, queue.name)


def _copy_of(task_id: str) -> tuple[TaskQueue, NewTask]:
    for queue in QUEUES.values() if lookup.is_task_id(task_id) else ():
        new = lookup.copy_of(queue, task_id, new_id())
        if new is not None:
            return queue, new
    raise _unknown(task_id)


def _unknown(task_id: str) -> TaskNotFound:
    return TaskNotFound(f"No task has the id '{task_id[:36]}'.")


def get_task(task_id: str) -> TaskRecord:
    """A task as it is now, its log included. Raises TaskNotFound, QueueUnavailable."""
    record = lookup.find(QUEUES, task_id) if lookup.is_task_id(task_id) else None
    if record is None:
        raise _unknown(task_id)
    return record


def wait_for_end(task_id: str, wait_s: float) -> None:
    """Return when a task has ended, or after `wait_s` seconds; Redis is hardly asked meanwhile.

    Also returns when this process stops (`stop_waiting`). Raises TaskNotFound, QueueUnavailable.
    """
    places = [(queue, task_id) for queue in QUEUES] if lookup.is_task_id(task_id) else []
    states = zip(QUEUES.values(), lookup.states(QUEUES, places), strict=False)
    queue, state = next(((queue, state) for queue, state in states if state), (None, ""))
    if queue is None or not state:
        raise _unknown(task_id)
    if TaskState(state).terminal:
        return
    with _ends.listen(queue.name, task_id) as ended:
        state = queue.storage.scripts.awaited(queue.name, task_id)
        if state and not TaskState(state).terminal:
            ended.wait(wait_s)


def stop_waiting() -> None:
    """Let everyone return who waits for the end of a task. Safe in a signal handler."""
    _ends.stop()


def list_tasks(
    *,
    state: TaskState | None = None,
    queue: str | None = None,
    set_aside: bool = False,
    limit: int = 50,
) -> list[TaskRecord]:
    """The tasks submitted last, newest first; of one state or queue if named.

    `set_aside`: only those that killed their workers or could not be read, and were not retried.
    """
    chosen = [queue_named(queue)] if queue is not None else list(QUEUES.values())
    ids: list[tuple[str, str]] = []
    for one in chosen:
        if set_aside:
            rows = lookup.set_aside_ids(one, limit)
        elif state is None:
            rows = lookup.recent_ids(one, limit)
        else:
            rows = lookup.ids_in_state(one, state, limit)
        ids += [(one.name, task_id) for _, task_id in rows]
    found = lookup.load(QUEUES, ids)
    if state is not None:  # it may have moved on between the two looks
        found = [record for record in found if record.status is state]
    return sorted(found, key=lambda record: record.submitted_at, reverse=True)[:limit]


def ping() -> None:
    """Return when Redis answers. Raises QueueUnavailable."""
    lookup.ping(QUEUES)


def queue_stats() -> list[QueueStats]:
    """The numbers of each queue, most urgent first."""
    return lookup.queue_stats(QUEUES)


def stats() -> Stats:
    """The numbers of all queues."""
    return Stats(tuple(queue_stats()))


def consumers() -> list[ConsumerRecord]:
    """Every live consumer."""
    return [consumer for queue in QUEUES.values() for consumer in presences.consumers(queue)]


def redis_info() -> dict[str, Any]:
    """What the broker says of itself."""
    return lookup.redis_info(QUEUES["default"])


def server_troubles() -> list[str]:
    """What speaks against trusting the broker with tasks now, such as an evicting policy."""
    return server_check.troubles_of(QUEUES["default"].storage.broker)
