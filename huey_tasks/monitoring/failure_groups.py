"""Read the failure groups of all queues, merged by fingerprint.

The scripts add a task to its group when it fails and remove it when the task is pruned or deleted.
The same cause in two queues has the same fingerprint, and is one group here.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from huey_tasks import serializer
from huey_tasks.broker import keys, task_hash
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.operators import OperatorScripts, SeenGroup
from huey_tasks.errors import FailuresNotFound
from huey_tasks.records import outcomes

#: Hours of a trend, the current one included; `TREND_HOURS` in lua/lib/join_group.lua.
HOURS = 24


@dataclass(frozen=True)
class FailureGroup:
    """The stored failed tasks of one cause.

    `message` is the error's without numbers and ids; `frame` is the place in the task's own code,
    "" if the error came from other code. `trend` counts by the hour, the oldest first. The sample
    is the last task that failed, None if it is not stored any more.
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
    """Groups, the one seen last first, and the number of failed tasks in no group."""

    groups: tuple[FailureGroup, ...]
    ungrouped: int


@dataclass(frozen=True)
class GroupPart:
    """The part of a group that is in one queue."""

    queue: str
    now_ms: float
    seen: SeenGroup

    def ms(self, name: str) -> float:
        return float(self.seen.fields[name])


def groups(
    brokers: Brokers, *, task_type: str | None = None, limit: int = 50, samples: bool = True
) -> Failures:
    """Read the groups of these queues; the tasks of other queues are not counted."""
    merged, ungrouped = _look(brokers, "")
    of_type = [parts for parts in merged if task_type is None or task_type in _types(parts)]
    if not samples:
        bare = [_group(parts, "", "", None) for parts in of_type[:limit]]
        return Failures(tuple(bare), ungrouped)
    return Failures(tuple(_with_samples(brokers, of_type[:limit])), ungrouped)


def require(brokers: Brokers, fingerprint: str) -> list[list[GroupPart]]:
    """Return the parts of a group in the queues. Raises FailuresNotFound."""
    merged, _ = _look(brokers, fingerprint)
    if not merged:
        raise FailuresNotFound("No stored failed task has this fingerprint.")
    return merged


def group(brokers: Brokers, fingerprint: str) -> FailureGroup:
    """Read one group. Raises FailuresNotFound."""
    merged = require(brokers, fingerprint)
    return _with_samples(brokers, merged)[0]


def _look(brokers: Brokers, wanted: str) -> tuple[list[list[GroupPart]], int]:
    """Return the groups as parts, the one seen last first; and the number of tasks in none."""
    scripts = OperatorScripts(brokers.first.scripts)
    parts: dict[str, list[GroupPart]] = {}
    ungrouped = 0
    for queue, seen in zip(brokers, scripts.failures(brokers, wanted), strict=True):
        ungrouped += max(seen.failed - sum(each.tasks for each in seen.groups), 0)
        for group_seen in seen.groups:
            part = GroupPart(queue, seen.now_ms, group_seen)
            parts.setdefault(group_seen.fingerprint, []).append(part)
    for found in parts.values():
        found.sort(key=lambda part: part.ms("last_seen"), reverse=True)
    merged = sorted(parts.values(), key=lambda found: found[0].ms("last_seen"), reverse=True)
    return merged, ungrouped


def _types(parts: Sequence[GroupPart]) -> tuple[str, ...]:
    named = {name for part in parts for name in part.seen.fields if name.startswith("task.")}
    return tuple(sorted(name.removeprefix("task.") for name in named))


def _trend(parts: Sequence[GroupPart]) -> tuple[int, ...]:
    hour = int(parts[0].now_ms // 3_600_000)
    return tuple(
        sum(int(part.seen.fields.get(f"hour.{number}", 0)) for part in parts)
        for number in range(hour - HOURS + 1, hour + 1)
    )


def _with_samples(brokers: Brokers, merged: Sequence[Sequence[GroupPart]]) -> list[FailureGroup]:
    """Return the groups, each with the error of one task, in two round trips."""
    places = [(parts[0].queue, parts[0].seen.sample) for parts in merged]
    found = outcomes.ends(brokers.first, places)
    return [_group(parts, *sample) for parts, sample in zip(merged, found, strict=True)]


def _group(parts: Sequence[GroupPart], state: str, reason: str, blob: bytes | None) -> FailureGroup:
    last = parts[0].seen
    outcome = cast(dict[str, Any], serializer.loads(blob)) if blob else {}
    return FailureGroup(
        fingerprint=last.fingerprint,
        error_type=last.fields["type"],
        message=last.fields["message"],
        frame=last.fields["frame"],
        task_types=_types(parts),
        queues=tuple(name for name in keys.queue_names() if name in {p.queue for p in parts}),
        count=sum(part.seen.tasks for part in parts),
        retryable=sum(part.seen.retryable for part in parts),
        first_seen=task_hash.from_ms(min(part.ms("first_seen") for part in parts)),
        last_seen=task_hash.from_ms(parts[0].ms("last_seen")),
        trend=_trend(parts),
        sample_task_id=last.sample if state else None,
        sample_error=reason or None,
        # If the last attempt crashed its worker, the outcome is that of an earlier attempt.
        sample_traceback=outcome.get("traceback") if reason == outcome.get("error") else None,
    )
