"""Let this process use another Redis for a while, and empty it: for tests of tasks."""

import contextlib
from collections.abc import Generator, Iterable
from typing import Any

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.connection import connect, redis_errors


@contextlib.contextmanager
def redirected(
    brokers: Brokers, clients: Iterable[Any], *, broker_url: str, result_url: str
) -> Generator[None]:
    """Let the brokers use those servers inside the block; `clients` are further ones of results."""
    tasks = [broker.redis for broker in brokers.values()]
    results = [*(broker.results for broker in brokers.values()), *clients]
    before = [(client, client.connection_pool) for client in (*tasks, *results)]
    for client in tasks:
        client.connection_pool = connect(broker_url).connection_pool
    for client in results:
        client.connection_pool = connect(result_url).connection_pool
    try:
        yield
    finally:
        for client, pool in before:
            client.connection_pool.disconnect()
            client.connection_pool = pool


def erase(brokers: Brokers) -> None:
    """Erase everything but the marks of the data set: running consumers would report a loss."""
    redis, results = brokers.first.redis, brokers.first.results
    with redis_errors():
        marks = {keys.dataset(queue): redis.hgetall(keys.dataset(queue)) for queue in brokers}
        mark = results.get(keys.results_mark())
        with redis.pipeline(transaction=True) as pipe:
            pipe.flushdb()
            for key, fields in marks.items():
                if fields:
                    pipe.hset(key, mapping=fields)
            pipe.execute()
        with results.pipeline(transaction=True) as pipe:
            pipe.flushdb()
            if mark is not None:
                pipe.set(keys.results_mark(), mark)
            pipe.execute()
