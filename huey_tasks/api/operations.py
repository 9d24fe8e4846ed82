"""What operators ask and do, over all three queues; callers submit and ask in `api.tasks`.

Each function stands for one module, which knows how; here is only which queues.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operation, Operator
from huey_tasks.audit.trail import AuditPage
from huey_tasks.broker.broker import Brokers
from huey_tasks.errors import TaskNotFound
from huey_tasks.monitoring import explain, history
from huey_tasks.monitoring import failure_groups as failures
from huey_tasks.monitoring.explain import Explanation
from huey_tasks.monitoring.failure_groups import FailureGroup, Failures
from huey_tasks.monitoring.history import History, Span
from huey_tasks.operations import bulk, failure_retry
from huey_tasks.operations import undo as undoing
from huey_tasks.operations.bulk import Acted
from huey_tasks.operations.failure_retry import GroupRetry
from huey_tasks.operations.undo import Undone
from huey_tasks.queues import BROKERS, broker_named
from huey_tasks.records import log_lines
from huey_tasks.records.ids import is_task_id
from huey_tasks.records.log_lines import TaskLine
from huey_tasks.search import pages
from huey_tasks.search import query as query_language
from huey_tasks.search.index_scan import Window
from huey_tasks.search.pages import Page, Sort


def search_tasks(
    q: str = "",
    *,
    submitted_after: dt.datetime | None = None,
    submitted_before: dt.datetime | None = None,
    sort: Sort = Sort.SUBMITTED,
    set_aside: bool = False,
    cursor: str | None = None,
    limit: int = 50,
    **values: str | None,
) -> Page:
    """Find tasks, the newest first, a page at a time.

    `q` is written in the language of `query`; `values` adds terms (state, queue, type, tag,
    worker). It looks for some 60 ms; what is not `complete` goes on at `next_cursor`. Raises
    InvalidQuery, QueueUnavailable.
    """
    return pages.search(
        BROKERS,
        query_language.parse(q).with_values(**values),
        window=_window(submitted_after, submitted_before),
        sort=sort,
        set_aside=set_aside,
        cursor=cursor,
        limit=limit,
    )


def failure_groups(
    *,
    queue: str | None = None,
    task_type: str | None = None,
    limit: int = 50,
    samples: bool = True,
) -> Failures:
    """The failed tasks that are kept, grouped by their cause, the one seen last first.

    With `queue`, only what that queue has of each group. `samples`: read an error and its
    traceback for each group. Raises UnknownQueue, QueueUnavailable.
    """
    return failures.groups(_chosen(queue), task_type=task_type, limit=limit, samples=samples)


def failure_group(fingerprint: str) -> FailureGroup:
    """One group of failed tasks. Raises FailuresNotFound, QueueUnavailable."""
    return failures.group(BROKERS, fingerprint)


def retry_failures(
    fingerprint: str, by: Operator, *, limit: int | None = None, operation_id: str | None = None
) -> GroupRetry:
    """Submit the tasks of a group once more, or the `limit` oldest of them; each once.

    It takes no more than about a second; what is `left` is retried by the next call, with the same
    `operation_id`. Raises FailuresNotFound, InvalidQuery, OperationOver, QueueUnavailable.
    """
    operation = _operation(Action.RETRY_GROUP, by, fingerprint, operation_id)
    return failure_retry.retry(BROKERS, fingerprint, operation, limit=limit)


def explain_task(task_id: str) -> Explanation:
    """Say why a task does not run, and when it may. Raises TaskNotFound, QueueUnavailable."""
    for broker in BROKERS.values() if is_task_id(task_id) else ():
        found = explain.explain(broker, task_id)
        if found is not None:
            return found
    raise TaskNotFound(f"No task has the id '{task_id[:36]}'.")


def _window(after: dt.datetime | None, before: dt.datetime | None) -> Window:
    window = Window()
    if after is not None:
        window = Window(after.timestamp() * 1000, window.before_ms)
    if before is not None:
        window = Window(window.from_ms, before.timestamp() * 1000)
    return window


def act_on_tasks(
    action: Action, task_ids: Sequence[str], by: Operator, *, operation_id: str | None = None
) -> Acted:
    """Cancel, retry, requeue or delete the tasks with these ids, at most 500.

    Raises InvalidQuery, OperationOver, QueueUnavailable.
    """
    target = task_ids[0] if len(task_ids) == 1 else f"{len(task_ids)} selected tasks"
    return bulk.act_on_ids(BROKERS, _operation(action, by, target, operation_id), task_ids)


def act_on_search(
    action: Action,
    q: str,
    by: Operator,
    *,
    submitted_after: dt.datetime | None = None,
    submitted_before: dt.datetime | None = None,
    set_aside: bool = False,
    cursor: str | None = None,
    operation_id: str | None = None,
) -> Acted:
    """Cancel, retry, requeue or delete some of the tasks that a search finds, for a second or so.

    It goes on at `next_cursor`, with the same operation. Raises InvalidQuery, OperationOver,
    QueueUnavailable.
    """
    query = query_language.parse(q)
    return bulk.act_on_search(
        BROKERS,
        _operation(action, by, q, operation_id),
        query,
        window=_window(submitted_after, submitted_before),
        set_aside=set_aside,
        cursor=cursor,
    )


def _operation(action: Action, by: Operator, target: str, operation_id: str | None) -> Operation:
    if operation_id is None:
        return trail.begin(BROKERS, action, by, target)
    return trail.go_on(BROKERS, operation_id, action, by, target)


def pause(queue: str, by: Operator | None = None) -> None:
    """Let a queue give out no tasks; what runs goes on, submits are taken.

    `by`: whose doing the audit trail tells it to be. Raises UnknownQueue, QueueUnavailable.
    """
    _steer(queue, "paused", Action.PAUSE, by)


def drain(queue: str, by: Operator | None = None) -> None:
    """Let a queue take no tasks from outside and work off what it has. Raises UnknownQueue."""
    _steer(queue, "draining", Action.DRAIN, by)


def resume(queue: str, by: Operator | None = None) -> None:
    """Let a paused or draining queue flow again. Raises UnknownQueue."""
    _steer(queue, "flowing", Action.RESUME, by)


def _steer(queue: str, mode: str, action: Action, by: Operator | None) -> None:
    broker = broker_named(queue)
    operation = trail.as_argument(BROKERS, action, by)
    broker.scripts.mode(queue, mode, operation=operation)


@dataclass(frozen=True)
class Purged:
    """How many tasks a purge has revoked; `operation` is what can be undone, if somebody's."""

    purged: int
    operation: Operation | None


def purge(queue: str, reason: str = "purged", by: Operator | None = None) -> Purged:
    """Revoke every task that waits in a queue. Raises UnknownQueue, QueueUnavailable."""
    broker = broker_named(queue)
    operation = None if by is None else trail.begin(BROKERS, Action.PURGE, by)
    return Purged(undoing.purge(broker, reason, operation), operation)


def undo(undo_id: str, by: Operator) -> Undone:
    """Undo a purge or a delete, within 10 minutes. Raises UndoNotFound, QueueUnavailable."""
    return undoing.undo(BROKERS, undo_id, by)


def audit_trail(
    *, action: Action | None = None, cursor: str | None = None, limit: int = 50
) -> AuditPage:
    """What operators have done, the newest first. Raises InvalidQuery for a forged cursor."""
    return trail.read(BROKERS, action=action, cursor=cursor, limit=limit)


def read_history(
    span: Span = Span.HOUR, *, queue: str | None = None, task_type: str | None = None
) -> History:
    """What has happened in the queues, or in one, of all types of task or of one, up to now.

    Every step of the span has its point; the last is partial. Raises UnknownQueue,
    QueueUnavailable.
    """
    return history.read(_chosen(queue), span, task_type=task_type)


def read_log(
    *,
    queue: str | None = None,
    level: str | None = None,
    task_type: str | None = None,
    limit: int = 200,
) -> list[TaskLine]:
    """The last lines that tasks logged, the newest first; a thousand of each queue are kept.

    `level`: only lines of at least this one ("INFO"). Raises UnknownQueue, QueueUnavailable.
    """
    return log_lines.read(_chosen(queue), level=level, task_type=task_type, limit=limit)


def _chosen(queue: str | None) -> Brokers:
    return BROKERS if queue is None else Brokers([broker_named(queue)])
