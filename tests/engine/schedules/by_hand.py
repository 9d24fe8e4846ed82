"""A schedule without a consumer: create it, make it due, fire it, read what it has submitted."""

from typing import Any

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.scripts.schedules import ScheduleScripts
from huey_tasks.queues import QUEUES
from huey_tasks.schedules.firing import Firing
from tests.engine.helpers import QUEUE
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis
scripts = ScheduleScripts(tq.default.broker.scripts)
ADA = tq.Operator("ada", "because")


def create(name: str = "s", every_s: float | None = 60, **more: Any) -> tq.ScheduleRecord:
    """A schedule of the queue `default`."""
    return tq.create_schedule(name, "echo", {"value": name}, every_s=every_s, **more)


def late(name: str = "s", by_s: float = 0.0, queue: str = QUEUE) -> int:
    """Let a schedule be due for that long, as if nobody had been there; returns its due time.

    No two are the same: the id of a task is made from it.
    """
    begun = clock_ms()
    due = wait_until(lambda: clock_ms() - begun and clock_ms(), description="another millisecond")
    due -= round(by_s * 1000) + 1
    broker.hset(keys.schedule(queue, name), "start_at", due - 600_000)
    broker.zadd(keys.schedules(queue), {name: due})
    return due


def twin(queue: str, name: str = "s") -> None:
    """Leave one of the same name in another queue, which is younger, as an older version may."""
    found = dict(broker.hgetall(keys.schedule(QUEUE, name)))
    younger = {**found, b"created_us": 1 << 60, b"revision": "another"}
    broker.hset(keys.schedule(queue, name), mapping=younger)
    broker.zadd(keys.schedules(queue), {name: 1})


def fire(queue: str = QUEUE) -> float | None:
    """What a consumer does; returns when it looks again."""
    return Firing(QUEUES[queue].broker).fire_due()


def tasks_of(name: str = "s") -> list[str]:
    """The ids of all tasks that it has made, the newest first."""
    page = tq.search_tasks(f"tag:schedule:{name}", limit=200)
    assert page.complete and page.next_cursor is None
    return [task.task_id for task in page.tasks]


def numbers(name: str = "s") -> tuple[int, int, int]:
    """Its runs, those skipped, those missed."""
    record = tq.get_schedule(name)
    return record.runs, record.skipped, record.missed
