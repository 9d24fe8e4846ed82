"""Reading: tasks, out of Redis into records. Writes nothing.

Everything read is checked on the way in: Redis is input like any other.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from huey_tasks import serializer
from huey_tasks.broker import event_keys, keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.events import EventScripts
from huey_tasks.broker.task_hash import TaskHash
from huey_tasks.records import log_lines, outcomes, past_attempts, task_facts
from huey_tasks.records.events import Position, TaskEvent
from huey_tasks.records.models import PartialResult, TaskRecord, TaskState


def find(brokers: Brokers, task_id: str) -> TaskRecord | None:
    """Read a task wherever it is, with its log and attempts; None if it is nowhere."""
    known = _hashes(brokers, [(queue, task_id) for queue in brokers])
    if not known:
        return None
    queue, _, task = known[0]
    with brokers.pipeline() as pipe:
        pipe.lrange(keys.log(queue, task_id), 0, -1)
        pipe.lrange(event_keys.partials(queue, task_id), 0, -1)
        log, partials = pipe.execute()
    return _whole(brokers, queue, task_id, task, log, partials)


class WatchedTask(NamedTuple):
    """A task as it was right after the event at `position`."""

    position: Position
    record: TaskRecord


def watch(brokers: Brokers, task_id: str) -> WatchedTask | None:
    """Read a task wherever it is, so that events can be followed from there on; None if nowhere."""
    found = EventScripts(brokers.first.scripts).watch(list(brokers), task_id)
    if found is None:
        return None
    queue, seen = found
    task = TaskHash.of(seen.fields)
    record = _whole(brokers, queue, task_id, task, seen.log, seen.partials)
    return WatchedTask(TaskEvent.position_of(seen.last), record)


def _whole(
    brokers: Brokers,
    queue: str,
    task_id: str,
    task: TaskHash,
    log: Sequence[bytes],
    partials: Sequence[bytes],
) -> TaskRecord:
    lines = task.attempts
    ended = outcomes.read(brokers, [(task_id, task)], [(task_id, line.token) for line in lines])
    record = _task_record(queue, task_id, task, ended.get((task_id, task.outcome)))
    of_lines = [ended.get((task_id, line.token)) for line in lines]
    return replace(
        record,
        log=tuple(log_lines.line_of(line) for line in log),
        partial_results=tuple(partial_of(json.loads(text)) for text in partials),
        attempts=past_attempts.of(record, lines, of_lines, task.receipts),
    )


def partial_of(fields: dict[str, Any]) -> PartialResult:
    """Return a partial result from the form in which a task keeps it."""
    at = dt.datetime.fromisoformat(fields["at"])
    return PartialResult(fields["attempt"], at, fields["value"], fields.get("note"))


def load(brokers: Brokers, ids: list[tuple[str, str]]) -> list[TaskRecord]:
    """Read the tasks of (queue, id) pairs, those that are there, in two round trips."""
    if not ids:
        return []
    known = _hashes(brokers, ids)
    ended = outcomes.read(brokers, [(task_id, task) for _, task_id, task in known])
    return [
        _task_record(queue, task_id, task, ended.get((task_id, task.outcome)))
        for queue, task_id, task in known
    ]


def _hashes(brokers: Brokers, ids: list[tuple[str, str]]) -> list[tuple[str, str, TaskHash]]:
    """Return the fields of the tasks that are there, each with its queue and id."""
    with brokers.pipeline() as pipe:
        for queue, task_id in ids:
            pipe.hgetall(keys.task(queue, task_id))
        hashes = [TaskHash.of(found) for found in pipe.execute()]
    return [(*pair, task) for pair, task in zip(ids, hashes, strict=True) if task]


@dataclass(frozen=True)
class ClaimFields:
    """What a task keeps of the claim on it."""

    token: str
    retries_left: int
    retry_delay_s: float


def claim_fields(broker: Broker, task_id: str) -> ClaimFields | None:
    """Return the token of a task that runs and the retries that are left; None if none does."""
    names = ("state", "token", "attempt", "started_at", "max_attempts", "retry_delay_s")
    with redis_errors():
        values = broker.redis.hmget(keys.task(broker.name, task_id), names)
    held = TaskHash.of_reply(names, values)
    if not held or held.state is not TaskState.STARTED or held.token is None:
        return None
    return ClaimFields(held.token, held.retries_left, float(held.get("retry_delay_s") or 0))


def _task_record(queue: str, task_id: str, task: TaskHash, blob: bytes | None) -> TaskRecord:
    outcome = cast(dict[str, Any], serializer.loads_plain(blob)) if blob else {}
    raised = outcome.get("error")
    shown = task_facts.of(queue, task_id, task, payload=task.payload, raised=raised)
    succeeded = shown.status is TaskState.SUCCESS
    return TaskRecord(
        **vars(shown),
        result=outcome.get("result") if succeeded else None,
        result_note=outcome.get("note") if succeeded else None,
        traceback=outcome.get("traceback") if shown.error == raised and not succeeded else None,
        schedule=task.schedule,
        flow_id=task.flow_id,
        updated_at=task.updated_at,
        submitted_by=task.submitted_by,
        invocation=task.invocation,
        reported=outcome.get("reported") if not succeeded else None,
    )
