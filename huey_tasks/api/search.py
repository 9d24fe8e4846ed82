"""Search for tasks in the queues of this process."""

import datetime as dt

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.queues import BROKERS
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
    reach: Reach = EVERYTHING,
    **values: str | None,
) -> Page:
    """Find tasks, the newest first, a page at a time.

    `q` is a search in the language of `search.query`; `values` adds terms (state, queue, type, tag,
    worker); `reach`: only tasks within it are found. A call searches for about 60 ms; if the page
    is not `complete`, the next call continues at `next_cursor`. Raises InvalidQuery, Forbidden for
    a type or a queue out of reach, QueueUnavailable.
    """
    return pages.search(
        BROKERS,
        query_language.parse(q).with_values(**values).within(reach),
        window=Window.between(submitted_after, submitted_before),
        sort=sort,
        set_aside=set_aside,
        cursor=cursor,
        limit=limit,
    )
