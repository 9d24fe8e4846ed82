"""Tasks as rows of a table: everything but what may be large, read without reading that.

A page of two hundred tasks must not fetch two hundred results. Owns what a row holds and how much
of a payload it shows.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huey_tasks import fields
from huey_tasks.operator_scripts import OperatorScripts
from huey_tasks.records import Progress, TaskState

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

#: The fields of a task in the order in which `rows.lua` gives them; the message comes last.
FIELDS = (
    "state", "type", "attempt", "max_attempts", "deliveries", "crashes", "losses", "progress",
    "submitted_at", "queued_at", "started_at", "finished_at", "due_at", "token", "stopping",
    "stopped_at", "outcome", "reason", "attempts", "retry_of", "retried_as", "tags", "gate",
    "cause", "message",
)  # fmt: skip

#: Characters of a payload, as JSON, that a row shows; and of one text in it.
PAYLOAD_CHARS, TEXT_CHARS = 2048, 512


@dataclass(frozen=True)
class TaskRow:
    """A task as it is now, without its result, traceback and log.

    `wait_s` is how long it has waited in its queue for its last attempt, or waits now; `run_s` how
    long that attempt took, or takes. `cause` is the group of failures that it belongs to.
    """

    task_id: str
    status: TaskState
    task_type: str
    queue: str
    payload: dict[str, Any]
    payload_truncated: bool
    error: str | None
    attempt: int
    max_attempts: int
    deliveries: int
    crashes: int
    losses: int
    progress: Progress | None
    submitted_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    next_retry_at: dt.datetime | None
    scheduled_for: dt.datetime | None
    worker: str | None
    stop_confirmed: bool | None
    retry_of: str | None
    retried_as: str | None
    gate: str | None
    cause: str | None
    tags: tuple[str, ...]
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
    pairs = zip(FIELDS, row, strict=True)
    return {name: text.decode("utf-8", "replace") for name, text in pairs if text is not None}


def _row(queue: str, task_id: str, f: dict[str, str], now_ms: float) -> TaskRow:
    state = TaskState(f["state"])
    progress = json.loads(f["progress"]) if f.get("progress") else None
    payload, truncated = _shown(f["message"])
    wait_s, run_s = durations(f, state, now_ms)
    return TaskRow(
        task_id=task_id,
        status=state,
        task_type=f["type"],
        queue=queue,
        payload=payload,
        payload_truncated=truncated,
        error=_error(state, f),
        attempt=int(f.get("attempt", 0)),
        max_attempts=int(f["max_attempts"]),
        deliveries=int(f.get("deliveries", 0)),
        crashes=int(f.get("crashes", 0)),
        losses=int(f.get("losses", 0)),
        progress=Progress(progress["fraction"], progress["text"]) if progress else None,
        submitted_at=fields.from_ms(f["submitted_at"]),
        started_at=fields.time_of(f, "started_at"),
        finished_at=fields.time_of(f, "finished_at"),
        next_retry_at=fields.time_of(f, "due_at") if state is TaskState.RETRY else None,
        scheduled_for=fields.time_of(f, "due_at") if state is TaskState.SCHEDULED else None,
        worker=fields.worker_name(f),
        stop_confirmed="stopped_at" in f if "stopping" in f else None,
        retry_of=f.get("retry_of"),
        retried_as=f.get("retried_as"),
        gate=f.get("gate"),
        cause=f.get("cause"),
        tags=fields.tags_of(f),
        wait_s=wait_s,
        run_s=run_s,
    )


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


def _error(state: TaskState, f: dict[str, str]) -> str | None:
    """Why it ended; of one that tries again, why its last attempt failed."""
    if state is TaskState.SUCCESS:
        return None
    if f.get("reason"):
        return f["reason"]
    return fields.last_error(f)


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
