"""Limit how long one request waits for Redis, so that its caller gets a 503 in time.

The time starts with the first Redis call, so that a slow upload does not use it up. A view that
waited on purpose restarts it.
"""

from contextlib import AbstractContextManager

from flask import Flask, g

import huey_tasks as tq

#: Seconds: half for the first try, the rest for a second one on a new connection.
LIMIT_S = 3.0


def register(app: Flask) -> None:
    """Limit every request of `app`."""
    app.before_request(_begin)
    app.teardown_request(_end)


def restart() -> None:
    """Give the request its full time again, after it waited on purpose."""
    _end(None)
    _begin()


def limited() -> AbstractContextManager[None]:
    """Return the limit of one request, for one that Flask does not serve."""
    return tq.time_limit(LIMIT_S)


def _begin() -> None:
    limit = limited()
    limit.__enter__()
    g.redis_time = limit


def _end(error: BaseException | None) -> None:
    limit: AbstractContextManager[None] | None = g.pop("redis_time", None)
    if limit is not None:
        limit.__exit__(None, None, None)
