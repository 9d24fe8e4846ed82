"""Schedules out of Redis: as the engine works with them, and as frozen records for people.

Writes nothing. A schedule stands in the slot of its queue; of two with one name, which a crash in
the middle of creating may leave behind, the one that was created first is the one that has it.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from huey_tasks import serializer
from huey_tasks.broker import keys, task_hash
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.schedules import NEVER
from huey_tasks.broker.task_hash import Hash
from huey_tasks.errors import InvalidQuery
from huey_tasks.records import indexes
from huey_tasks.records import schedules as schedule_hashes
from huey_tasks.records.models import TaskState
from huey_tasks.schedules.trigger import Trigger

_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, "duckline:schedule")

#: How many of its next runs are told.
NEXT_RUNS = 5


@dataclass(frozen=True)
class Schedule:
    """A schedule as Redis keeps it; `due_ms` is None while it is paused.

    `payload` is as `serializer.dumps` has it, `tags` are those that its maker has given.
    """

    name: str
    queue: str
    due_ms: int | None
    id: str
    revision: str
    task_type: str
    payload: str
    tags: tuple[str, ...]
    trigger: Trigger
    overlap: bool
    last_task_id: str | None
    problem: str | None
    epoch: str | None
    last_run_at: dt.datetime | None
    runs: int
    skipped: int
    missed: int
    created_us: int
    updated_at: dt.datetime

    @classmethod
    def of(cls, queue: str, name: str, due_ms: float, found: Hash) -> "Schedule":
        """Read the fields of its hash."""
        every_ms = int(found["every_ms"]) if found["every_ms"] else None
        return cls(
            name=name,
            queue=queue,
            due_ms=None if due_ms == float(NEVER) else int(due_ms),
            id=found["id"],
            revision=found["revision"],
            task_type=found["type"],
            payload=found["payload"],
            tags=found.tags,
            trigger=Trigger(
                found["cron"] or None, every_ms, found["timezone"], int(found["start_at"])
            ),
            overlap=found["overlap"] == "1",
            last_task_id=found.get("last_task_id"),
            problem=found.get("problem"),
            epoch=found.get("epoch"),
            last_run_at=found.time("last_run_at"),
            runs=found.number("runs"),
            skipped=found.number("skipped"),
            missed=found.number("missed"),
            created_us=int(found["created_us"]),
            updated_at=found.time("updated_at") or task_hash.from_ms(0),
        )

    def payload_value(self) -> dict[str, Any]:
        """The payload as it was given."""
        return cast(dict[str, Any], serializer.loads(self.payload))

    def run_id(self, due_ms: int) -> str:
        """The id of the task of a due time, always the same; another one in a later `epoch`.

        An epoch ends when Redis' clock goes back, because due times then come again.
        """
        epoch = "" if self.epoch is None else f" {self.epoch}"
        return str(uuid.uuid5(_RUNS, f"{self.id} {due_ms}{epoch}"))

    @property
    def age(self) -> tuple[int, int]:
        """The lower, the better its right to its name."""
        return self.created_us, keys.QUEUE_NAMES.index(self.queue)


@dataclass(frozen=True)
class ScheduleRecord:
    """A schedule as it is now. `problem`: why its last due time has made no task.

    `skipped` runs were held up by the one before; due times were `missed` when nobody was there,
    and are made up for by one late run.
    """

    name: str
    task_type: str
    queue: str
    payload: dict[str, Any]
    tags: tuple[str, ...]
    cron: str | None
    every_s: float | None
    timezone: str
    overlap: bool
    paused: bool
    words: str
    next_run_at: dt.datetime | None
    next_runs: tuple[dt.datetime, ...]
    last_run_at: dt.datetime | None
    last_task_id: str | None
    last_status: TaskState | None
    runs: int
    skipped: int
    missed: int
    problem: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


def all_schedules(brokers: Brokers) -> list[Schedule]:
    """Every schedule of these queues."""
    return [Schedule.of(*found) for found in schedule_hashes.all_of(brokers)]


def named(brokers: Brokers, name: str) -> list[Schedule]:
    """The schedules of that name, the one that has a right to it first."""
    found = [Schedule.of(*one) for one in schedule_hashes.named(brokers, name)]
    return sorted(found, key=lambda one: one.age)


def records(brokers: Brokers, schedules: Iterable[Schedule]) -> list[ScheduleRecord]:
    """The schedules for people, those due next first, the paused ones last, then by name."""
    found = sorted(schedules, key=lambda one: (one.due_ms or float("inf"), one.name))
    seconds, draining = schedule_hashes.draining(brokers)
    ran = [(one.queue, one.last_task_id) for one in found if one.last_task_id]
    states = dict(zip(ran, indexes.states(brokers, ran), strict=True)) if ran else {}
    return [
        _record(
            one, states.get((one.queue, one.last_task_id or "")), one.queue in draining, seconds
        )
        for one in found
    ]


def next_runs(trigger: Trigger, after_ms: int, number: int = NEXT_RUNS) -> tuple[dt.datetime, ...]:
    """The next due times; none when its time zone is not known here."""
    try:
        return tuple(task_hash.from_ms(ms) for ms in trigger.after(after_ms, number))
    except InvalidQuery:
        return ()


def _record(one: Schedule, state: str | None, draining: bool, now_s: int) -> ScheduleRecord:
    due_ms, problem = one.due_ms, one.problem
    if draining and due_ms is not None and due_ms <= now_s * 1000:
        problem = f"Queue {one.queue} drains; the run waits until it is resumed."
    due = () if due_ms is None else (task_hash.from_ms(due_ms),)
    every_ms = one.trigger.every_ms
    return ScheduleRecord(
        name=one.name,
        task_type=one.task_type,
        queue=one.queue,
        payload=cast(dict[str, Any], serializer.plain(one.payload_value())),
        tags=one.tags,
        cron=one.trigger.cron,
        every_s=None if every_ms is None else every_ms / 1000,
        timezone=one.trigger.timezone,
        overlap=one.overlap,
        paused=due_ms is None,
        words=one.trigger.words,
        next_run_at=due[0] if due else None,
        next_runs=due if due_ms is None else due + next_runs(one.trigger, due_ms, NEXT_RUNS - 1),
        last_run_at=one.last_run_at,
        last_task_id=one.last_task_id,
        last_status=None if state is None else TaskState(state),
        runs=one.runs,
        skipped=one.skipped,
        missed=one.missed,
        problem=problem,
        created_at=task_hash.from_ms(one.created_us // 1000),
        updated_at=one.updated_at,
    )
