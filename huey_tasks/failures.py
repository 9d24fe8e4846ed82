"""Failed tasks by their cause: the groups of all queues, merged, and how one is retried.

The scripts put a task into its group when it fails, and take it out when it is forgotten; the same
cause in two queues has the same fingerprint, and is one group here.
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from huey_tasks import fields, keys, serializer
from huey_tasks.actions import retry_tasks
from huey_tasks.connection import redis_errors
from huey_tasks.errors import FailuresNotFound
from huey_tasks.operation import Operation, begun_ms
from huey_tasks.operator_scripts import DONE, FULL, OperatorScripts, SeenGroup

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

#: Hours of a trend, the present one included; `TREND_HOURS` in lua/lib/join_group.lua.
HOURS = 24

#: Tasks that are retried between two looks at the group, and seconds that one call goes on.
CHUNK, BUDGET_S = 100, 1.0

TaskQueues = Mapping[str, "TaskQueue"]


@dataclass(frozen=True)
class FailureGroup:
    """The failed tasks that are kept and have one cause.

    `message` is the error's without what differs from task to task; `frame` is the place in the
    task's own code, "" if none of it raised. `trend` counts by the hour, the oldest first. The
    sample is the last task that failed, or None if that is forgotten.
    """

    fingerprint: str
    error_type: str
    message: str
    frame: str
    task_types: tuple[str, ...]
    queues: tuple[str, ...]
    count: int
    retryable: int
    first_seen: dt.datetime
    last_seen: dt.datetime
    trend: tuple[int, ...]
    sample_task_id: str | None
    sample_error: str | None
    sample_traceback: str | None


@dataclass(frozen=True)
class Failures:
    """Groups, the one seen last first, and how many failed tasks stand in none."""

    groups: tuple[FailureGroup, ...]
    ungrouped: int


@dataclass(frozen=True)
class GroupRetry:
    """What one call has retried, and how many tasks of the group can still be."""

    fingerprint: str
    retried: int
    left: int
    operation_id: str


def groups(
    queues: TaskQueues, *, task_type: str | None = None, limit: int = 50, samples: bool = True
) -> Failures:
    """Read the groups of these queues, with what they have of other queues left out."""
    merged, ungrouped = _look(queues, "")
    of_type = [parts for parts in merged if task_type is None or task_type in _types(parts)]
    if not samples:
        bare = [_group(parts, "", "", None) for parts in of_type[:limit]]
        return Failures(tuple(bare), ungrouped)
    return Failures(tuple(_with_samples(queues, of_type[:limit])), ungrouped)


def group(queues: TaskQueues, fingerprint: str) -> FailureGroup:
    """Read one group. Raises FailuresNotFound."""
    merged, _ = _look(queues, fingerprint)
    if not merged:
        raise FailuresNotFound("No failed task that is kept has this fingerprint.")
    return _with_samples(queues, merged)[0]


def retry(
    queues: TaskQueues,
    fingerprint: str,
    operation: Operation,
    *,
    limit: int | None,
    budget_s: float = BUDGET_S,
) -> GroupRetry:
    """Submit tasks of a group once more, the oldest first, each once, for a bounded time.

    Only those that had failed when the operation began: a new task that fails again joins the
    group, and would be retried for ever.

    Raises FailuresNotFound, and QueueUnavailable; called again it goes on with what is left.
    """
    if not _look(queues, fingerprint)[0]:
        raise FailuresNotFound("No failed task that is kept has this fingerprint.")
    ends, retried = time.monotonic() + budget_s, 0
    until_ms = begun_ms(operation.id)
    while chunk := _oldest(
        queues, fingerprint, until_ms, CHUNK if limit is None else limit - retried
    ):
        words = [
            word
            for queue, places in groupby(chunk, key=lambda place: place[0])
            for word in retry_tasks(queues[queue], [task_id for _, task_id in places], operation)
        ]
        retried += words.count(DONE)
        if time.monotonic() >= ends or FULL in words:
            break
    left = _retryable(queues, fingerprint, until_ms)
    return GroupRetry(fingerprint, retried, left, operation.id)


@dataclass(frozen=True)
class _Part:
    """A group as one queue knows it."""

    queue: str
    now_ms: float
    seen: SeenGroup

    def ms(self, name: str) -> float:
        return float(self.seen.fields[name])


def _look(queues: TaskQueues, wanted: str) -> tuple[list[list[_Part]], int]:
    """The groups, each with its parts in the queues; the last seen first. And who has no group."""
    scripts = OperatorScripts(next(iter(queues.values())).storage.scripts)
    parts: dict[str, list[_Part]] = {}
    ungrouped = 0
    for queue, seen in zip(queues, scripts.failures(queues, wanted), strict=True):
        ungrouped += max(seen.failed - seen.grouped, 0)
        for one in seen.groups:
            parts.setdefault(one.fingerprint, []).append(_Part(queue, seen.now_ms, one))
    for found in parts.values():
        found.sort(key=lambda part: part.ms("last_seen"), reverse=True)
    merged = sorted(parts.values(), key=lambda found: found[0].ms("last_seen"), reverse=True)
    return merged, ungrouped


def _types(parts: Sequence[_Part]) -> tuple[str, ...]:
    named = {name for part in parts for name in part.seen.fields if name.startswith("task.")}
    return tuple(sorted(name.removeprefix("task.") for name in named))


def _trend(parts: Sequence[_Part]) -> tuple[int, ...]:
    hour = int(parts[0].now_ms // 3_600_000)
    return tuple(
        sum(int(part.seen.fields.get(f"hour.{number}", 0)) for part in parts)
        for number in range(hour - HOURS + 1, hour + 1)
    )


def _with_samples(queues: TaskQueues, merged: Sequence[Sequence[_Part]]) -> list[FailureGroup]:
    """The groups as they are shown, each with one task's error, in two round trips."""
    storage = next(iter(queues.values())).storage
    places = [keys.task(parts[0].queue, parts[0].seen.sample) for parts in merged]
    with redis_errors(), storage.broker.pipeline(transaction=False) as pipe:
        for key in places:
            pipe.hmget(key, ["state", "reason", "outcome"])
        rows = [
            [(text or b"").decode("utf-8", "replace") for text in row] for row in pipe.execute()
        ]
        names = [
            keys.outcome(parts[0].seen.sample, outcome)
            for parts, (_, _, outcome) in zip(merged, rows, strict=True)
        ]
        blobs = storage.conn.mget(names) if names else []
    return [
        _group(parts, state, reason, blob)
        for parts, (state, reason, _), blob in zip(merged, rows, blobs, strict=True)
    ]


def _group(parts: Sequence[_Part], state: str, reason: str, blob: bytes | None) -> FailureGroup:
    last = parts[0].seen
    outcome = cast(dict[str, Any], serializer.loads(blob)) if blob else {}
    return FailureGroup(
        fingerprint=last.fingerprint,
        error_type=last.fields["type"],
        message=last.fields["message"],
        frame=last.fields["frame"],
        task_types=_types(parts),
        queues=tuple(name for name in keys.QUEUE_NAMES if name in {p.queue for p in parts}),
        count=sum(part.seen.tasks for part in parts),
        retryable=sum(part.seen.retryable for part in parts),
        first_seen=fields.from_ms(min(part.ms("first_seen") for part in parts)),
        last_seen=fields.from_ms(parts[0].ms("last_seen")),
        trend=_trend(parts),
        sample_task_id=last.sample if state else None,
        sample_error=reason or None,
        # The outcome may be that of an earlier attempt, if the last one killed its worker.
        sample_traceback=outcome.get("traceback") if reason == outcome.get("error") else None,
    )


def _retryable(queues: TaskQueues, fingerprint: str, until_ms: int) -> int:
    """How many tasks that had failed by then can be retried."""
    broker = next(iter(queues.values())).storage.broker
    with redis_errors(), broker.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.zcount(keys.failed(queue, fingerprint), 1, until_ms)
        return sum(pipe.execute())


def _oldest(
    queues: TaskQueues, fingerprint: str, until_ms: int, most: int
) -> list[tuple[str, str]]:
    """The queues and ids of some tasks that can be retried, those that failed first."""
    rows: list[tuple[float, str, str]] = []
    for queue in queues.values() if most > 0 else ():
        with redis_errors():
            found = queue.storage.broker.zrangebyscore(
                keys.failed(queue.name, fingerprint), 1, until_ms, 0, CHUNK, withscores=True
            )
        rows += [(score, queue.name, task_id.decode()) for task_id, score in found]
    return [(queue, task_id) for _, queue, task_id in sorted(rows)[: min(most, CHUNK)]]
