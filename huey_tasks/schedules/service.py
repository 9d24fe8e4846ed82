"""Create, change, delete, run and list schedules; checks their fields.

A schedule that another caller changes or moves between a read and a write is read again: `writes`
says when. Does not fire schedules: `firing` does.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.declaration.options import nearest
from huey_tasks.errors import (
    ChangedMeanwhile,
    QueueDraining,
    ScheduleExists,
    ScheduleNotFound,
    ScheduleRunning,
)
from huey_tasks.queues import BROKERS
from huey_tasks.records import schedules
from huey_tasks.records.ids import new_id
from huey_tasks.records.models import TaskState
from huey_tasks.schedules import firing, records, writes
from huey_tasks.schedules.changes import ScheduleChanges
from huey_tasks.schedules.checks import NAME, trigger_of
from huey_tasks.schedules.records import Schedule, ScheduleRecord
from huey_tasks.submission.submit import SubmittedTask


@dataclass(frozen=True)
class SchedulePreview:
    """A trigger in words, and its next due times."""

    words: str
    next_runs: tuple[dt.datetime, ...]


def list_schedules() -> list[ScheduleRecord]:
    """Return all schedules, those due next first, paused ones last. Raises QueueUnavailable."""
    found: dict[str, Schedule] = {}
    for schedule in sorted(records.all_schedules(BROKERS), key=lambda schedule: schedule.age):
        found.setdefault(schedule.name, schedule)
    return records.records(BROKERS, found.values())


def get_schedule(name: str) -> ScheduleRecord:
    """Return one schedule. Raises ScheduleNotFound, QueueUnavailable."""
    return _record(_find(name))


def preview_schedule(
    *,
    cron: str | None = None,
    every_s: float | None = None,
    timezone: str | None = None,
    run_at: dt.datetime | None = None,
) -> SchedulePreview:
    """Describe a trigger that begins now. Raises InvalidQuery, QueueUnavailable."""
    now_ms = BROKERS.now_ms()
    trigger = trigger_of(cron, every_s, timezone, run_at, now_ms)
    return SchedulePreview(trigger.words, records.next_runs(trigger, now_ms))


def create_schedule(
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
    paused: bool = False,
    declared: bool = False,
    origin: str = "",
    by: Operator | None = None,
) -> ScheduleRecord:
    """Create a schedule: five `cron` fields in a `timezone`, `every_s` seconds, or once `run_at`.

    Without `overlap` a run is skipped while the one before has not ended. Each task gets the tag
    `schedule:<name>`. `declared`: it comes from code. `origin`: what the tool that makes it wants
    to read again. Raises InvalidQuery, UnknownTaskType, UnknownQueue, InvalidPayload;
    ScheduleExists, TooManySchedules; QueueUnavailable.
    """
    new = writes.new_schedule(
        name, task_type, payload, priority=priority, tags=tags, cron=cron, every_s=every_s,
        timezone=timezone, run_at=run_at, overlap=overlap, declared=declared, origin=origin,
    )  # fmt: skip
    made = writes.create(new, paused=paused, by=by)
    if made is None:
        raise ScheduleExists(f"A schedule with the name '{name}' exists.")
    return _record(made)


def change_schedule(
    name: str,
    changes: ScheduleChanges,
    by: Operator | None = None,
    *,
    if_updated_at: dt.datetime | None = None,
) -> ScheduleRecord:
    """Change a schedule; a new trigger, or one that is resumed, begins now.

    `if_updated_at`: only if this is still its `updated_at`; else ChangedMeanwhile. Raises
    ScheduleNotFound, InvalidQuery, InvalidPayload, UnknownTaskType, QueueUnavailable.
    """
    while True:  # each turn but the last is one in which another caller has changed it
        found = _find(name)
        if if_updated_at not in (None, found.updated_at):
            raise ChangedMeanwhile("Somebody has changed the schedule since you read it.")
        made = writes.change(found, changes, by)
        if made is not None:
            return _record(made)


def delete_schedule(name: str, by: Operator | None = None, *, queue: str | None = None) -> None:
    """Delete a schedule, of one queue if it is named, even one that cannot be read; its tasks stay.

    Raises ScheduleNotFound, QueueUnavailable.
    """
    operation = trail.as_argument(BROKERS, Action.SCHEDULE_DELETE, by, name)
    while True:
        found = schedules.named(BROKERS, name) if NAME.fullmatch(name) else []
        found = [each for each in found if queue in (None, each.queue)]
        if not found:
            raise _unknown(name)
        gone = [
            writes.scripts_of(each.queue).schedule_delete(each.queue, name, operation=operation)
            for each in found
        ]
        if any(gone):
            return


def run_schedule(name: str, by: Operator | None = None) -> SubmittedTask:
    """Submit the task of a schedule now; its due times stay as they are.

    Raises ScheduleNotFound, ScheduleRunning, UnknownTaskType, InvalidPayload, QueueDraining,
    QueueUnavailable.
    """
    operation, task_id = trail.as_argument(BROKERS, Action.SCHEDULE_RUN, by, name), new_id()
    while True:
        schedule = _find(name)
        queue, new = schedule.queue, firing.task_of(schedule, task_id, BROKERS.now_ms())
        answer = writes.scripts_of(queue).schedule_run(
            queue, name, schedule.revision, new, operation=operation
        )
        if answer == "running":
            last = schedule.last_task_id
            raise ScheduleRunning(f"Task {last} has not ended, and runs must not overlap.")
        if answer == "draining":
            raise QueueDraining(
                f"Queue '{queue}' is draining: it accepts no tasks until it is resumed."
            )
        if answer == "done":
            return SubmittedTask(task_id, TaskState.PENDING, new.type, queue)


def _find(name: str) -> Schedule:
    found = records.named(BROKERS, name) if NAME.fullmatch(name) else []
    if not found:
        raise _unknown(name)
    return found[0]


def _record(schedule: Schedule) -> ScheduleRecord:
    return records.records(BROKERS, [schedule])[0]


def _unknown(name: str) -> ScheduleNotFound:
    near = nearest(name, schedules.names(BROKERS)) or "."
    return ScheduleNotFound(f"No schedule has the name '{name[:64]}'{near}")
