"""What Redis knows, as frozen records: tasks, queues, consumers. Times are aware UTC.

The records know nothing of Redis; `records.tasks` reads them.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, cast

from huey_tasks.access.roles import Reach
from huey_tasks.broker.states import TaskState
from huey_tasks.records.statistics import LastMinute


@dataclass(frozen=True)
class Progress:
    """How far a running task says it is: `fraction` from 0 to 1."""

    fraction: float
    text: str


@dataclass(frozen=True)
class LogLine:
    """A line that the task logged."""

    at: dt.datetime
    level: str
    text: str


@dataclass(frozen=True)
class PartialResult:
    """A value that a running attempt has emitted; `note`: what of it is replaced, and why."""

    attempt: int
    at: dt.datetime
    value: Any
    note: str | None


@dataclass(frozen=True)
class AttemptRecord:
    """An attempt of a task.

    `state` is STARTED or SUCCESS, RETRY or FAILURE for one that raised, REVOKED for one that was
    cancelled while it ran, CRASHED when its worker died, LOST when its whole consumer did.
    """

    attempt: int
    state: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    worker: str | None
    error: str | None
    traceback: str | None
    #: Of a function: what it has used, see `serverless` in the docs.
    receipt: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """The fields that rows and records of a task share."""

    task_id: str
    status: TaskState
    task_type: str
    queue: str
    queue_priority: int  # within its queue: a task of a higher one starts first
    payload: dict[str, Any]
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
    stop_confirmed: bool | None  # of a task cancelled while it ran: whether its worker is free
    retry_of: str | None
    retried_as: str | None
    gate: str | None  # the task that follows when it and others have ended
    cause: str | None  # of one that failed: the failure group that it belongs to
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TaskRecord(TaskFacts):
    """A task as it is now, all of it."""

    result: Any
    result_note: str | None  # what of the result is replaced, because JSON cannot carry it
    traceback: str | None
    schedule: str | None  # the one that has made it
    flow_id: str | None  # the one that it is a node of
    updated_at: dt.datetime  # when somebody last changed it; at first when it was submitted
    submitted_by: str | None = None  # the name of the API key
    invocation: dict[str, Any] | None = None  # of a function: what its caller said
    reported: dict[str, Any] | None = None  # of a function that failed: its error as AWS has it
    log: tuple[LogLine, ...] = ()
    partial_results: tuple[PartialResult, ...] = ()  # the last 500
    attempts: tuple[AttemptRecord, ...] = ()  # the oldest first; of those that failed the last 50


class Kept(NamedTuple):
    """How many finished tasks a queue keeps, by terminal state, in the order of `TERMINAL`."""

    success: int
    failed: int
    revoked: int
    expired: int


#: The code of the error that a submit gets; a draining queue is not meant.
Refusing = Literal["queue_full", "memory_low", "queue_unavailable"]


@dataclass(frozen=True)
class QueueStats:
    """The numbers of one queue; success, failed, revoked and expired are totals over all time.

    `kept`: how many of those can still be listed and read; RESULT_TTL_S and FINISHED_CAP limit it.
    `stopped_by`, `stopped_why`, `stopped_at`: of a paused or draining queue, as far as is known.
    """

    queue: str
    queued: int
    active: int
    scheduled: int
    retry: int
    success: int
    failed: int
    revoked: int
    expired: int
    kept: Kept
    consumers: int
    workers: int
    paused: bool
    draining: bool
    set_aside: int
    oldest_waiting_s: float | None
    last_minute: LastMinute
    stopped_by: str | None
    stopped_why: str | None
    stopped_at: dt.datetime | None
    #: What has been lost of its accepted tasks and their results, one sentence each.
    losses: tuple[str, ...] = ()
    #: The task types whose breaker keeps tasks of this queue waiting.
    open_breakers: tuple[str, ...] = ()
    #: Why it refuses submits: too many tasks wait, or Redis is low on memory or takes no writes.
    refuses: Refusing | None = None


@dataclass(frozen=True)
class Stats:
    """The numbers of all queues."""

    queues: tuple[QueueStats, ...]

    def total(self, name: str) -> int:
        """Return the sum of one number over the queues."""
        return sum(cast(int, getattr(queue, name)) for queue in self.queues)

    def queued(self, name: str) -> int:
        """Return how many tasks wait in the queue of that name."""
        return sum(queue.queued for queue in self.queues if queue.queue == name)


@dataclass(frozen=True)
class WorkerRecord:
    """One slot of a consumer and the attempt it runs, if any; what it uses, if that is known."""

    worker: str
    pid: int
    task_id: str | None
    task_type: str | None
    attempt: int | None
    started_at: dt.datetime | None
    memory_bytes: int | None
    cpu_percent: float | None

    def within(self, reach: Reach, queue: str) -> "WorkerRecord":
        """Return it as that reach may see it: of a task outside only that one runs."""
        if reach.has_all([self.task_type or ""], [queue]):
            return self
        return replace(self, task_id=None, task_type=None)


@dataclass(frozen=True)
class ConsumerRecord:
    """A live consumer and its workers, as its last heartbeat says.

    Its memory and CPU are those of its own process, which greenlet workers share.
    """

    consumer: str
    queue: str
    host: str
    pid: int
    worker_type: str
    concurrency: int
    started_at: dt.datetime
    last_seen_at: dt.datetime
    memory_bytes: int | None
    cpu_percent: float | None
    workers: tuple[WorkerRecord, ...]

    def within(self, reach: Reach) -> "ConsumerRecord":
        """Return it as that reach may see it."""
        workers = tuple(worker.within(reach, self.queue) for worker in self.workers)
        return replace(self, workers=workers)
