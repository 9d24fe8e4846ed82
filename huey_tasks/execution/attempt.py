"""One execution of a task, from claim to commit.

An attempt starts without an outcome. Only a recorded one is committed, in one step, by the storage;
a consumer that stops interrupts its attempts: they end without an outcome and are released.
"""

import asyncio
import logging
import math
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from huey.exceptions import CancelExecution, TaskTimeout

from huey_tasks import serializer
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import About, Cause, Claim, Commit, Gate, NewTask
from huey_tasks.broker.states import Ending, TaskState
from huey_tasks.execution import remarks, results
from huey_tasks.execution.fingerprint import cause_of, cause_without_code, where
from huey_tasks.execution.reported_error import ReportedError
from huey_tasks.execution.retry_rules import Verdict
from huey_tasks.execution.running import current_attempt as current_attempt
from huey_tasks.execution.worker_table import Cell, Phase, Retirement, StopReason
from huey_tasks.values import tracebacks
from huey_tasks.values.safe_repr import repr_of, traceback_of
from huey_tasks.values.storable import clean

logger = logging.getLogger(__name__)

#: Characters. Longer log lines, progress texts and error messages are cut.
LINE_CHARS = 2000

#: The error of an attempt that has ignored its time limit.
OVERDUE = "it ran past its time limit and did not stop"

#: The text in the log for each reason to stop an attempt.
_STOPPED = {
    StopReason.CANCEL: "it was cancelled",
    StopReason.OVERDUE: OVERDUE,
    StopReason.LOST: "its lease was lost",
}

#: A value that no task can return: marks an attempt without one.
_NOTHING = object()


class TaskCancelled(CancelExecution):
    """Raised inside a running task that was revoked. Clean up and let it pass."""

    def __init__(self) -> None:
        super().__init__(retry=False)


class TaskInterrupted(KeyboardInterrupt):
    """Raised inside a running task when its consumer stops; the task will run again."""


class Attempt:
    """One execution of a task."""

    # Defaults, until something else is recorded. They are of the class and not set in `__init__`,
    # because most attempts change few of them: this saves a microsecond a task.
    _state: str = Ending.RELEASED
    _reason = ""
    _delay_ms = 0
    _outcome: dict[str, Any] | None = None
    _returned: Any = _NOTHING
    _encoded = b""
    _stopped = StopReason.NONE
    _is_released = False
    _where = ""
    _cause: Cause | None = None
    #: What follows it if it fails.
    verdict = Verdict()
    #: The last lock or rate limit that the task could not get, and what it now waits for.
    missed = blocked_on = ""
    _missed_for_ms = 0
    #: Whether the task's own code runs: what it enqueues then is visible at once.
    in_body = False
    #: Whether that has run before Huey runs the task, which raises what it raised.
    has_run = False
    _subtasks = 0
    #: How many lines that the task logged could not be kept, since the last that could.
    missed_lines = 0
    _lines_missed_at = ""  # the time of the first of them
    #: What it has printed of a line that has no end yet.
    printed = ""
    #: The task of asyncio that runs its coroutine, while it does.
    coroutine: "asyncio.Task[Any] | None" = None
    #: What the attempt of a function has used, as JSON.
    receipt = ""
    _remarks: tuple[str, ...] = ()

    def __init__(self, claim: Claim, task_type: str, broker: Broker, cell: Cell | None):
        self.claim = claim
        self.task_type = task_type
        self.broker = broker
        self._cell = cell
        self._retries_left = claim.retries_left
        self._retry_delay_s = 0.0  # until `retry`
        #: When it began, by time.monotonic().
        self.begun = time.monotonic()
        self._children: list[NewTask] = []
        self._gates: list[Gate] = []
        #: Threads of the task that Python would wait for, and what it gave to executors, unless
        #: they have ended.
        self.threads: set[threading.Thread] = set()
        self.work: set[Future[Any]] = set()
        self._thread = threading.get_ident()

    @property
    def is_here(self) -> bool:
        """Whether the calling thread, or coroutine, is not one that the task has started."""
        if self._thread != threading.get_ident():
            return False
        return self.coroutine is None or asyncio.current_task() is self.coroutine

    @property
    def has_worker(self) -> bool:
        """Whether a worker of a consumer runs it, and not a test or a debugger."""
        return self._cell is not None

    def enter(self, phase: Phase) -> None:
        """Record that the task's own code begins, or has ended."""
        self.in_body = phase is Phase.BODY
        if self._cell is not None:
            self._cell.enter(phase)

    @property
    def stop_reason(self) -> StopReason:
        """Why the supervisor wants this attempt to stop; NONE if it does not."""
        if self._cell is None:
            return StopReason.NONE
        return self._cell.stop_reason(self.claim.token)

    def interruption(self) -> TaskCancelled | TaskTimeout | TaskInterrupted | None:
        """Return what to raise inside the task now, None to leave it alone; at most once."""
        if self._cell is None or (reason := self.stop_reason) is StopReason.NONE:
            return None
        held = self._cell.held()
        if held is None or held.phase is not Phase.BODY or held.token != self.claim.token:
            return None
        self._cell.enter(Phase.INTERRUPTED)
        if reason is StopReason.RELEASE:
            return TaskInterrupted()
        self._stopped = reason
        return TaskTimeout(OVERDUE) if reason is StopReason.OVERDUE else TaskCancelled()

    @property
    def took_s(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.begun

    @property
    def has_outcome(self) -> bool:
        """Whether anything has been recorded."""
        return self._state != Ending.RELEASED

    def returned(self, value: Any, encoded: bytes) -> None:
        """Keep the outcome of a task that has returned, already encoded."""
        self._returned, self._encoded = value, encoded

    def succeed(self, value: Any) -> None:
        """Record the return value."""
        self._state, self._outcome = TaskState.SUCCESS, {"result": value}

    def fail(
        self, error: str, traceback: str | None, where: str = "", cause: Cause | None = None
    ) -> None:
        """Record an error, and where in the code it was raised; `retry` may follow."""
        self._where = where
        self._cause = cause
        self._state = TaskState.FAILURE
        self._reason = clean(error)[:LINE_CHARS]
        trace = None if traceback is None else tracebacks.cut(clean(traceback))
        self._outcome = {"error": self._reason, "traceback": trace}

    def fail_with(self, error: BaseException, text: str, traceback: str | None) -> None:
        """Record what the task raised; of an error of another process, as that has reported it."""
        if isinstance(error, ReportedError):
            self.fail(error.text, error.traceback, error.where, error.cause)
            self._outcome = {**(self._outcome or {}), "reported": error.reported}
        else:
            self.fail(text, traceback, where(error), cause_of(error))

    def postpone(self, why: str) -> None:
        """Record why the task waits for another attempt, which is no failure; `retry` follows."""
        self._reason = clean(why)[:LINE_CHARS]

    def miss(self, what: str, for_ms: int = 0) -> None:
        """Record a lock or a rate limit that the task could not get, and for how long."""
        self.missed, self._missed_for_ms = clean(what), for_ms

    def block(self) -> None:
        """Let the task wait for what it could not get; this attempt does not count."""
        self.blocked_on, self._delay_ms = self.missed, self._missed_for_ms

    def retry(self, delay_s: float, retries_left: int, next_delay_s: float) -> None:
        """Record that the task is tried again after `delay_s`."""
        self._state = TaskState.RETRY
        self._delay_ms = max(math.ceil(round(delay_s * 1000, 2)), 0)
        self._retries_left, self._retry_delay_s = retries_left, next_delay_s

    def follow_up(self, children: Sequence[NewTask], gates: Sequence[Gate]) -> None:
        """Submit tasks, and open gates, together with this attempt's commit, and only then."""
        self._children += children
        self._gates += gates

    def subtask_id(self) -> str:
        """Return the id of the next task that the task's own code enqueues."""
        self._subtasks += 1
        return self.id_for(str(self._subtasks))

    def id_for(self, what: str) -> str:
        """Return the id of a task that follows from this attempt; a repeat gets the same id."""
        name = f"{self.claim.id}/{self.claim.attempt}/{what}"
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    def miss_line(self, at: str) -> None:
        """Count a log line of time `at` that Redis could not store."""
        self._lines_missed_at = at if self.missed_lines == 0 else self._lines_missed_at
        self.missed_lines += 1

    def retire_worker(self, why: str, *, spoilt: bool) -> None:
        """Ask the supervisor to replace the worker; `spoilt` adds a line to the task's log."""
        if self._cell is not None:
            self._cell.retire(Retirement(self.claim.id, self.task_type, why, spoilt))
        if spoilt:
            self.remark(f"the worker is replaced after this task: {why}")

    def remark(self, text: str) -> None:
        """Add a text to the line that the commit adds to the task's log."""
        self._remarks = (*self._remarks, clean(text)[:LINE_CHARS])

    def gap(self) -> str:
        """Return the line (JSON) that replaces the missing ones."""
        return remarks.line(remarks.missing(self.missed_lines), self._lines_missed_at)

    def _last_line(self) -> str:
        """Return the line (JSON) that the commit adds to the task's log, "" if there is none."""
        if not self.missed_lines and not self._remarks:
            return ""
        missing = [remarks.missing(self.missed_lines)] if self.missed_lines else []
        text = "; ".join([*missing, *self._remarks])
        return remarks.line(text, self._lines_missed_at if missing else "")

    def release(self) -> None:
        """Discard what was recorded: the task returns to its queue, this attempt does not count."""
        self._state, self._outcome, self._is_released = Ending.RELEASED, None, True
        self.blocked_on, self._delay_ms = "", 0
        self._children.clear()
        self._gates.clear()

    def end_as(self, state: str, reason: str) -> None:
        """Record a terminal state without a value: REVOKED or EXPIRED."""
        self._state, self._reason = state, reason

    def commit(self) -> tuple[Commit, bytes | None]:
        """Return the commit, and the outcome to store with it."""
        reason = self._stopped or self.stop_reason
        if reason and reason.is_final:
            return self._stop_commit(reason), None
        interrupted = self._is_released or reason is StopReason.RELEASE
        if not self.has_outcome and not interrupted and not self.blocked_on:
            error = "it ended without an outcome"
            self.fail(error, None, cause=cause_without_code("NoOutcome", error, self.task_type))
        outcome = self._encoded_outcome()
        about = About(self.task_type, self.claim.attempt, self.took_s, self._where)
        commit = Commit(
            self.claim.id,
            self.claim.token,
            self._state,
            self._delay_ms,
            self._retries_left,
            self._retry_delay_s,
            self._reason,
            tuple(self._children),
            tuple(self._gates),
            self._cause if self._state == TaskState.FAILURE else None,
            self._last_line(),
            self.blocked_on,
            self.receipt,
            about,
        )
        return commit, outcome

    def _stop_commit(self, reason: StopReason) -> Commit:
        about = About(self.task_type, self.claim.attempt, self.took_s, "")
        why, line = _STOPPED[reason], self._last_line()
        commit = Commit(self.claim.id, self.claim.token, Ending.STOPPED, about=about, gap=line)
        return commit._replace(reason=why)

    def _encoded_outcome(self) -> bytes | None:
        """Encode the outcome; an error in it becomes a failure, so that the attempt always ends."""
        if self._outcome is None:
            return None
        if self._state == TaskState.SUCCESS and self._outcome["result"] is self._returned:
            return self._encoded
        if self._state == TaskState.SUCCESS:
            try:
                return results.encode(self._outcome["result"])[1]
            except Exception as error:
                self.fail(repr_of(error), traceback_of(error), where(error), cause_of(error))
        return serializer.dumps(self._outcome)
