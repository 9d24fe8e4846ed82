"""DEBUG_TASKS: the tasks of all queues, one at a time, in the main thread of one process.

So `breakpoint()` has the terminal, and no time limit applies. Another thread does what a supervisor
does: it renews the lease of the task that stands at a breakpoint, promotes what is due, fires
schedules, and releases what a killed process held.
"""

import logging
import os
import secrets
import signal
import socket
import threading
from contextvars import copy_context
from types import FrameType

from huey_tasks.broker.broker import Broker
from huey_tasks.config import Config
from huey_tasks.consumer import dead_consumers, duties
from huey_tasks.consumer.heartbeat import Heartbeat
from huey_tasks.consumer.huey_periodic import PeriodicTasks
from huey_tasks.consumer.worker_pool import LOSSES_PER_CRASH
from huey_tasks.errors import ConfigError, QueueUnavailable
from huey_tasks.execution.attempt import TaskInterrupted, current_attempt
from huey_tasks.execution.task_log import keep_task_logs
from huey_tasks.execution.worker_table import WorkerTable
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.schedules.firing import Firing

logger = logging.getLogger(__name__)

#: Seconds between two rounds of the thread, and the longest wait for a task.
ROUND_S = 0.5


def serve(config: Config) -> None:
    """Run tasks until SIGTERM; one whose own code runs then goes back to its queue."""
    listen_for_debugpy(config.debugpy_port)
    keep_task_logs()
    desks = [_Desk(queue, config) for queue in QUEUES.values()]
    over = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        over.set()
        if (attempt := current_attempt.get()) is not None and attempt.in_body:
            attempt.release()
            raise TaskInterrupted

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for `up`, which sends SIGTERM
    keeper = threading.Thread(target=_keep, args=(desks, over), name="leases", daemon=True)
    keeper.start()
    logger.info("tasks run in this process, one at a time", extra={"pid": os.getpid()})
    try:
        while not over.is_set():
            _run_what_waits(desks, BROKERS.first, over)
    finally:
        over.set()
        keeper.join()
        for desk in desks:
            desk.leave()


def listen_for_debugpy(port: int) -> None:
    """Let an editor attach at that port of this machine; 0: do not. Raises ConfigError."""
    if port == 0:
        return
    try:
        import debugpy  # pyright: ignore
    except ModuleNotFoundError:
        rule = "DEBUGPY_PORT is set, and debugpy is not installed: pip install debugpy"
        raise ConfigError(rule) from None
    debugpy.listen(("127.0.0.1", port))
    logger.info("an editor can attach (debugpy)", extra={"port": port})


class _Desk:
    """One queue: its claims, and the duties of its supervisor."""

    def __init__(self, queue: TaskQueue, config: Config) -> None:
        self.queue, self._config = queue, config
        name = f"{queue.name}@{socket.gethostname()[:24]}-{secrets.token_hex(3)}"
        table = WorkerTable.create(1)
        self._cell = table.cells[0]
        self._heartbeat = Heartbeat(queue, name, table, "process", 1)
        self._firing = Firing(queue.broker)
        self._periodic = PeriodicTasks(queue, apart=False)
        self._declared = duties.Declared(queue.name, config)
        queue.storage.blocking = False
        self._slot = queue.storage.open_slot(f"{name}/1", self._cell)
        self._slot.most = 1
        self.bells = self._slot.bells
        for _, hook in huey_seams.startup_hooks(queue):
            hook()

    def run_next(self) -> bool:
        """Run one task to its end; False if none waits. Raises QueueUnavailable."""
        task = self.queue.dequeue()
        if task is None:
            return False
        claim = task.claim
        task.timeout = None
        self._cell.hold(claim.id, claim.token, task.name, claim.attempt)
        copy_context().run(self.queue.execute, task)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a debugger has changed that
        self._slot.flush()
        self._cell.clear()
        return True

    def look(self) -> None:
        """Do the duties of a supervisor. Raises QueueUnavailable."""
        queue, broker = self.queue, self.queue.broker
        if (held := self._cell.held()) is not None:
            pairs = [(held.task_id, held.token)]
            broker.scripts.renew(queue.name, pairs, lease_ms=broker.lease_ms)
        if self._heartbeat.beat({0: os.getpid()}).moved:
            self._firing.plan_again()
        most = self._config.max_crashes
        dead_consumers.release_tasks(queue, most, most * LOSSES_PER_CRASH)
        duties.recover_lost(queue, max_crashes=most)
        broker.scripts.promote(queue.name, lease_ms=broker.lease_ms)
        duties.prune(broker, cap=self._config.finished_cap)
        self._declared.store()
        self._firing.fire_due()
        self._periodic.enqueue_due()

    def leave(self) -> None:
        """Say goodbye, if Redis answers."""
        try:
            self._slot.flush()
            self._heartbeat.leave()
        except QueueUnavailable as error:
            logger.warning("stopped without saying goodbye: %s", error.cause)


def _run_what_waits(desks: list[_Desk], broker: Broker, over: threading.Event) -> None:
    try:
        if not any(desk.run_next() for desk in desks):
            bells = [bell for desk in desks for bell in desk.bells]
            broker.wait_for_bell(bells, ROUND_S)
    except QueueUnavailable as error:
        logger.warning("Redis is away: %s", error.cause)
        over.wait(ROUND_S)


def _keep(desks: list[_Desk], over: threading.Event) -> None:
    """Look after all desks at once, and again and again.

    Until the first look has said which types are known here, no task is claimed.
    """
    while True:
        for desk in desks:
            try:
                desk.look()
            except QueueUnavailable as error:
                logger.debug("Redis is away: %s", error.cause)
            except Exception:  # a defect in one duty must not end the renewing of leases
                logger.exception("a duty failed", extra={"queue": desk.queue.name})
        if over.wait(ROUND_S):
            return
