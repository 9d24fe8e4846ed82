"""Tasks as rows of a table: everything but what may be large, read without reading that.

A page of two hundred tasks must not fetch two hundred results. Owns what a row holds and how much
of a payload it shows.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huey_tasks import facts, fields
from huey_tasks.operator_scripts import OperatorScripts
from huey_tasks.records import TaskFacts, TaskState

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

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


def load(queue: "TaskQueue", task_ids: Sequence[str]) -> list[TaskRow]:
    """Read the tasks with these ids that are there, in one round trip."""
    if not task_ids:
        return []
    now_ms, rows = OperatorScripts(queue.storage.scripts).rows(queue.name, task_ids)
    return [
        _row(queue.name, task_id, _texts(row), now_ms)
        for task_id, row in zip(task_ids, rows, strict=True)
        if row
    ]


def _texts(row: Iterable[bytes | None]) -> dict[str, str]:
    pairs = zip(fields.ROW, row, strict=True)
    return {name: text.decode("utf-8", "replace") for name, text in pairs if text is not None}


def _row(queue: str, task_id: str, f: dict[str, str], now_ms: float) -> TaskRow:
    payload, truncated = _shown(f["message"])
    told = facts.of(queue, task_id, f, payload=payload, raised=None)
    wait_s, run_s = durations(f, told.status, now_ms)
    return TaskRow(**vars(told), payload_truncated=truncated, wait_s=wait_s, run_s=run_s)


def durations(
    f: dict[str, str], state: TaskState, now_ms: float
) -> tuple[float | None, float | None]:
    """The seconds of `wait_s` and `run_s`; `times` in search.lua does the same."""
    queued, started = float(f.get("queued_at", 0)), float(f.get("started_at", -1))
    ended = float(f["finished_at"]) if "finished_at" in f else None
    now = now_ms if ended is None else ended
    if started >= queued:
        runs = ended is not None or state is TaskState.STARTED
        return (started - queued) / 1000 if queued else None, (
            now - started
        ) / 1000 if runs else None
    waits = ended is not None or state is TaskState.PENDING
    return ((now - queued) / 1000 if waits and queued else None), None


def _shown(message: str) -> tuple[dict[str, Any], bool]:
    """The payload, shortened if it has to be; whether it was."""
    if not message:
        return {}, True
    payload = fields.payload_of(message)
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
