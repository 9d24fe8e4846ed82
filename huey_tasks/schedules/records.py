"""Read schedules from Redis: for the engine, and as frozen records for people.

Writes nothing. A schedule is stored with the keys of its queue. A crash of an older version may
have left two with one name in two queues; the name then means the one that was created first. One
that cannot be read, because other code wrote it, does not hide the others: it can be deleted, or a
put takes its place.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from huey_tasks import serializer
from huey_tasks.broker import keys, task_hash
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.schedules import NEVER, StoredSchedule
from huey_tasks.broker.task_hash import Hash
from huey_tasks.errors import InvalidQuery
from huey_tasks.records import indexes
from huey_tasks.records import schedules as schedule_hashes
from huey_tasks.records.models import TaskState
from huey_tasks.schedules.trigger import LATEST_MS, Trigger

logger = logging.getLogger(__name__)

_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, "duckline:schedule")

#: How many of the next due times a record shows.
NEXT_RUNS = 5


@dataclass(frozen=True)
class Schedule:
    """A schedule as Redis keeps it; `due_ms` is None while it is paused.

    `payload` is in the form of `serializer.dumps`; `tags` are those given at the create or change.
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
    declared: bool
    last_task_id: str | None
    problem: str | None
    epoch: str | None
    last_run_at: dt.datetime | None
    runs: int
    skipped: int
    missed: int
    created_us: int
    updated_at: dt.datetime
    origin: str = ""

    @classmethod
    def of(cls, queue: str, name: str, due_ms: float, found: Hash) -> "Schedule":
        """Read a schedule from the fields of its hash. Raises KeyError, ValueError."""
        every_ms = int(found["every_ms"]) if found["every_ms"] else None
        return cls(
            name=name,
            queue=queue,
            due_ms=None if due_ms == float(NEVER) else _in_time(due_ms),
            id=found["id"],
            revision=found["revision"],
            task_type=found["type"],
            payload=found["payload"],
            tags=found.tags,
            trigger=Trigger(
                found["cron"] or None, every_ms, found["timezone"], _in_time(found["start_at"])
            ),
            overlap=found["overlap"] == "1",
            declared=found.get("declared") == "1",
            last_task_id=found.get("last_task_id"),
            problem=found.get("problem"),
            epoch=found.get("epoch"),
            last_run_at=found.time("last_run_at"),
            runs=found.number("runs"),
            skipped=found.number("skipped"),
            missed=found.number("missed"),
            created_us=int(found["created_us"]),
            updated_at=found.time("updated_at") or task_hash.from_ms(0),
            origin=found.get("origin") or "",
        )

    def payload_value(self) -> dict[str, Any]:
        """Return the payload as it was given."""
        return cast(dict[str, Any], serializer.loads(self.payload))

    def run_id(self, due_ms: int) -> str:
        """Return the id of the task of a due time: the same each time within an `epoch`.

        An epoch ends when Redis' clock goes back: due times then repeat and need new ids.
        """
        epoch = "" if self.epoch is None else f" {self.epoch}"
        return str(uuid.uuid5(_RUNS, f"{self.id} {due_ms}{epoch}"))

    @property
    def age(self) -> tuple[int, int]:
        """The sort key of schedules with one name: the lowest has the name."""
        return self.created_us, keys.queue_names().index(self.queue)


@dataclass(frozen=True)
class ScheduleRecord:
    """A schedule as it is now. `problem`: why its last due time submitted no task.

    `run_at`: when it is due, if that is once. `declared`: it comes from code. `origin`: what the
    tool that made it wants to read again. `skipped`: runs that did not start because the one before
    had not ended. `missed`: due times at which no consumer ran; one late run takes the place of all
    that were missed in a row.
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
    declared: bool
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
    run_at: dt.datetime | None = None
    origin: str = ""


def all_schedules(brokers: Brokers) -> list[Schedule]:
    """Return every schedule of these queues."""
    return list(_readable(schedule_hashes.all_of(brokers)))


def named(brokers: Brokers, name: str) -> list[Schedule]:
    """Return the schedules of that name, the one created first at the start."""
    return by_age(schedule_hashes.named(brokers, name))


def by_age(stored: Iterable[StoredSchedule]) -> list[Schedule]:
    """Return those that can be read, the one created first at the start."""
    return sorted(_readable(stored), key=lambda schedule: schedule.age)


def records(brokers: Brokers, schedules: Iterable[Schedule]) -> list[ScheduleRecord]:
    """Return records of schedules, those due next first, the paused ones last, then by name."""
    found = sorted(schedules, key=lambda schedule: (schedule.due_ms or float("inf"), schedule.name))
    seconds, draining = schedule_hashes.draining(brokers)
    ran = [(schedule.queue, schedule.last_task_id) for schedule in found if schedule.last_task_id]
    states = dict(zip(ran, indexes.states(brokers, ran), strict=True)) if ran else {}
    return [
        _record(
            schedule,
            states.get((schedule.queue, schedule.last_task_id or "")),
            schedule.queue in draining,
            seconds,
        )
        for schedule in found
    ]


def next_runs(trigger: Trigger, after_ms: int, number: int = NEXT_RUNS) -> tuple[dt.datetime, ...]:
    """Return the next due times; none if the time zone is not known here."""
    try:
        return tuple(task_hash.from_ms(ms) for ms in trigger.after(after_ms, number))
    except InvalidQuery:
        return ()


def _readable(stored: Iterable[StoredSchedule]) -> Iterator[Schedule]:
    for each in stored:
        try:
            yield Schedule.of(*each)
        except (KeyError, ValueError) as error:
            _warn(f"schedule '{each.name}' of queue {each.queue} cannot be read: {error!r}")


@lru_cache(1000)  # logged once: pages read the list again and again
def _warn(text: str) -> None:
    logger.warning("%s", text)


def _in_time(ms: str | float) -> int:
    """Return a time in ms. Raises ValueError for one that is no date."""
    if not 0 <= float(ms) < LATEST_MS:
        raise ValueError(f"{ms} is no time in ms")
    return int(ms)


def _record(schedule: Schedule, state: str | None, draining: bool, now_s: int) -> ScheduleRecord:
    due_ms, problem = schedule.due_ms, schedule.problem
    if draining and due_ms is not None and due_ms <= now_s * 1000:
        problem = f"Queue {schedule.queue} is draining; the run waits until it is resumed."
    due: tuple[dt.datetime, ...] = ()
    if due_ms is not None:
        due = task_hash.from_ms(due_ms), *next_runs(schedule.trigger, due_ms, NEXT_RUNS - 1)
    every_ms = schedule.trigger.every_ms
    return ScheduleRecord(
        name=schedule.name,
        task_type=schedule.task_type,
        queue=schedule.queue,
        payload=cast(dict[str, Any], serializer.plain(schedule.payload_value())),
        tags=schedule.tags,
        cron=schedule.trigger.cron,
        every_s=None if every_ms is None else every_ms / 1000,
        timezone=schedule.trigger.timezone,
        overlap=schedule.overlap,
        declared=schedule.declared,
        paused=due_ms is None,
        words=schedule.trigger.words,
        next_run_at=due[0] if due else None,
        next_runs=due,
        last_run_at=schedule.last_run_at,
        last_task_id=schedule.last_task_id,
        last_status=None if state is None else TaskState(state),
        runs=schedule.runs,
        skipped=schedule.skipped,
        missed=schedule.missed,
        problem=problem,
        created_at=task_hash.from_ms(schedule.created_us // 1000),
        updated_at=schedule.updated_at,
        run_at=task_hash.from_ms(schedule.trigger.start_ms) if schedule.trigger.is_once else None,
        origin=schedule.origin,
    )
