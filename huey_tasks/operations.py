"""What operators ask and do, over all three queues; callers submit and ask in `client`.

Each function stands for one module, which knows how; here is only which queues.
"""

import datetime as dt
import logging

from huey_tasks import explain, failures, lookup, search
from huey_tasks import query as query_language
from huey_tasks.errors import TaskNotFound
from huey_tasks.explain import Explanation
from huey_tasks.failures import FailureGroup, Failures, GroupRetry
from huey_tasks.ids import new_id
from huey_tasks.queues import QUEUES
from huey_tasks.registry import task_types
from huey_tasks.search import Page, Sort
from huey_tasks.search_streams import Window

logger = logging.getLogger(__name__)


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
    window = Window()
    if submitted_after is not None:
        window = Window(submitted_after.timestamp() * 1000, window.before_ms)
    if submitted_before is not None:
        window = Window(window.from_ms, submitted_before.timestamp() * 1000)
    return search.search(
        QUEUES,
        query_language.parse(q).with_values(**values),
        window=window,
        sort=sort,
        set_aside=set_aside,
        cursor=cursor,
        limit=limit,
    )


def failure_groups(
    *, queue: str | None = None, task_type: str | None = None, limit: int = 50
) -> Failures:
    """The failed tasks that are kept, grouped by their cause, the one seen last first.

    With `queue`, only what that queue has of each group. Raises QueueUnavailable.
    """
    chosen = {name: one for name, one in QUEUES.items() if queue is None or name == queue}
    return failures.groups(chosen, task_type=task_type, limit=limit)


def failure_group(fingerprint: str) -> FailureGroup:
    """One group of failed tasks. Raises FailuresNotFound, QueueUnavailable."""
    return failures.group(QUEUES, fingerprint)


def retry_failures(
    fingerprint: str,
    *,
    limit: int | None = None,
    reason: str | None = None,
    who: str = "",
    operation_id: str | None = None,
) -> GroupRetry:
    """Submit the tasks of a group once more, or the `limit` oldest of them; each once.

    It takes no more than about a second; what is `left` is retried by the next call, with the same
    `operation_id`. `who` and `reason` are for the record of what operators do. Raises
    FailuresNotFound, QueueUnavailable.
    """
    done = failures.retry(QUEUES, fingerprint, limit=limit, operation_id=operation_id or new_id())
    about = {"fingerprint": fingerprint, "tasks": done.retried, "who": who, "why": reason or ""}
    logger.info("failed tasks retried", extra=about | {"operation_id": done.operation_id})
    return done


def explain_task(task_id: str) -> Explanation:
    """Say why a task does not run, and when it may. Raises TaskNotFound, QueueUnavailable."""
    known = {task_type.name for task_type in task_types()}
    for queue in QUEUES.values() if lookup.is_task_id(task_id) else ():
        found = explain.explain(queue, task_id, known.__contains__)
        if found is not None:
            return found
    raise TaskNotFound(f"No task has the id '{task_id[:36]}'.")
