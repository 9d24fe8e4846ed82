"""Operations on many tasks of the queues of this process, and their undo."""

import datetime as dt
from collections.abc import Sequence

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operation, Operator
from huey_tasks.operations import bulk, failure_retry
from huey_tasks.operations import undo as undoing
from huey_tasks.operations.bulk import Acted
from huey_tasks.operations.failure_retry import GroupRetry
from huey_tasks.operations.undo import Undone
from huey_tasks.queues import BROKERS
from huey_tasks.search import query as query_language
from huey_tasks.search.index_scan import Window


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
    reach: Reach = EVERYTHING,
) -> Acted:
    """Cancel, retry, requeue or delete tasks that a search finds, for about a second.

    `reach`: only tasks within it are found.

    The next call continues with `next_cursor` as the cursor and the same `operation_id`.

    Raises InvalidQuery, Forbidden, OperationOver, QueueUnavailable.
    """
    query = query_language.parse(q).within(reach)
    return bulk.act_on_search(
        BROKERS,
        _operation(action, by, q, operation_id),
        query,
        window=Window.between(submitted_after, submitted_before),
        set_aside=set_aside,
        cursor=cursor,
    )


def retry_failures(
    fingerprint: str, by: Operator, *, limit: int | None = None, operation_id: str | None = None
) -> GroupRetry:
    """Retry the tasks of a failure group, or the `limit` oldest of them; each once.

    A call takes about a second at most; the next call with the same `operation_id` retries those
    that are `left`. Raises FailuresNotFound, InvalidQuery, OperationOver, QueueUnavailable.
    """
    operation = _operation(Action.RETRY_GROUP, by, fingerprint, operation_id)
    return failure_retry.retry(BROKERS, fingerprint, operation, limit=limit)


def undo(undo_id: str, by: Operator, reach: Reach = EVERYTHING) -> Undone:
    """Undo a purge or a delete, within 10 minutes.

    `reach`: of who asks; with less than everything only what the key of `by` has done is undone.
    Raises UndoNotFound, Forbidden, QueueUnavailable.
    """
    return undoing.undo(BROKERS, undo_id, by, only_own=not reach.is_whole)


def _operation(action: Action, by: Operator, target: str, operation_id: str | None) -> Operation:
    if operation_id is None:
        return trail.begin(BROKERS, action, by, target)
    return trail.go_on(BROKERS, operation_id, action, by, target)
