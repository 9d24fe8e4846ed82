"""Tasks as rows of a table: everything but what may be large, read without reading that.

A page of two hundred tasks must not fetch two hundred results. Owns what a row holds and how much
of a payload it shows.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.operators import OperatorScripts
from huey_tasks.broker.task_hash import TaskHash
from huey_tasks.records import task_facts
from huey_tasks.records.models import TaskFacts, TaskState

#: Characters of a payload, as JSON, that a row shows; and of one text in it.
PAYLOAD_CHARS, TEXT_CHARS = 2048, 512


@dataclass(frozen=True, kw_only=True)
class TaskRow(TaskFacts):
    """A task as it is now, without its result, traceback and log.

    `wait_s` is how long it has waited in its queue for its last attempt, or waits now; `run_s` how
    long that attempt took, or takes.
    """

    payload_truncated: bool
    wait_s: float | None
    run_s: float | None


def load(broker: Broker, task_ids: Sequence[str]) -> list[TaskRow]:
    """Read the tasks with these ids that are there."""
    if not task_ids:
        return []
    now_ms, rows = OperatorScripts(broker.scripts).rows(broker.name, task_ids)
    return [
        _row(broker.name, task_id, TaskHash.of_reply(task_hash.ROW, row), now_ms)
        for task_id, row in zip(task_ids, rows, strict=True)
        if row
    ]


def _row(queue: str, task_id: str, task: TaskHash, now_ms: float) -> TaskRow:
    payload, truncated = _shown(task.message)
    shown = task_facts.of(queue, task_id, task, payload=payload, raised=None)
    wait_s, run_s = durations(task, task_hash.from_ms(now_ms))
    return TaskRow(**vars(shown), payload_truncated=truncated, wait_s=wait_s, run_s=run_s)


def durations(task: TaskHash, now: dt.datetime) -> tuple[float | None, float | None]:
    """Return the seconds of `wait_s` and `run_s`; `times` in search.lua does the same."""
    queued_at, started_at, finished_at = task.queued_at, task.started_at, task.finished_at
    until = finished_at or now
    if started_at and not (queued_at and started_at < queued_at):
        runs = finished_at or task.state is TaskState.STARTED
        return _seconds(queued_at, started_at), _seconds(started_at, until) if runs else None
    waits = finished_at or task.state is TaskState.PENDING
    return _seconds(queued_at, until) if waits else None, None


def _seconds(begin: dt.datetime | None, end: dt.datetime) -> float | None:
    return None if begin is None else (end - begin).total_seconds()


def _shown(message: str) -> tuple[dict[str, Any], bool]:
    """Return the payload, shortened to PAYLOAD_CHARS, and whether it was cut."""
    if not message:
        return {}, True
    payload = task_hash.payload_of(message)
    if len(message) <= PAYLOAD_CHARS:
        return payload, False
    shown, left, cut = dict[str, Any](), PAYLOAD_CHARS, False
    for name, value in payload.items():
        short = f"{value[:TEXT_CHARS]}…" if isinstance(value, str) else value
        short = value if isinstance(value, str) and len(value) <= TEXT_CHARS else short
        size = len(name) + len(json.dumps(short, ensure_ascii=False))
        if size > left:
            cut = True
            continue
        shown[name], left, cut = short, left - size, cut or short is not value
    return shown, cut
