"""Write a schedule once, if its name still means what the caller has read.

A name is one over all queues, which the scripts see to. Where another caller has written since the
read, nothing is written and the answer is None: the caller reads and decides again.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.protocol import Argument
from huey_tasks.broker.scripts.schedules import NEVER, ScheduleScripts, StoredSchedule, Written
from huey_tasks.errors import TooManySchedules
from huey_tasks.queues import BROKERS
from huey_tasks.records.ids import new_id
from huey_tasks.schedules.changes import ScheduleChanges, changed
from huey_tasks.schedules.checks import check_schedule, next_due, trigger_fields, trigger_of
from huey_tasks.schedules.records import Schedule
from huey_tasks.submission.submit import destination
from huey_tasks.submission.tags import checked_tags

#: The maximum number of schedules in all queues.
MOST = 1000


@dataclass(frozen=True)
class NewSchedule:
    """A schedule as a caller wants it; all is checked but whether `run_at` is yet to come."""

    name: str
    task_type: str
    queue: str
    fields: dict[str, Argument]
    cron: str | None
    every_s: float | None
    timezone: str | None
    run_at: dt.datetime | None


def new_schedule(
    name: str,
    task_type: str,
    payload: dict[str, Any],
    *,
    priority: str | None,
    tags: Sequence[str],
    cron: str | None,
    every_s: float | None,
    timezone: str | None,
    run_at: dt.datetime | None,
    overlap: bool,
    declared: bool,
    origin: str,
) -> NewSchedule:
    """Check what a caller wants; asks nothing of Redis.

    Raises InvalidQuery, UnknownTaskType, UnknownQueue, InvalidPayload.
    """
    encoded = check_schedule(name, task_type, payload, tags, cron, every_s, timezone, run_at)
    found, queue = destination(task_type, priority)
    fields: dict[str, Argument] = {
        "type": found.name,
        "payload": encoded,
        "tags": checked_tags(tags),
        "overlap": int(overlap),
        "declared": int(declared),
        "origin": origin,
    }
    return NewSchedule(name, found.name, queue, fields, cron, every_s, timezone, run_at)


def create(
    new: NewSchedule,
    *,
    paused: bool,
    replaces: Iterable[StoredSchedule] = (),
    by: Operator | None = None,
) -> Schedule | None:
    """Store a new schedule in the place of those that have its name, in one step.

    None: others than `replaces` have it. Raises InvalidQuery, TooManySchedules, QueueUnavailable.
    """
    now_ms = BROKERS.now_ms()
    trigger = trigger_of(new.cron, new.every_s, new.timezone, new.run_at, now_ms)
    former = [each.revision for each in replaces if each.revision is not None]
    action = Action.SCHEDULE_UPDATE if former else Action.SCHEDULE_CREATE
    written = scripts_of(new.queue).schedule_create(
        new.queue,
        new.name,
        new_id(),
        _revision(),
        NEVER if paused else next_due(trigger, now_ms),
        {**new.fields, **trigger_fields(trigger)},
        replaces=former,
        most=MOST,
        operation=trail.as_argument(BROKERS, action, by, new.name),
    )
    if written.answer == "full":
        raise TooManySchedules(f"There are {MOST:,} schedules, the maximum; delete some first.")
    return _schedule(written)


def change(schedule: Schedule, changes: ScheduleChanges, by: Operator | None) -> Schedule | None:
    """Change a schedule; one that is like it already stays as it is, with its due time.

    None: it is gone, or was changed. Raises InvalidQuery, InvalidPayload, UnknownTaskType,
    QueueUnavailable.
    """
    fields, due = changed(schedule, changes)
    if not fields and due == "":
        return schedule
    written = scripts_of(schedule.queue).schedule_update(
        schedule.queue,
        schedule.name,
        schedule.revision,
        _revision(),
        due,
        fields,
        operation=trail.as_argument(BROKERS, Action.SCHEDULE_UPDATE, by, schedule.name),
    )
    return _schedule(written)


def scripts_of(queue: str) -> ScheduleScripts:
    """Return the scripts on the Redis of a queue."""
    return ScheduleScripts(BROKERS[queue].scripts)


def _schedule(written: Written) -> Schedule | None:
    return None if written.schedule is None else Schedule.of(*written.schedule)


def _revision() -> str:
    return secrets.token_hex(8)
