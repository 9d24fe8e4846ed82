"""Schedules that are declared in code, and kept like it when a consumer starts.

    from huey_tasks import schedules

    schedules.declare("nightly-report", report, {"range": "last_day"}, cron="0 3 * * *")

Each consumer makes the schedules of its queue what the code declares: new ones are created, changed
ones changed, and those that the code declares no more are deleted, if it still has their task type.
What people have made over HTTP or on the page stays. The deploy that starts last decides.
"""

import contextlib
import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Never

from huey_tasks.declaration import other_words
from huey_tasks.declaration.options import place_of_caller
from huey_tasks.errors import (
    DucklineError,
    InvalidPayload,
    InvalidQuery,
    InvalidTaskType,
    QueueUnavailable,
    ScheduleNotFound,
    UnknownQueue,
    UnknownTaskType,
)
from huey_tasks.queues import BROKERS
from huey_tasks.registry import types
from huey_tasks.registry.types import TaskType
from huey_tasks.schedules import records
from huey_tasks.schedules.checks import check_schedule
from huey_tasks.schedules.put import put_schedule
from huey_tasks.schedules.records import Schedule, ScheduleRecord
from huey_tasks.schedules.service import delete_schedule
from huey_tasks.submission.submit import destination

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Declaration:
    """One schedule as code declares it."""

    name: str
    task_type: str
    payload: dict[str, Any]
    queue: str
    tags: tuple[str, ...]
    cron: str | None
    every_s: float | None
    timezone: str | None
    overlap: bool
    run_at: dt.datetime | None = None


_declared: dict[str, Declaration] = {}


def declare(
    name: str,
    task_type: TaskType[..., Any] | str,
    payload: dict[str, Any] | None = None,
    *,
    queue: str | None = None,
    tags: Sequence[str] = (),
    cron: str | None = None,
    every_s: float | None = None,
    timezone: str | None = None,
    overlap: bool = True,
    **unknown: Never,
) -> None:
    """Declare a schedule, beside the task types; opens no connection.

    `cron`: five fields in `timezone` (default UTC); or `every_s` seconds. Without `overlap` a run
    is skipped while the one before has not ended. Raises InvalidTaskType, with the user's file and
    line, for what cannot work or a name that is declared already; TypeError for another argument.
    """
    for option in unknown:
        raise other_words.no_option(
            "declare(…)", option, other_words.OF_SCHEDULES, other_words.OF_ONE_SCHEDULE
        )
    place = place_of_caller()
    type_name = task_type if isinstance(task_type, str) else task_type.name
    try:
        check_schedule(name, type_name, payload or {}, tags, cron, every_s, timezone)
        _, chosen = destination(type_name, queue)
    except (InvalidPayload, InvalidQuery, UnknownQueue, UnknownTaskType) as error:
        text = f"schedule '{str(name)[:100]}': {error}"
        if payload is None and isinstance(error, InvalidPayload):
            text += "; with arguments it is huey_tasks.schedules.declare(name, task, {…}, …)"
        raise InvalidTaskType(text, place) from None
    if name in _declared:
        raise InvalidTaskType(f"schedule '{name}': one of that name is declared already", place)
    _declared[name] = Declaration(
        name, type_name, payload or {}, chosen, tuple(tags), cron, every_s, timezone, overlap
    )


def apply(queue: str) -> None:
    """Make the schedules of a queue what this code declares. Raises QueueUnavailable."""
    stored = all_stored()
    store([each for each in _declared.values() if each.queue == queue], stored, "the code")
    known = {found.name for found in types.task_types()}
    retire(
        [
            each
            for each in stored
            if each.queue == queue and each.name not in _declared and each.task_type in known
        ],
        "the code",
    )


def all_stored() -> list[Schedule]:
    """Return the schedules of all queues as they are. Raises QueueUnavailable."""
    return records.all_schedules(BROKERS)


def store(declarations: Sequence[Declaration], stored: Sequence[Schedule], source: str) -> None:
    """Create or change schedules as `source` declares them; a name belongs to who declares it.

    `stored`: those of all queues before. Raises QueueUnavailable.
    """
    former = {each.name: each for each in stored}
    for declaration in declarations:
        try:
            made = _put(declaration)
        except QueueUnavailable:
            raise
        except DucklineError as error:  # there are too many, for one
            about = {"schedule": declaration.name, "error": str(error)}
            logger.error("a declared schedule cannot be stored", extra=about)
            continue
        before = former.get(made.name)
        about = {"schedule": made.name, "when": made.words}
        if before is None:
            logger.info(f"schedule created, as {source} declares it", extra=about)
        elif not before.declared:
            about["was"] = f"{before.task_type} in {before.queue}"
            logger.warning(
                f"schedule of somebody replaced: {source} declares its name", extra=about
            )
        elif before.updated_at != made.updated_at:
            logger.info(f"schedule changed, as {source} declares it", extra=about)


def retire(stored: Sequence[Schedule], source: str) -> None:
    """Delete those of the schedules that are declared. Raises QueueUnavailable."""
    for each in stored:
        if each.declared:
            with contextlib.suppress(ScheduleNotFound):  # another consumer was faster
                delete_schedule(each.name, queue=each.queue)
            about = {"schedule": each.name}
            logger.info(f"schedule deleted, {source} declares it no more", extra=about)


def _put(declaration: Declaration) -> ScheduleRecord:
    made, _ = put_schedule(
        declaration.name,
        declaration.task_type,
        declaration.payload,
        priority=declaration.queue,
        tags=declaration.tags,
        cron=declaration.cron,
        every_s=declaration.every_s,
        timezone=declaration.timezone,
        run_at=declaration.run_at,
        overlap=declaration.overlap,
        declared=True,
    )
    return made
