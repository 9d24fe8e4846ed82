"""Why is a task not running? What stands in its way, its place, and when it may start.

Everything is read at one moment and said as of then; the start is reckoned from what the queue has
started lately, and not at all if there is nothing to reckon from. Writes nothing.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huey_tasks import fields, keys, presences
from huey_tasks.connection import redis_errors
from huey_tasks.estimates import MINUTES, Prospects, start_of
from huey_tasks.operator_scripts import OperatorScripts, SeenTask
from huey_tasks.records import ConsumerRecord, TaskState, WorkerRecord

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

#: The fields of the task in the order in which `explain.lua` gives them.
FIELDS = (
    "state", "type", "attempt", "due_at", "token", "started_at", "finished_at", "reason",
    "attempts",
)  # fmt: skip

#: Names what an attempt could not get, as Huey says it.
_LOCKED = re.compile(r"TaskLockedException: unable to acquire lock (.*)", re.DOTALL)
_LIMITED = re.compile(r'RateLimitExceeded: Rate limit exceeded on "(.*)", retry in .*', re.DOTALL)
_NO_CODE = "no consumer of queue "


@dataclass(frozen=True)
class Reason:
    """One thing that keeps a task from running, or lets it; `code` is stable for programs.

    `due_at`: when a wait ends. `workers`: those that are busy. `name`: of the lock or the limit.
    `task_id`, `worker`: who holds the lock, or runs the task. `ahead`: who stands before it.
    `by`, `since`: who stopped the queue, and when.
    """

    code: str
    text: str
    due_at: dt.datetime | None = None
    workers: tuple[WorkerRecord, ...] = ()
    name: str | None = None
    task_id: str | None = None
    worker: str | None = None
    ahead: int | None = None
    by: str | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a task does not run, the weightiest reason first.

    `position` is 1 for the next of its queue, None for a task that does not stand there. `estimate`
    says on what `estimated_start_at` rests, or why there is none.
    """

    task_id: str
    status: TaskState
    summary: str
    reasons: tuple[Reason, ...]
    position: int | None
    estimated_start_at: dt.datetime | None
    estimate: str


def explain(queue: "TaskQueue", task_id: str, knows: Callable[[str], bool]) -> Explanation | None:
    """Explain a task of this queue, None if it is not there; `knows`: is a type known here?"""
    scripts = OperatorScripts(queue.storage.scripts)
    seen = scripts.explain(queue.name, task_id, minutes=MINUTES)
    if seen is None:
        return None
    task = _Seen(queue, seen, presences.consumers(queue))
    reasons = tuple(task.reasons(knows))
    start_at, estimate = start_of(task.now, task.state, task.prospects())
    position = task.seen.place + 1 if task.state is TaskState.PENDING else None
    return Explanation(
        task_id, task.state, reasons[0].text, reasons, position or None, start_at, estimate
    )


class _Seen:
    """A task, its queue and its consumers, as they were at one moment."""

    def __init__(self, queue: "TaskQueue", seen: SeenTask, consumers: list[ConsumerRecord]) -> None:
        self.queue, self.seen = queue, seen
        pairs = zip(FIELDS, seen.fields, strict=True)
        self.f = {name: text.decode("utf-8", "replace") for name, text in pairs if text is not None}
        self.state = TaskState(self.f["state"])
        self.consumers = consumers
        self.workers = [worker for consumer in consumers for worker in consumer.workers]
        self.busy = tuple(worker for worker in self.workers if worker.task_id is not None)
        self.now = fields.from_ms(seen.now_ms)

    def prospects(self) -> Prospects:
        """What its start depends on."""
        waits = self.state is TaskState.PENDING
        return Prospects(
            paused=self.seen.mode == "paused",
            worked_on=bool(self.consumers),
            ahead=max(self.seen.place, 0) if waits else self.seen.waiting,
            free=len(self.workers) - len(self.busy),
            due_at=None if waits else fields.time_of(self.f, "due_at"),
            starts=self.seen.starts,
            over_s=self.seen.over_ms / 1000,
        )

    def reasons(self, knows: Callable[[str], bool]) -> Iterator[Reason]:
        """All that is to be said, the weightiest first."""
        if self.state.terminal:
            why = self.f.get("reason") if self.state is TaskState.FAILURE else None
            yield Reason("ended", f"It has ended as {self.state}{f': {why}' if why else ''}.")
        elif self.state is TaskState.STARTED:
            worker = fields.worker_name(self.f)
            text = f"It runs, in attempt {self.f['attempt']}, on worker {worker}."
            yield Reason("running", text, worker=worker)
        elif self.state is TaskState.PENDING:
            yield from self._of_type(knows)
            yield from self._of_queue()
            yield from self._of_place()
        else:
            yield from self._of_wait(knows)
            yield from self._of_queue()
        if not self.state.terminal:
            yield from self._of_death()

    def _of_death(self) -> Iterator[Reason]:
        """It may have been the death of a worker, and may be of the next one."""
        lines = fields.attempt_lines(self.f)
        if lines and lines[-1].state == "CRASHED":
            text = f"When it was last begun, in attempt {lines[-1].attempt}, {lines[-1].error}."
            yield Reason("worker_died", text)

    def _of_type(self, knows: Callable[[str], bool]) -> Iterator[Reason]:
        if not knows(self.f["type"]):
            text = (
                "The web service has no code for its type. If no consumer has it either, it waits "
                "for newer code, for an hour at most."
            )
            yield Reason("unknown_type", text, name=self.f["type"])

    def _of_queue(self) -> Iterator[Reason]:
        if self.seen.mode == "paused":
            yield self._of_mode("queue_paused", "is paused", "it starts no tasks")
        if not self.consumers:
            yield Reason("no_consumer", f"No consumer of queue {self.queue.name} is running.")
        if self.seen.mode == "draining":
            yield self._of_mode(
                "queue_draining", "is draining", "it finishes queued tasks and refuses new ones"
            )

    def _of_mode(self, code: str, how: str, means: str) -> Reason:
        by, why, at = self.seen.mode_by, self.seen.mode_why, self.seen.mode_at
        text = f"Queue {self.queue.name} {how}{f' by {by}' if by else ''}: {means}."
        if why:
            text += f" Reason given: {why}"
        return Reason(code, text, by=by or None, since=fields.from_ms(at) if at else None)

    def _of_place(self) -> Iterator[Reason]:
        ahead = max(self.seen.place, 0)
        if self.workers and len(self.busy) == len(self.workers):
            many = f"All {len(self.busy)} workers are" if len(self.busy) > 1 else "The worker is"
            told = max(consumer.last_seen_at for consumer in self.consumers)
            late_s = max((self.now - told).total_seconds(), 0)
            text = f"{many} busy, as told {late_s:.0f} s ago."
            yield Reason("workers_busy", text, workers=self.busy)
        if ahead:
            tasks = "task stands" if ahead == 1 else "tasks stand"
            yield Reason("behind_others", f"{ahead:,} {tasks} before it in the queue.", ahead=ahead)
        else:
            yield Reason("next", "It is the next of its queue.", ahead=0)

    def _of_wait(self, knows: Callable[[str], bool]) -> Iterator[Reason]:
        due_at = fields.time_of(self.f, "due_at")
        if self.state is TaskState.SCHEDULED:
            yield Reason("scheduled", "It is scheduled for later.", due_at=due_at)
            yield from self._of_type(knows)
            return
        error = fields.last_error(self.f) or ""
        if self.f.get("reason", "").startswith(_NO_CODE):
            text = f"It waits for a worker with newer code: {self.f['reason']}."
            yield Reason("unknown_type", text, due_at=due_at, name=self.f["type"])
            return
        if (locked := _LOCKED.fullmatch(error)) is not None:
            yield self._of_lock(locked[1])
        if (limited := _LIMITED.fullmatch(error)) is not None:
            yield self._of_limit(limited[1])
        text = f"Attempt {self.f['attempt']} failed; it waits to retry."
        yield Reason("retry_due", text, due_at=due_at)

    def _of_lock(self, name: str) -> Reason:
        broker = self.queue.storage.broker
        with redis_errors():
            held = broker.hmget(keys.lock(self.queue.name, name), ["id", "token"])
            task_id, token = [(part or b"").decode() for part in held]
            is_held = held[0] is not None
            if task_id:
                # A cancelled attempt keeps it until its worker is free (`lock.lua`).
                now, stopping, stopped = broker.hmget(
                    keys.task(self.queue.name, task_id), ["token", "stopping", "stopped_at"]
                )
                is_held = held[1] in (now, None if stopped else stopping)
        text = f"Its last attempt found the lock '{name}' taken"
        if not is_held:
            return Reason("lock_held", f"{text}, which is free now.", name=name)
        if not task_id:
            return Reason("lock_held", f"{text}; it was locked outside of any task.", name=name)
        worker = fields.worker_of(token)
        text += f"; task {task_id} holds it, on worker {worker}."
        return Reason("lock_held", text, name=name, task_id=task_id, worker=worker)

    def _of_limit(self, name: str) -> Reason:
        key = keys.limit(self.queue.name, name)
        with redis_errors(), self.queue.storage.broker.pipeline(transaction=False) as pipe:
            used, left_ms = pipe.hget(key, "used").pttl(key).execute()
        text = f"Its last attempt found the rate limit '{name}' used up"
        if used is None or left_ms < 0:
            return Reason("rate_limited", f"{text}; a new window has begun since.", name=name)
        ends_at = self.now + dt.timedelta(milliseconds=left_ms)
        text += f"; {int(used):,} have asked in its present window"
        text += f", which ends in {left_ms / 1000:.0f} s."
        return Reason("rate_limited", text, name=name, due_at=ends_at)
