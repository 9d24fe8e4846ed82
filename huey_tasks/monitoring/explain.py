"""Explain why a task does not run: the reasons, its position, and an estimate of its start.

One script reads the task and its queue at one moment. The estimate uses the recent starts of the
queue; without any there is no estimate. Writes nothing.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import FUNCTIONS, NESTED, NewTask, only_of
from huey_tasks.broker.scripts.operators import OperatorScripts, SeenTask
from huey_tasks.broker.task_hash import TaskHash
from huey_tasks.monitoring.start_estimate import MINUTES, Prospects, start_of
from huey_tasks.records import consumers as consumer_records
from huey_tasks.records import locks, type_limits
from huey_tasks.records.models import ConsumerRecord, TaskState, WorkerRecord

_NO_CODE = "no consumer of queue "
_MODES = {
    "paused": "is paused{}: it starts no tasks.",
    "draining": "is being drained{}: it finishes queued tasks and refuses new ones.",
}

IsAsync = Callable[[str], bool]


@dataclass(frozen=True)
class Reason:
    """One thing that keeps a task from running, or lets it; `code` is stable for programs.

    `due_at`: when a wait ends. `workers`: the busy ones. `name`: of the lock, the limit or the task
    type. `task_id`, `worker`: the task that holds the lock and its worker, or the worker that runs
    the task. `ahead`: how many tasks come first, of those that wait for the same. `by`, `since`:
    who paused or drained the queue, and when.
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
    """Why a task does not run, the most important reason first.

    `position` is 1 for the next task of the queue, None for a task that is not in the queue.
    `estimate` explains `estimated_start_at`, or why there is none.
    """

    task_id: str
    status: TaskState
    summary: str
    reasons: tuple[Reason, ...]
    position: int | None
    estimated_start_at: dt.datetime | None
    estimate: str


def explain(
    broker: Broker, task_id: str, reach: Reach = EVERYTHING, *, is_async: IsAsync
) -> Explanation | None:
    """Explain a task of this queue; None if it does not exist. Raises QueueUnavailable.

    `reach`: of who asks; no task outside of it is named. `is_async`: whether a task type is an
    `async def`, which greenlet workers cannot run.
    """
    scripts = OperatorScripts(broker.scripts)
    seen = scripts.explain(broker.name, task_id, minutes=MINUTES)
    if seen is None:
        return None
    consumers = consumer_records.consumers(broker)
    return _explained(_Seen(task_id, broker, seen, consumers, is_async, reach))


def foresee(broker: Broker, new: NewTask, *, is_async: IsAsync) -> Explanation:
    """Explain a task that is not stored as if it were stored now. Raises QueueUnavailable."""
    scripts = OperatorScripts(broker.scripts)
    seen = scripts.explain(broker.name, "", minutes=MINUTES, task_type=new.type)
    if seen is None:
        raise AssertionError("a task without an id is always seen")
    due_ms = seen.now_ms + new.delay_ms
    state = TaskState.SCHEDULED if new.delay_ms else TaskState.PENDING
    known: dict[str, str] = {"state": state, "type": new.type, "due_at": f"{due_ms:.0f}"}
    if new.host:
        known["host"] = new.host
    fields = [known[name].encode() if name in known else None for name in task_hash.EXPLAINED]
    seen = seen._replace(fields=fields)
    return _explained(_Seen(new.id, broker, seen, consumer_records.consumers(broker), is_async))


def _explained(task: "_Seen") -> Explanation:
    reasons = tuple(task.reasons())
    start_at, estimate = start_of(task.now, task.state, task.prospects())
    in_line = task.state is TaskState.PENDING and not task.blocked
    position = task.seen.place + 1 if in_line else None
    return Explanation(
        task.id, task.state, reasons[0].text, reasons, position or None, start_at, estimate
    )


class _Seen:
    """A task, its queue and its consumers, as they were at one moment."""

    def __init__(
        self,
        task_id: str,
        broker: Broker,
        seen: SeenTask,
        consumers: list[ConsumerRecord],
        is_async: IsAsync,
        reach: Reach = EVERYTHING,
    ) -> None:
        self.id, self.broker, self.seen, self._is_async = task_id, broker, seen, is_async
        self._reach = reach
        self.task = TaskHash.of_reply(task_hash.EXPLAINED, seen.fields)
        self.state = self.task.state
        is_function = self.task.host is not None
        self.runs_at_all = bool(consumers)
        #: Those that run tasks of its kind: a function host runs functions, the others do not.
        self.consumers = [
            one for one in consumers if (only_of(one.consumer) == FUNCTIONS) == is_function
        ]
        self.workers = [worker for consumer in self.consumers for worker in consumer.workers]
        self.busy = tuple(worker for worker in self.workers if worker.task_id is not None)
        self.now = task_hash.from_ms(seen.now_ms)
        on = self.task.blocked_on or ""
        is_free = (on.startswith("type:") and seen.knowing) or on in (FUNCTIONS, NESTED)
        #: What it waits for besides a worker; not its type, if a consumer knows that now.
        self.blocked = "" if is_free else on

    def prospects(self) -> Prospects:
        """Return what its start depends on."""
        is_pending = self.state is TaskState.PENDING
        return Prospects(
            paused=self.seen.mode == "paused",
            worked_on=self.runs_at_all,
            ahead=max(self.seen.place, 0) if is_pending else self.seen.waiting,
            free=len(self.workers) - len(self.busy),
            due_at=None if is_pending else self.task.due_at,
            starts=self.seen.starts,
            over_s=self.seen.over_ms / 1000,
            blocked=bool(self.blocked) or self._is_unknown,
        )

    @property
    def _is_unknown(self) -> bool:
        """Whether consumers run and none knows its type; a function is known by its file."""
        return self.task.host is None and bool(self.seen.others and not self.seen.knowing)

    def reasons(self) -> Iterator[Reason]:
        """Yield all reasons, the most important first."""
        if self.state.terminal:
            why = self.task.reason if self.state is TaskState.FAILURE else None
            yield Reason("ended", f"It has ended as {self.state}{f': {why}' if why else ''}.")
        elif self.state is TaskState.STARTED:
            worker = self.task.worker
            text = f"It runs, in attempt {self.task.attempt}, on worker {worker}."
            yield Reason("running", text, worker=worker)
        else:
            is_pending = self.state is TaskState.PENDING
            yield from () if is_pending else self._of_wait()
            yield from self._of_mode("paused")
            yield from self._of_what_blocks_it() if is_pending else ()
            if not self.runs_at_all:
                yield Reason("no_consumer", f"No consumer of queue {self.broker.name} is running.")
            yield from self._of_place() if is_pending and not self.blocked else ()
            yield from self._of_mode("draining")
        if not self.state.terminal:
            yield from self._of_death()

    def _of_death(self) -> Iterator[Reason]:
        """Yield the crash of its last attempt: the next one may crash its worker too."""
        lines = self.task.attempts
        if lines and lines[-1].state == "CRASHED":
            text = f"In its last attempt, {lines[-1].attempt}, {lines[-1].error}."
            yield Reason("worker_died", text)

    def _of_type(self) -> Iterator[Reason]:
        name, knowing = self.task.type, self.seen.knowing
        if not self.seen.others or self.task.host is not None:
            return
        only_greenlets = all(one.worker_type == "greenlet" for one in self.consumers)
        if not knowing and self.consumers and only_greenlets and self._is_async(name):
            queue = self.broker.name
            text = (
                f"Its type, '{name}', is an 'async def', and queue {queue} has only greenlet "
                "workers, which run none. It waits for a consumer with "
                f"{queue.upper()}_WORKER_TYPE=process."
            )
            yield Reason("unknown_type", text, name=name)
        elif not knowing:
            text = (
                f"No running consumer of queue {self.broker.name} knows its type, '{name}'. "
                "It waits until one starts that does."
            )
            yield Reason("unknown_type", text, name=name)
        else:
            text = (
                f"Its type, '{name}', is known to {', '.join(knowing)}, and to no other consumer."
            )
            yield Reason("known_to_some", text, name=name)

    def _of_what_blocks_it(self) -> Iterator[Reason]:
        yield from self._of_type()
        kind, _, what = self.blocked.partition(":")
        if kind == "lock":
            yield self._of_lock(what)
        elif kind == "limit":
            yield self._of_limit(what.partition(":")[2])
        elif kind == "alone":
            text = (
                f"It was lost with its consumer {self.task.losses} times, and may be the "
                "cause: it runs next where no other task runs."
            )
            yield Reason("runs_alone", text, ahead=self.seen.place)
        elif kind == "busy":
            text = f"As many tasks like it run as the limits of '{self.task.type}' allow."
            yield Reason("concurrency_reached", text, name=self.task.type, ahead=self.seen.place)
        elif kind == "rate":
            yield self._of_looked_at(
                "rate_limited",
                f"As many tasks like it have started as the limits of '{self.task.type}' allow.",
            )
        elif kind == "breaker":
            yield self._of_looked_at(
                "breaker_open",
                f"Too many tasks like it have failed: the breaker of '{self.task.type}' holds them "
                "back for a time, and then lets a few try.",
            )
        elif kind == "concurrency":
            text = f"As many invocations of '{what}' run as its reserved concurrency allows."
            yield Reason("concurrency_reached", text, name=what, ahead=self.seen.place)

    def _of_mode(self, mode: str) -> Iterator[Reason]:
        by, why, at = self.seen.mode_by, self.seen.mode_why, self.seen.mode_at
        if mode == self.seen.mode:
            text = f"Queue {self.broker.name} {_MODES[mode].format(f' by {by}' if by else '')}"
            text += f" Reason given: {why}" if why else ""
            since = task_hash.from_ms(at) if at else None
            yield Reason(f"queue_{mode}", text, by=by or None, since=since)

    def _of_place(self) -> Iterator[Reason]:
        ahead = max(self.seen.place, 0)
        if self.workers and len(self.busy) == len(self.workers):
            many = f"All {len(self.busy)} workers are" if len(self.busy) > 1 else "The worker is"
            last_seen_at = max(consumer.last_seen_at for consumer in self.consumers)
            late_s = max((self.now - last_seen_at).total_seconds(), 0)
            text = f"{many} busy, as of {late_s:.0f} s ago."
            within = (worker.within(self._reach, self.broker.name) for worker in self.busy)
            yield Reason("workers_busy", text, workers=tuple(within))
        if ahead:
            tasks = "task" if ahead == 1 else "tasks"
            yield Reason(
                "behind_others", f"{ahead:,} {tasks} ahead of it in the queue.", ahead=ahead
            )
            if field := type_limits.turns_by(self.broker, self.task.type):
                text = f"Tasks of '{self.task.type}' take turns by '{field}'."
                yield Reason("fair_turn", text, name=self.task.type)
        else:
            yield Reason("next", "It is next in line.", ahead=0)

    def _of_wait(self) -> Iterator[Reason]:
        due_at = self.task.due_at
        if self.state is TaskState.SCHEDULED:
            yield Reason("scheduled", "It is scheduled for later.", due_at=due_at)
            yield from self._of_type()
            return
        if (self.task.reason or "").startswith(_NO_CODE):
            text = f"It waits for a consumer that knows its type: {self.task.reason}."
            yield Reason("unknown_type", text, due_at=due_at, name=self.task.type)
            return
        text = f"Attempt {self.task.attempt} failed; it waits to retry."
        yield Reason("retry_due", text, due_at=due_at)
        yield from self._of_type()

    def _of_lock(self, name: str) -> Reason:
        task_id, token, is_held = locks.lock_holder(self.broker, name)
        text, ahead = f"It waits for the lock '{name}'", self.seen.place
        if not is_held:
            text += ", which is free now: the first task that waits for it starts within a second."
            return Reason("lock_held", text, name=name, ahead=ahead)
        if not task_id:
            text += ", which was locked outside of any task."
            return Reason("lock_held", text, name=name, ahead=ahead)
        if not self._reach.is_whole:  # the other may be of any type and queue
            return Reason("lock_held", f"{text}, which a task holds.", name=name, ahead=ahead)
        worker = task_hash.worker_of(token)
        text += f", which task {task_id} holds, on worker {worker}."
        return Reason("lock_held", text, name=name, task_id=task_id, worker=worker, ahead=ahead)

    def _of_looked_at(self, code: str, text: str) -> Reason:
        at_ms = type_limits.turn_ms(self.broker, self.blocked, self.id, self.task.type)
        due_at = None if at_ms is None else task_hash.from_ms(at_ms)
        return Reason(code, text, name=self.task.type, due_at=due_at, ahead=self.seen.place)

    def _of_limit(self, name: str) -> Reason:
        window = locks.limit_window(self.broker, name)
        text, ahead = f"It waits for the rate limit '{name}'", self.seen.place
        if window is None:
            text += ", whose next window has begun."
            return Reason("rate_limited", text, name=name, ahead=ahead)
        ends_at = self.now + dt.timedelta(milliseconds=window.left_ms)
        text += f"; {window.used:,} tasks have used its current window"
        text += f", which ends in {window.left_ms / 1000:.0f} s."
        return Reason("rate_limited", text, name=name, due_at=ends_at, ahead=ahead)
