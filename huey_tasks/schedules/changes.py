"""Changes of a schedule: what of it differs, and when it is due then."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huey_tasks.broker.protocol import Argument
from huey_tasks.broker.scripts.schedules import NEVER
from huey_tasks.queues import BROKERS
from huey_tasks.schedules.checks import next_due, payload_of, trigger_fields, trigger_of
from huey_tasks.schedules.records import Schedule
from huey_tasks.schedules.trigger import Trigger
from huey_tasks.submission.tags import checked_tags


@dataclass(frozen=True)
class ScheduleChanges:
    """Changes of a schedule; None leaves a field as it is.

    Of `cron`, `every_s` and `run_at` one replaces the others.
    """

    payload: dict[str, Any] | None = None
    tags: Sequence[str] | None = None
    cron: str | None = None
    every_s: float | None = None
    timezone: str | None = None
    run_at: dt.datetime | None = None
    overlap: bool | None = None
    paused: bool | None = None
    declared: bool | None = None
    origin: str | None = None


def changed(schedule: Schedule, changes: ScheduleChanges) -> tuple[dict[str, Argument], int | str]:
    """Return the fields that change and the new due time, "" to leave it as it is."""
    fields: dict[str, Argument] = {}
    if changes.payload is not None:
        payload = payload_of(schedule.task_type, changes.payload)
        if payload.decode() != schedule.payload:
            fields["payload"] = payload
    if changes.tags is not None and tuple(dict.fromkeys(changes.tags)) != schedule.tags:
        fields["tags"] = checked_tags(changes.tags)
    if changes.overlap not in (None, schedule.overlap):
        fields["overlap"] = int(bool(changes.overlap))
    if changes.declared not in (None, schedule.declared):
        fields["declared"] = int(bool(changes.declared))
    if changes.origin not in (None, schedule.origin):
        fields["origin"] = changes.origin or ""
    now_ms = BROKERS.now_ms()
    trigger = _changed_trigger(schedule.trigger, changes, now_ms)
    if trigger != schedule.trigger:
        fields |= trigger_fields(trigger)
    paused = is_paused(schedule, now_ms)
    pause = paused if changes.paused is None else changes.paused
    if pause:
        return fields, "" if paused else NEVER
    return fields, next_due(trigger, now_ms) if paused or trigger != schedule.trigger else ""


def is_paused(schedule: Schedule, now_ms: int) -> bool:
    """Return whether somebody has paused it; one that was due once is not due any more, either."""
    has_run = schedule.trigger.is_once and schedule.trigger.start_ms <= now_ms
    return schedule.due_ms is None and not has_run


def _changed_trigger(trigger: Trigger, changes: ScheduleChanges, now_ms: int) -> Trigger:
    if changes.run_at is not None:
        plan = changes.cron, changes.every_s, changes.timezone, changes.run_at
        # What it is already may have passed.
        return trigger if trigger_of(*plan, 0) == trigger else trigger_of(*plan, now_ms)
    if changes.cron is None and changes.every_s is None and changes.timezone is None:
        return trigger
    cron, every_s, timezone = changes.cron, changes.every_s, changes.timezone
    if cron is None and every_s is None:
        cron, every_s = trigger.cron, trigger.every_ms and trigger.every_ms / 1000
    if cron is not None and timezone is None:
        timezone = trigger.timezone
    new = Trigger.of(cron, every_s, timezone, now_ms)
    same = (new.cron, new.every_ms, new.timezone) == (
        trigger.cron,
        trigger.every_ms,
        trigger.timezone,
    )
    return trigger if same else new
