"""How long one request may wait for Redis: it gets its 503 while the caller still listens.

The time runs from the first call of Redis, so a body that comes in slowly costs nothing of it. A
view that has waited on purpose, because it was asked to, begins it anew.
"""

from contextlib import AbstractContextManager

from flask import Flask, g

import huey_tasks as tq

#: Seconds. Half of it goes to the first try, the rest to a second one on a new connection.
LIMIT_S = 3.0


def register(app: Flask) -> None:
    """Limit every request of `app`."""
    app.before_request(_begin)
    app.teardown_request(_end)


def begin_anew() -> None:
    """Give the request its time again, after a wait that was asked for."""
    _end(None)
    _begin()


def _begin() -> None:
    limit = tq.time_limit(LIMIT_S)
    limit.__enter__()
    g.redis_time = limit


def _end(error: BaseException | None) -> None:
    limit: AbstractContextManager[None] | None = g.pop("redis_time", None)
    if limit is not None:
        limit.__exit__(None, None, None)
