"""What operators ask and do, over all three queues; callers submit and ask in `client`.

Each function stands for one module, which knows how; here is only which queues.
"""

import datetime as dt
from collections.abc import Mapping

from huey_tasks import history, live_log, search
from huey_tasks import query as query_language
from huey_tasks.errors import UnknownQueue
from huey_tasks.history import History, Span
from huey_tasks.live_log import TaskLine
from huey_tasks.queues import QUEUES
from huey_tasks.search import Page, Sort
from huey_tasks.search_streams import Window
from huey_tasks.task_queue import TaskQueue


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
    return live_log.read(_chosen(queue), level=level, task_type=task_type, limit=limit)


def _chosen(queue: str | None) -> Mapping[str, TaskQueue]:
    if queue is None:
        return QUEUES
    if queue not in QUEUES:
        raise UnknownQueue(f"There is no queue '{queue[:64]}'; it is {' or '.join(QUEUES)}.")
    return {queue: QUEUES[queue]}
