"""Check what a schedule is to be: its name, payload, tags and trigger."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from huey_tasks.broker.protocol import Argument
from huey_tasks.broker.scripts.schedules import NEVER
from huey_tasks.errors import InvalidPayload, InvalidQuery, Problem
from huey_tasks.registry import types
from huey_tasks.schedules.trigger import Trigger
from huey_tasks.submission.tags import checked_tags

#: Bytes of a payload as JSON; a limit, because a list of schedules shows all payloads.
LARGEST_PAYLOAD = 16_384

NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}")


def check_schedule(
    name: str,
    task_type: str,
    payload: dict[str, Any],
    tags: Sequence[str],
    cron: str | None,
    every_s: float | None,
    timezone: str | None,
    run_at: dt.datetime | None = None,
) -> bytes:
    """Check what a new schedule would be; return its payload in the stored form.

    Raises InvalidQuery, UnknownTaskType, InvalidPayload. Asks nothing of Redis.
    """
    if not NAME.fullmatch(name):
        rule = "A name has 1 to 100 letters, digits, dots, underscores and hyphens."
        raise InvalidQuery([Problem("/name", "name", rule)])
    encoded = payload_of(task_type, payload)
    checked_tags(tags)
    trigger_of(cron, every_s, timezone, run_at, 0)
    return encoded


def trigger_of(
    cron: str | None,
    every_s: float | None,
    timezone: str | None,
    run_at: dt.datetime | None,
    start_ms: int,
) -> Trigger:
    """Return the trigger of a request, which is due after `start_ms`.

    Raises InvalidQuery, which names each wrong field.
    """
    if run_at is not None:
        if cron is not None or every_s is not None or timezone not in (None, "UTC"):
            rule = "A schedule that is due once has neither cron nor every_s nor a time zone."
            raise InvalidQuery([Problem("/run_at", "run_at_alone", rule)])
        return Trigger.once(run_at, start_ms)
    return Trigger.of(cron, every_s, timezone, start_ms)


def payload_of(task_type: str, payload: dict[str, Any]) -> bytes:
    """Return the payload in its stored form. Raises InvalidPayload, UnknownTaskType."""
    encoded = types.get(task_type).check(payload)
    if len(encoded) > LARGEST_PAYLOAD:
        rule = f"The payload of a schedule has at most {LARGEST_PAYLOAD:,} bytes as JSON."
        raise InvalidPayload("The payload is too large.", [Problem("", "too_large", rule)])
    return encoded


def next_due(trigger: Trigger, now_ms: int) -> int | str:
    """Return the next due time, NEVER if there is none."""
    return next(iter(trigger.after(now_ms)), NEVER)


def trigger_fields(trigger: Trigger) -> dict[str, Argument]:
    """Return the fields in which a trigger is stored."""
    every_ms = "" if trigger.every_ms is None else trigger.every_ms
    return {
        "cron": trigger.cron or "",
        "every_ms": every_ms,
        "timezone": trigger.timezone,
        "start_at": trigger.start_ms,
    }
