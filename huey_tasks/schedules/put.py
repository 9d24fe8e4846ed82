"""Make a schedule what a caller says, whether it exists or not: for tools and for code."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from huey_tasks.audit.operation import Operator
from huey_tasks.errors import ScheduleExists
from huey_tasks.queues import BROKERS
from huey_tasks.schedules import records
from huey_tasks.schedules.changes import ScheduleChanges, is_paused
from huey_tasks.schedules.checks import check_schedule
from huey_tasks.schedules.records import ScheduleRecord
from huey_tasks.schedules.service import change_schedule, create_schedule, forget
from huey_tasks.submission.submit import destination


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
    or queue is created again, and then the former goes. Raises what `create_schedule` raises, but
    no ScheduleExists.
    """
    check_schedule(name, task_type, payload, tags, cron, every_s, timezone, run_at)
    _, queue = destination(task_type, priority)
    found = records.named(BROKERS, name)
    same = [each for each in found if (each.task_type, each.queue) == (task_type, queue)]
    if not same:
        if found and paused is None:
            paused = is_paused(found[0], BROKERS.now_ms())
        try:
            made = create_schedule(
                name, task_type, payload, priority=queue, tags=tags, cron=cron, every_s=every_s,
                timezone=timezone, run_at=run_at, overlap=overlap, paused=bool(paused),
                declared=declared, origin=origin, instead_of=found, by=by,
            )  # fmt: skip
        except ScheduleExists:  # somebody else has just put it
            pass
        else:
            return made, True
    else:
        forget([each for each in found if each not in same])  # a crash may have left it
    changes = ScheduleChanges(
        payload=payload, tags=tags, cron=cron, every_s=every_s,
        timezone="UTC" if timezone is None and cron is not None else timezone,
        run_at=run_at, overlap=overlap, paused=paused, declared=declared, origin=origin,
    )  # fmt: skip
    return change_schedule(name, changes, by), False
