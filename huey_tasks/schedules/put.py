"""Make a schedule what a caller says, whether it exists or not: for tools and for code."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from huey_tasks.audit.operation import Operator
from huey_tasks.queues import BROKERS
from huey_tasks.records import schedules
from huey_tasks.schedules import records, writes
from huey_tasks.schedules.changes import ScheduleChanges, is_paused
from huey_tasks.schedules.records import Schedule, ScheduleRecord
from huey_tasks.schedules.writes import NewSchedule


def put_schedule(
    name: str,
    task_type: str,
    payload: dict[str, Any],
    *,
    priority: str | None = None,
    tags: Sequence[str] = (),
    cron: str | None = None,
    every_s: float | None = None,
    timezone: str | None = None,
    run_at: dt.datetime | None = None,
    overlap: bool = True,
    paused: bool | None = None,
    declared: bool = False,
    origin: str = "",
    by: Operator | None = None,
) -> tuple[ScheduleRecord, bool]:
    """Create a schedule, or change it to this; return it, and whether it is new.

    What is the same already stays as it is: its due times, its counts. `paused` None leaves a pause
    as it is, so that a deploy does not resume what an operator has paused. One of another task type
    or queue is created again, in the place of the former. Of several puts at once each is made as
    if they had come in turn. Raises what `create_schedule` raises, but no ScheduleExists.
    """
    new = writes.new_schedule(
        name, task_type, payload, priority=priority, tags=tags, cron=cron, every_s=every_s,
        timezone=timezone, run_at=run_at, overlap=overlap, declared=declared, origin=origin,
    )  # fmt: skip
    changes = ScheduleChanges(
        payload=payload, tags=tags, cron=cron, every_s=every_s,
        timezone="UTC" if timezone is None and cron is not None else timezone,
        run_at=run_at, overlap=overlap, paused=paused, declared=declared, origin=origin,
    )  # fmt: skip
    while True:  # each turn but the last is one in which another caller has written
        made, is_new = _put(new, changes, by)
        if made is not None:
            return records.records(BROKERS, [made])[0], is_new


def _put(
    new: NewSchedule, changes: ScheduleChanges, by: Operator | None
) -> tuple[Schedule | None, bool]:
    stored = schedules.named(BROKERS, new.name)
    former = next(iter(records.by_age(stored)), None)
    if former is not None and len(stored) == 1 and _is_of(former, new):
        return writes.change(former, changes, by), False
    paused = changes.paused
    if paused is None:
        paused = former is not None and is_paused(former, BROKERS.now_ms())
    return writes.create(new, paused=paused, replaces=stored, by=by), True


def _is_of(schedule: Schedule, new: NewSchedule) -> bool:
    return (schedule.task_type, schedule.queue) == (new.task_type, new.queue)
