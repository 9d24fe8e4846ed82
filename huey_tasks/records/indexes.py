"""The indexes of tasks: ids by state, by time of submission, quarantined, of a failure group."""

from collections.abc import Iterator, Sequence

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.records.models import TaskState

#: How many entries of an index one round trip of a scan brings.
STEP = 500


def recent_ids(broker: Broker, limit: int) -> list[tuple[float, str]]:
    """Return the ids submitted last, as (submission time in ms, id), newest first."""
    return _newest(broker, keys.submitted(broker.name), limit)


def ids_in_state(broker: Broker, state: TaskState, limit: int) -> list[tuple[float, str]]:
    """Return ids in one state, as (score, id), the highest score first."""
    return _newest(broker, keys.index(broker.name, state), limit)


def set_aside_ids(broker: Broker, limit: int) -> list[tuple[float, str]]:
    """Return the ids quarantined last, as (time in ms, id), newest first."""
    return _newest(broker, keys.dead(broker.name), limit)


def _newest(broker: Broker, index: str, limit: int) -> list[tuple[float, str]]:
    with redis_errors():
        rows = broker.redis.zrange(index, 0, limit - 1, desc=True, withscores=True)
    return [(float(score), task_id.decode()) for task_id, score in rows]


def in_order(broker: Broker, state: str, limit: int | None = None) -> list[tuple[str, float]]:
    """Return the ids in one state with their scores, lowest first; all without a `limit`."""
    with redis_errors():
        rows = broker.redis.zrange(
            keys.index(broker.name, state), 0, (limit or 0) - 1, withscores=True
        )
    return [(task_id.decode(), score) for task_id, score in rows]


def size(broker: Broker, state: str) -> int:
    """Return how many tasks are in one state."""
    with redis_errors():
        return int(broker.redis.zcard(keys.index(broker.name, state)))


def blocked(broker: Broker, *on: str) -> int:
    """Return how many tasks are blocked on these things, as `keys.blocked` names each."""
    with broker.pipeline() as pipe:
        for name in on:
            pipe.zcard(keys.blocked(broker.name, name))
        return sum(pipe.execute())


def running(broker: Broker, task_type: str) -> int:
    """Return how many tasks of a type run now."""
    with redis_errors():
        ids = broker.redis.zrange(keys.index(broker.name, TaskState.STARTED), 0, -1)
    with broker.pipeline() as pipe:
        for task_id in ids:
            pipe.hget(keys.task(broker.name, task_id.decode()), "type")
        return pipe.execute().count(task_type.encode())


def total_size(brokers: Brokers, places: Sequence[tuple[str, str]]) -> int:
    """Return how many tasks some indexes hold: pairs of a queue and the end of a key."""
    with brokers.pipeline() as pipe:
        for queue, index in places:
            pipe.zcard(f"{keys.root(queue)}:{index}")
        return sum(pipe.execute())


def states(brokers: Brokers, ids: Sequence[tuple[str, str]]) -> list[str | None]:
    """Return the states of (queue, id) pairs, in one round trip; None for a task that is gone."""
    with brokers.pipeline() as pipe:
        for queue, task_id in ids:
            pipe.hget(keys.task(queue, task_id), "state")
        return [None if state is None else state.decode() for state in pipe.execute()]


def scan(broker: Broker, index: str) -> Iterator[list[str]]:
    """Yield all ids of an index (its key) in steps; one that moves meanwhile may be missing."""
    cursor = None
    while cursor != 0:
        with redis_errors():
            cursor, rows = broker.redis.zscan(index, cursor or 0, count=STEP)
        if rows:
            yield [task_id.decode() for task_id, _ in rows]
