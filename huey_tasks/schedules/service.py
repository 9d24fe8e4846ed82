"""Create, change, delete, run and list schedules; checks their fields.

A schedule is stored with the keys of its queue, and no two queues may have one of the same name: a
create reads all queues before and after, and withdraws if another was created first. Does not fire
schedules: `firing` does.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.protocol import Argument
from huey_tasks.broker.scripts.schedules import NEVER, ScheduleScripts
from huey_tasks.errors import (
    QueueDraining,
    ScheduleExists,
    ScheduleNotFound,
    ScheduleRunning,
    TooManySchedules,
)
from huey_tasks.queues import BROKERS
from huey_tasks.records import schedules
from huey_tasks.records.ids import new_id
from huey_tasks.records.models import TaskState
from huey_tasks.schedules import firing, records
from huey_tasks.schedules.changes import ScheduleChanges, changed
from huey_tasks.schedules.checks import NAME, check_schedule, next_due, trigger_fields, trigger_of
from huey_tasks.schedules.records import Schedule, ScheduleRecord
from huey_tasks.submission.submit import SubmittedTask, destination
from huey_tasks.submission.tags import checked_tags

#: The maximum number of schedules in all queues.
MOST = 1000

#: How often a change is tried when another change comes between its read and its write.
_TRIES = 20


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
    return records.records(BROKERS, [_find(name)])[0]


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
    instead_of: Sequence[Schedule] = (),
    by: Operator | None = None,
) -> ScheduleRecord:
    """Create a schedule: five `cron` fields in a `timezone`, `every_s` seconds, or once `run_at`.

    Without `overlap` a run is skipped while the one before has not ended. Each task gets the tag
    `schedule:<name>`. `declared`: it comes from code. `origin`: what the tool that makes it wants
    to read again. `instead_of`: those that have its name, which go when it is there, and not
    before: a crash in between leaves both. Raises InvalidQuery, UnknownTaskType, UnknownQueue,
    InvalidPayload; ScheduleExists, TooManySchedules; QueueUnavailable.
    """
    encoded = check_schedule(name, task_type, payload, tags, cron, every_s, timezone, run_at)
    found, queue = destination(task_type, priority)
    kept: dict[str, Argument] = {
        "type": found.name,
        "payload": encoded,
        "tags": checked_tags(tags),
        "overlap": int(overlap),
        "declared": int(declared),
        "origin": origin,
    }
    now_ms = BROKERS.now_ms()
    trigger = trigger_of(cron, every_s, timezone, run_at, now_ms)
    former = {each.id: each.queue for each in instead_of}
    if any(each.id not in former for each in records.named(BROKERS, name)):
        raise _exists(name)
    if schedules.count(BROKERS) - len(former) >= MOST:
        raise TooManySchedules(f"There are {MOST:,} schedules, the maximum; delete some first.")
    action = Action.SCHEDULE_UPDATE if former else Action.SCHEDULE_CREATE
    operation = None if by is None else trail.begin(BROKERS, action, by, name)
    own, scripts = new_id(), _scripts(queue)
    created = scripts.schedule_create(
        queue,
        name,
        own,
        _revision(),
        NEVER if paused else next_due(trigger, now_ms),
        {**kept, **trigger_fields(trigger)},
        replaces=next((id for id, place in former.items() if place == queue), ""),
        operation=operation.as_argument() if operation else "",
    )
    if created is None:
        raise _exists(name)
    new = [each for each in records.named(BROKERS, name) if each.id not in former]
    if new and new[0].queue != queue:
        withdrawn = operation.id if operation else ""
        scripts.schedule_delete(queue, name, id=own, withdrawn=withdrawn)
        raise _exists(name)
    forget(instead_of)
    return get_schedule(name)


def forget(found: Sequence[Schedule]) -> None:
    """Delete these schedules, but none that others have created in their place meanwhile."""
    for each in found:
        _scripts(each.queue).schedule_delete(each.queue, each.name, id=each.id)


def change_schedule(
    name: str, changes: ScheduleChanges, by: Operator | None = None
) -> ScheduleRecord:
    """Change a schedule; a new trigger, or one that is resumed, begins now.

    Raises ScheduleNotFound, InvalidQuery, InvalidPayload, UnknownTaskType, QueueUnavailable.
    """
    operation = trail.as_argument(BROKERS, Action.SCHEDULE_UPDATE, by, name)
    for _ in range(_TRIES):
        schedule = _find(name)
        fields, due = changed(schedule, changes)
        if not fields and due == "":
            break
        scripts = _scripts(schedule.queue)
        if scripts.schedule_update(
            schedule.queue, name, schedule.revision, _revision(), due, fields, operation=operation
        ):
            break
    return get_schedule(name)


def delete_schedule(name: str, by: Operator | None = None, *, queue: str | None = None) -> None:
    """Delete a schedule, of one queue if it is named, even one that cannot be read; its tasks stay.

    Raises ScheduleNotFound, QueueUnavailable.
    """
    operation = trail.as_argument(BROKERS, Action.SCHEDULE_DELETE, by, name)
    found = schedules.named(BROKERS, name) if NAME.fullmatch(name) else []
    found = [each for each in found if queue in (None, each.queue)]
    gone = [
        _scripts(each.queue).schedule_delete(each.queue, name, operation=operation)
        for each in found
    ]
    if not any(gone):
        raise _unknown(name)


def run_schedule(name: str, by: Operator | None = None) -> SubmittedTask:
    """Submit the task of a schedule now; its due times stay as they are.

    Raises ScheduleNotFound, ScheduleRunning, UnknownTaskType, InvalidPayload, QueueDraining,
    QueueUnavailable.
    """
    operation, task_id = trail.as_argument(BROKERS, Action.SCHEDULE_RUN, by, name), new_id()
    for _ in range(_TRIES):
        schedule = _find(name)
        queue, new = schedule.queue, firing.task_of(schedule, task_id, BROKERS.now_ms())
        answer = _scripts(queue).schedule_run(
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
    raise _unknown(name)


def _find(name: str) -> Schedule:
    found = records.named(BROKERS, name) if NAME.fullmatch(name) else []
    if not found:
        raise _unknown(name)
    return found[0]


def _scripts(queue: str) -> ScheduleScripts:
    return ScheduleScripts(BROKERS[queue].scripts)


def _revision() -> str:
    return secrets.token_hex(8)


def _exists(name: str) -> ScheduleExists:
    return ScheduleExists(f"A schedule with the name '{name}' exists.")


def _unknown(name: str) -> ScheduleNotFound:
    return ScheduleNotFound(f"No schedule has the name '{name[:100]}'.")
