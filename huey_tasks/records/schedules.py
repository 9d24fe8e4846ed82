"""Schedules as Redis keeps them: their queue, due time and fields."""

from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.task_hash import Hash


class ScheduleHash(NamedTuple):
    """One schedule; `due` is its score, in ms since the epoch."""

    queue: str
    name: str
    due: float
    fields: Hash


def all_of(brokers: Brokers) -> list[ScheduleHash]:
    """Return every schedule of these queues."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            pipe.zrange(keys.schedules(queue), 0, -1, withscores=True)
        places = [
            (queue, name.decode(), due)
            for queue, rows in zip(brokers, pipe.execute(), strict=True)
            for name, due in rows
        ]
        for queue, name, _ in places:
            pipe.hgetall(keys.schedule(queue, name))
        hashes = [Hash.of(found) for found in pipe.execute()]
    pairs = zip(places, hashes, strict=True)
    return [ScheduleHash(*place, fields) for place, fields in pairs if fields]


def named(brokers: Brokers, name: str) -> list[ScheduleHash]:
    """Return the schedules of that name, at most one in each queue."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            pipe.zscore(keys.schedules(queue), name)
            pipe.hgetall(keys.schedule(queue, name))
        replies = pipe.execute()
    pairs = zip(brokers, replies[::2], replies[1::2], strict=True)
    return [
        ScheduleHash(queue, name, due, Hash.of(fields))
        for queue, due, fields in pairs
        if due is not None and fields
    ]


def count(brokers: Brokers) -> int:
    """Return how many schedules there are."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            pipe.zcard(keys.schedules(queue))
        return sum(pipe.execute())


def draining(brokers: Brokers) -> tuple[int, set[str]]:
    """Return Redis' time in seconds, and the queues that drain, where no schedule fires."""
    with brokers.pipeline() as pipe:
        pipe.time()
        for queue in brokers:
            pipe.hget(keys.counters(queue), "mode")
        (seconds, _), *modes = pipe.execute()
    return seconds, {q for q, mode in zip(brokers, modes, strict=True) if mode == b"draining"}
