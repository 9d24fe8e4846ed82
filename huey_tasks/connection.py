"""Connections to Redis, and the one place where its errors become ours.

Owns: pools with their time limits, and `redis_errors`, the border that no redis exception crosses.
Does not know any key or script.
"""

import contextlib
import os
from collections.abc import Generator

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ClusterDownError, MasterDownError
from redis.retry import Retry

from huey_tasks.errors import QueueUnavailable

#: Seconds. A Redis that says nothing for so long counts as away.
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 2.0

#: Errors that mean "not now": the command was refused and nothing was changed. redis-py has a
#: class for some of them, and leaves the others to be told by the first word of the reply.
_REFUSALS = (redis.OutOfMemoryError, redis.ReadOnlyError, MasterDownError, ClusterDownError)
_REFUSAL_WORDS = ("OOM", "READONLY", "MISCONF", "BUSY", "NOREPLICAS", "UNBLOCKED")


def connect(url: str) -> redis.Redis:
    """Return a client with a pool of its own; connects at the first command.

    A broken connection is tried again once at once: every script may be sent twice.
    """
    return redis.Redis(
        connection_pool=redis.ConnectionPool.from_url(
            url,
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            health_check_interval=0,
            retry=Retry(ExponentialWithJitterBackoff(cap=0.05, base=0.01), 1),
            client_name=f"duckline-{os.getpid()}",
        )
    )


@contextlib.contextmanager
def redis_errors() -> Generator[None]:
    """Turn what the Redis client raises for a Redis that cannot serve now into QueueUnavailable.

    Any other reply error is a defect of ours (a broken script, a wrong type) and passes unchanged.
    """
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise QueueUnavailable("Redis does not answer.", _first_line(error)) from error
    except redis.ResponseError as error:
        if isinstance(error, _REFUSALS) or any(w in str(error)[:200] for w in _REFUSAL_WORDS):
            raise QueueUnavailable("Redis cannot take it now.", _first_line(error)) from error
        raise


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
