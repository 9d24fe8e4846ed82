"""A worker: the loop of one slot, in a forked process or in a greenlet of a pool.

Huey's Worker runs its startup and shutdown hooks and counts tasks; the loop here adds what a lease
needs: the cell that shows what it holds, and a last commit before the worker ends.
"""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextvars import copy_context
from types import FrameType
from typing import Any

from huey.consumer import ForkSafeFlag, ProcessEnvironment, Worker

from huey_tasks.broker import script_runner
from huey_tasks.broker.protocol import Claim, Commit
from huey_tasks.broker.states import Ending
from huey_tasks.cleanup.leftovers import Leftovers
from huey_tasks.cleanup.task_threads import count_as_the_task
from huey_tasks.cleanup.worker_state import Limits, WorkerState
from huey_tasks.errors import QueueUnavailable, ServiceBusy
from huey_tasks.execution import attempt_log
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.execution.batching import MOST
from huey_tasks.execution.flusher import Flusher
from huey_tasks.execution.printed import keep_prints
from huey_tasks.execution.slot import Slot
from huey_tasks.execution.task_log import keep_task_logs
from huey_tasks.execution.worker_table import Cell, Phase
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes import offspring, plain_children, stop_signals

logger = logging.getLogger(__name__)

#: Seconds between tries while Redis is away: first, and at most.
BACKOFF_S = 0.1
MAX_BACKOFF_S = 2.0

#: Seconds in which a worker that is to be replaced tries to commit; then its tasks are released.
LAST_COMMIT_S = 60.0

#: Seconds after which a task that computes makes way for the flusher.
SWITCH_S = 0.001


class QueueWorker(Worker):
    """Claims and runs one task after the other until its flag is set, or its state is spoilt."""

    def __init__(
        self,
        queue: TaskQueue,
        stop_flag: Any,
        name: str,
        cell: Cell,
        flusher: Flusher,
        state: WorkerState,
        only: str | None = None,
    ) -> None:
        super().__init__(queue, stop_flag, BACKOFF_S, MAX_BACKOFF_S, 2.0)
        self.name = name
        self.cell = cell
        self._flusher, self._state, self._only = flusher, state, only
        #: Called when it has claimed a task.
        self.on_claim: Callable[[], object] = lambda: None
        self._redis_away = False

    def run(self) -> None:
        """Work until stopped; on every way out, send what is finished."""
        slot = self.huey.storage.open_slot(self.name, self.cell, self._only)
        slot.works_ahead = not self._state.is_pool
        self._flusher.watch(slot)
        self.initialize()
        if self.huey.leftovers is not None:
            self.huey.leftovers.keep_present()
        script_runner.read_ahead()
        self._state.begin()
        try:
            while not (self.stop_flag.is_set() or self._state.is_over):
                if self._state.limits.tasks:
                    slot.most = min(MOST, self._state.tasks_left)
                self.loop()
            self._commit_before_the_end(slot)
        finally:
            self.shutdown()
            self._flusher.forget(slot)
            self._flush()
            attempt_log.sum_up()

    def loop(self, now: Any = None) -> None:
        try:
            self._run_next(now)
        except ServiceBusy as error:  # no outage: the other greenlets keep all connections busy
            logger.debug("worker waits for its turn: %s", error.cause)
            return
        except QueueUnavailable as error:
            logger.debug("worker waits for Redis: %s", error.cause)
            self._redis_away = True
            self.cell.wait_for_redis(error.cause)  # its supervisor logs it once for all workers
            self.sleep()
            return
        except Exception:  # a defect of ours or of a hook: this worker goes on with the next task
            logger.exception("worker error", extra={"worker": self.name})
            self.sleep()
            return
        if self._redis_away:
            self.cell.wait_for_redis("")
        self._redis_away, self.delay = False, self.default_delay

    def _run_next(self, now: Any) -> None:
        claim = self.huey.storage.claim()
        if claim is None:
            attempt_log.sum_up()
            return
        self.on_claim()
        if self._state.is_over:  # of a pool: another greenlet has spoilt it meanwhile
            self.huey.storage.slot.finish(Commit(claim.id, claim.token, Ending.UNBEGUN))
            return
        self.task_count += 1
        cell = self.cell
        cell.hold(claim.id, claim.token, claim.type, claim.attempt)  # even to read it may kill us
        if cell.is_revoked(claim.token):  # cancelled while it waited here
            self.huey.storage.slot.finish(Commit(claim.id, claim.token, Ending.STOPPED))
        elif (task := self._begin(claim)) is not None:
            if task.timeout:
                cell.limit(task.timeout)
            copy_context().run(self.huey.execute, task, now)  # what it sets there ends with it
        cell.enter(Phase.ENDED)

    def _begin(self, claim: Claim) -> Any:
        try:
            return self.huey.begin(claim)
        except QueueUnavailable:  # what it takes could not be read: it has not begun
            self.cell.clear()
            raise

    def _commit_before_the_end(self, slot: Slot) -> None:
        """Commit what a worker that is to be replaced has finished; waits for Redis if needed.

        Not for ever: it may be spoilt in a way that keeps it from Redis, as another user is.
        """
        deadline = time.monotonic() + LAST_COMMIT_S
        while not self.stop_flag.is_set() and time.monotonic() < deadline:
            try:
                slot.flush()
            except QueueUnavailable as error:
                self.cell.wait_for_redis(error.cause)
                self.sleep()
            except Exception:  # what the task has spoilt keeps us from it
                logger.exception("a spoilt worker could not commit")
                return
            else:
                return

    def _flush(self) -> None:
        slot = self.huey.storage.slot
        try:
            slot.flush()
        except QueueUnavailable as error:
            if number := slot.unsaved:
                extra = {"tasks": number}
                logger.warning(
                    "finished tasks could not be committed and repeat: %s", error.cause, extra=extra
                )
            else:
                logger.debug("stopped without a last step: %s", error.cause)


class StopFlag(ForkSafeFlag):
    """A flag that a signal sets and a worker looks at before each task, without a system call."""

    def __init__(self) -> None:
        super().__init__()
        self._is_set = False

    def set(self) -> None:
        super().set()
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


def run_in_process(queue: TaskQueue, name: str, cell: Cell, parent: int, limits: Limits) -> None:
    """The body of a forked worker process."""
    offspring.die_with(parent)
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    stop_flag = StopFlag()
    environment = ProcessEnvironment()
    huey_seams.interrupt_with(queue, environment.timeout)

    def stop(signum: int, frame: FrameType | None) -> None:
        stop_flag.set()

    def interrupt(signum: int, frame: FrameType | None) -> None:
        attempt = current_attempt.get()
        interruption = attempt.interruption() if attempt is not None else None
        if interruption is not None:
            raise interruption

    stop_signals.reset()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, plain_children.ignore)
    signal.signal(signal.SIGUSR1, interrupt)
    plain_children.reset_in_forks(
        {signal.SIGTERM: stop, signal.SIGINT: plain_children.ignore, signal.SIGUSR1: interrupt}
    )
    queue.leftovers = Leftovers()
    offspring.mark(offspring.CONSUMER_MARK, name.rpartition("/")[0])
    count_as_the_task()
    keep_task_logs()
    keep_prints()
    sys.setswitchinterval(SWITCH_S)
    flusher = Flusher()
    flusher.start()
    state = WorkerState(limits)
    queue.after_attempt = state.look
    try:
        QueueWorker(queue, stop_flag, name, cell, flusher, state).run()
    finally:
        if state.is_over:  # what a task has left, threads for one, must not keep the process
            leave()


def leave() -> None:
    """End this process without exit handlers, which may fail or wait for ever."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it is closed, or gone
            stream.flush()
    os._exit(0)
