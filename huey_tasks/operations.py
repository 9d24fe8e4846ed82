"""What operators ask and do, over all three queues; callers submit and ask in `client`.

Each function stands for one module, which knows how; here is only which queues.
"""

import datetime as dt

from huey_tasks import query as query_language
from huey_tasks import search
from huey_tasks.queues import QUEUES
from huey_tasks.search import Page, Sort
from huey_tasks.search_streams import Window


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
