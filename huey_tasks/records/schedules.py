"""Schedules as Redis keeps them: their queue, due time and fields.

Each name is read over all queues in one moment, so one that moves is found once.
"""

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.schedules import ScheduleScripts, StoredSchedule


def all_of(brokers: Brokers) -> list[StoredSchedule]:
    """Return every schedule of these queues."""
    return ScheduleScripts(brokers.first.scripts).schedules_named(brokers, names(brokers))


def names(brokers: Brokers) -> list[str]:
    """Return the name of every schedule of these queues."""
    return ScheduleScripts(brokers.first.scripts).schedule_names(brokers)


def named(brokers: Brokers, name: str) -> list[StoredSchedule]:
    """Return the schedules of that name, at most one in each queue, in the order of the queues."""
    return ScheduleScripts(brokers.first.scripts).schedules_named(brokers, [name])


def draining(brokers: Brokers) -> tuple[int, set[str]]:
    """Return Redis' time in seconds, and the queues that drain, where no schedule fires."""
    with brokers.pipeline() as pipe:
        pipe.time()
        for queue in brokers:
            pipe.hget(keys.counters(queue), "mode")
        (seconds, _), *modes = pipe.execute()
    return seconds, {q for q, mode in zip(brokers, modes, strict=True) if mode == b"draining"}
