"""The greenlets of a pool: started, interrupted one by one, and ended by SIGTERM."""

import logging
import signal
import threading
from collections.abc import Sequence
from typing import Any

import gevent
from gevent.event import Event

from huey_tasks.cleanup.worker_state import Limits, WorkerState
from huey_tasks.config import Config
from huey_tasks.consumer.worker import QueueWorker, leave
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.execution.flusher import Flusher
from huey_tasks.execution.worker_table import Cell
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes.plain_children import reset_in_forks

logger = logging.getLogger(__name__)


class PoolGreenlets:
    """One greenlet for each cell that is started."""

    def __init__(
        self, queue: TaskQueue, config: Config, consumer: str, cells: Sequence[Cell]
    ) -> None:
        self._queue, self._consumer, self.cells = queue, consumer, cells
        self._stop_flag = Event()
        self._running: list[Any] = []
        gevent.signal_handler(signal.SIGTERM, self._stop_flag.set)
        gevent.signal_handler(signal.SIGINT, lambda: None)
        gevent.signal_handler(signal.SIGUSR1, self._interrupt)
        reset_in_forks({signal.SIGTERM: None, signal.SIGINT: None, signal.SIGUSR1: None})
        self._flusher = Flusher()
        self._flusher.start()
        limits = Limits(config.max_tasks_per_worker, config.worker_max_memory)
        self.state = WorkerState(limits, others_run=lambda: any(cell.in_body for cell in cells))

    def start(self, cell: Cell, only: str | None = None) -> QueueWorker:
        """Start a worker; `only`: what it runs, instead of what its consumer does."""
        name = f"{self._consumer}/{cell.index + 1}"
        worker = QueueWorker(
            self._queue, self._stop_flag, name, cell, self._flusher, self.state, only
        )
        self._running.append(gevent.spawn(self._keep_running, worker))
        return worker

    def run(self, cells: Sequence[Cell]) -> None:
        """Start a worker for each cell; returns when all have ended, also those started before."""
        for cell in cells:
            self.start(cell)
        while alive := [greenlet for greenlet in self._running if not greenlet.dead]:
            gevent.joinall(alive)  # a worker may start another one meanwhile
        if self.state.is_over:
            leave()

    def _keep_running(self, worker: QueueWorker) -> None:
        # A thread inherits this from its starter, and a greenlet would count as a daemon.
        vars(threading.current_thread())["_daemonic"] = False
        while not (self._stop_flag.is_set() or self.state.is_over):
            try:
                worker.run()
            except (Exception, gevent.GreenletExit):  # the slot must not be lost with one greenlet
                logger.exception("worker is started again", extra={"worker": worker.name})

    def _interrupt(self) -> None:
        for greenlet in self._running:
            gevent.get_hub().loop.run_callback(_deliver, greenlet)


def _deliver(greenlet: Any) -> None:
    """Raise the interruption; runs in the hub, so no task can end between check and raise."""
    context = greenlet.gr_context
    attempt = context.get(current_attempt) if context is not None else None
    interruption = attempt.interruption() if attempt is not None else None
    if interruption is not None:
        greenlet.throw(interruption)
