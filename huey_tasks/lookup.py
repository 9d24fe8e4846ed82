"""Reading: tasks and numbers of queues, out of Redis into records. Writes nothing.

Everything read is checked on the way in: Redis is input like any other.
"""

import contextlib
import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from huey_tasks import counts, facts, fields, keys, losses, past_attempts, serializer
from huey_tasks.connection import redis_errors
from huey_tasks.protocol import NewTask
from huey_tasks.records import LogLine, QueueStats, TaskRecord, TaskState

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

TaskQueues = Mapping[str, "TaskQueue"]


def is_task_id(text: str) -> bool:
    """Whether a text is a task id in its one canonical form: a lower-case UUID with dashes."""
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text
    except ValueError:
        return False


def find(queues: TaskQueues, task_id: str) -> TaskRecord | None:
    """Read a task wherever it is, with its log and attempts; None if it is nowhere."""
    known = _hashes(queues, [(queue, task_id) for queue in queues])
    if not known:
        return None
    queue, _, f = known[0]
    lines = fields.attempt_lines(f)
    outcomes = _outcomes(
        queues, [(task_id, f.get("outcome"))] + [(task_id, o.token) for o in lines]
    )
    record = _task_record(queue, task_id, f, outcomes.get((task_id, f.get("outcome"))))
    with redis_errors():
        log = queues[queue].storage.broker.lrange(keys.log(queue, task_id), 0, -1)
    of_lines = [outcomes.get((task_id, line.token)) for line in lines]
    return replace(
        record,
        log=tuple(_log_line(line) for line in log),
        attempts=past_attempts.of(record, lines, of_lines),
    )


def load(queues: TaskQueues, ids: list[tuple[str, str]]) -> list[TaskRecord]:
    """Read the tasks of (queue, id) pairs, those that are there, in two round trips."""
    if not ids:
        return []
    known = _hashes(queues, ids)
    outcomes = _outcomes(queues, [(task_id, f.get("outcome")) for _, task_id, f in known])
    return [
        _task_record(queue, task_id, f, outcomes.get((task_id, f.get("outcome"))))
        for queue, task_id, f in known
    ]


def _hashes(
    queues: TaskQueues, ids: list[tuple[str, str]]
) -> list[tuple[str, str, dict[str, str]]]:
    """The fields of the tasks that are there, each with its queue and id."""
    with redis_errors(), any_of(queues).storage.broker.pipeline(transaction=False) as pipe:
        for queue, task_id in ids:
            pipe.hgetall(keys.task(queue, task_id))
        hashes = [fields.texts(found) for found in pipe.execute()]
    return [(*pair, f) for pair, f in zip(ids, hashes, strict=True) if f]


def _outcomes(
    queues: TaskQueues, attempts: list[tuple[str, str | None]]
) -> dict[tuple[str, str | None], bytes | None]:
    """What attempts, as (task id, token), returned or raised; all in one round trip."""
    wanted = list(dict.fromkeys(pair for pair in attempts if pair[1]))
    if not wanted:
        return {}
    with redis_errors():
        blobs = any_of(queues).storage.conn.mget(
            [keys.outcome(task_id, token or "") for task_id, token in wanted]
        )
    return dict(zip(wanted, blobs, strict=True))


@dataclass(frozen=True)
class ClaimFields:
    """What a task keeps of the claim on it."""

    token: str
    retries_left: int
    retry_delay_s: float


def claim_fields(queue: "TaskQueue", task_id: str) -> ClaimFields | None:
    """Who holds a task, and what it may still try; None if it is not there."""
    names = ("token", "retries_left", "retry_delay_s")
    with redis_errors():
        held = queue.storage.broker.hmget(keys.task(queue.name, task_id), names)
    if None in held:
        return None
    return ClaimFields(held[0].decode(), int(held[1]), float(held[2]))


def copy_of(queue: "TaskQueue", task_id: str, new_id: str) -> NewTask | None:
    """The task once more, as it was submitted, with another id; None if it is not there."""
    return copies_of(queue, [(task_id, new_id)])[0]


def copies_of(queue: "TaskQueue", ids: Sequence[tuple[str, str]]) -> list[NewTask | None]:
    """Copies of several tasks, in one round trip: pairs of an id and that of the copy."""
    names = ("message", "type", "priority", "tags")
    with redis_errors(), queue.storage.broker.pipeline(transaction=False) as pipe:
        for task_id, _ in ids:
            pipe.hmget(keys.task(queue.name, task_id), names)
        found = pipe.execute()
    return [
        None if row[0] is None else _copy(new_id, *row)
        for (_, new_id), row in zip(ids, found, strict=True)
    ]


def _copy(
    new_id: str, message: bytes, task_type: bytes, priority: bytes, tags: bytes | None
) -> NewTask:
    retries, retry_delay_s = 0, 0.0
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        stored = serializer.loads(message)
        retries, retry_delay_s = int(stored.retries or 0), float(stored.retry_delay or 0)
    return NewTask(
        new_id,
        message,
        task_type.decode(),
        priority=int(priority),
        max_attempts=retries + 1,
        retry_delay_s=retry_delay_s,
        tags=(tags or b"").decode(),
    )


def nothing(new_id: str) -> NewTask:
    """In the place of a copy of a task that is gone: it is never stored."""
    return NewTask(new_id, b"", "")


def recent_ids(queue: "TaskQueue", limit: int) -> list[tuple[float, str]]:
    """The ids submitted last, as (submission time in ms, id), newest first."""
    with redis_errors():
        rows = queue.storage.broker.zrange(
            keys.submitted(queue.name), 0, limit - 1, desc=True, withscores=True
        )
    return [(float(score), task_id.decode()) for task_id, score in rows]


def ids_in_state(queue: "TaskQueue", state: TaskState, limit: int) -> list[tuple[float, str]]:
    """Ids in one state, as (score, id), the highest score first."""
    with redis_errors():
        rows = queue.storage.broker.zrange(
            keys.index(queue.name, state), 0, limit - 1, desc=True, withscores=True
        )
    return [(float(score), task_id.decode()) for task_id, score in rows]


def states(queues: TaskQueues, ids: list[tuple[str, str]]) -> list[str | None]:
    """The states of the tasks of (queue, id) pairs, in one round trip; None if one is not there."""
    with redis_errors(), any_of(queues).storage.broker.pipeline(transaction=False) as pipe:
        for queue, task_id in ids:
            pipe.hget(keys.task(queue, task_id), "state")
        return [None if state is None else state.decode() for state in pipe.execute()]


def set_aside_ids(queue: "TaskQueue", limit: int) -> list[tuple[float, str]]:
    """The ids set aside last, as (time in ms, id), newest first."""
    with redis_errors():
        rows = queue.storage.broker.zrange(
            keys.dead(queue.name), 0, limit - 1, desc=True, withscores=True
        )
    return [(float(score), task_id.decode()) for task_id, score in rows]


def ping(queues: TaskQueues) -> None:
    """Raise QueueUnavailable unless the broker answers."""
    with redis_errors():
        any_of(queues).storage.broker.ping()


def queue_stats(queues: TaskQueues) -> list[QueueStats]:
    """The numbers of each queue, in one round trip."""
    scripts = any_of(queues).storage.scripts
    return [
        _queue_stats(queue, numbers)
        for queue, numbers in zip(queues, scripts.stats(queues), strict=True)
    ]


def redis_info(queue: "TaskQueue") -> dict[str, Any]:
    """What the broker says of itself (Redis' INFO, flattened)."""
    with redis_errors():
        return cast(dict[str, Any], queue.storage.broker.info())


def _queue_stats(queue: str, numbers: dict[str, Any]) -> QueueStats:
    waiting_ms = numbers["oldest_waiting_ms"]
    stopped = bool(numbers["paused"] or numbers["draining"])
    at = numbers["mode_at"] if stopped else ""
    return QueueStats(
        queue=queue,
        queued=numbers["PENDING"],
        active=numbers["STARTED"],
        scheduled=numbers["SCHEDULED"],
        retry=numbers["RETRY"],
        success=numbers["SUCCESS"],
        failed=numbers["FAILURE"],
        revoked=numbers["REVOKED"],
        expired=numbers["EXPIRED"],
        consumers=numbers["consumers"],
        workers=numbers["workers"],
        paused=bool(numbers["paused"]),
        draining=bool(numbers["draining"]),
        set_aside=numbers["dead"],
        oldest_waiting_s=None if waiting_ms < 0 else waiting_ms / 1000,
        losses=tuple(losses.losses(queue, numbers)),
        last_minute=counts.last_minute(numbers),
        stopped_by=(stopped and numbers["mode_by"]) or None,
        stopped_why=(stopped and numbers["mode_why"]) or None,
        stopped_at=fields.from_ms(at) if at else None,
    )


def any_of(queues: TaskQueues) -> "TaskQueue":
    """All queues are on one server; any of them will do to ask it."""
    return next(iter(queues.values()))


def _task_record(queue: str, task_id: str, f: dict[str, str], blob: bytes | None) -> TaskRecord:
    outcome = cast(dict[str, Any], serializer.loads(blob)) if blob else {}
    raised = outcome.get("error")
    payload = fields.payload_of(f["message"])
    told = facts.of(queue, task_id, f, payload=payload, raised=raised)
    succeeded = told.status is TaskState.SUCCESS
    return TaskRecord(
        **vars(told),
        result=serializer.plain(outcome.get("result")) if succeeded else None,
        traceback=outcome.get("traceback") if told.error == raised and not succeeded else None,
        schedule=f.get("schedule"),
    )


def _log_line(line: bytes) -> LogLine:
    told = cast(dict[str, str], json.loads(line))
    return LogLine(dt.datetime.fromisoformat(told["at"]), told["level"], told["text"])
