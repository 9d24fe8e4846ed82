"""A pool of greenlet workers in one process, started fresh so that gevent can patch it first.

The supervisor starts it with `command()`. Every greenlet has its own slot and its own cell; a stop
is delivered to exactly one of them. A greenlet that never yields cannot be stopped, only fenced.
"""

import logging
import os
import signal
import sys
import threading
from typing import Any

from huey_tasks.execution.worker_table import WorkerTable

logger = logging.getLogger(__name__)


def command(queue: str, consumer: str, board_fd: int, workers: int) -> list[str]:
    """Return the command line of a pool."""
    start = (
        # The running loop of asyncio in C is one a thread; in Python it is one a greenlet.
        "import sys; sys.modules['_asyncio'] = None;"
        "from gevent import monkey; monkey.patch_all();"
        "from huey_tasks.consumer.greenlet_pool import main;"
        f"main({queue!r}, {consumer!r}, {board_fd}, {workers}, {os.getpid()})"
    )
    return [sys.executable, "-c", start]


def main(queue_name: str, consumer: str, board_fd: int, workers: int, parent: int) -> None:
    """Run the pool until SIGTERM; only to be called in a process that gevent has patched."""
    import gevent
    from gevent.event import Event
    from huey.consumer import GreenletEnvironment

    from huey_tasks import logs
    from huey_tasks.cleanup.leftovers import GreenletLeftovers
    from huey_tasks.cleanup.task_threads import count_as_the_task
    from huey_tasks.cleanup.worker_state import Limits, WorkerState
    from huey_tasks.consumer.worker import QueueWorker, die_with, leave
    from huey_tasks.execution.attempt import current_attempt
    from huey_tasks.execution.flusher import Flusher
    from huey_tasks.execution.printed import keep_prints
    from huey_tasks.execution.task_log import keep_task_logs
    from huey_tasks.huey_adapter import huey_seams
    from huey_tasks.processes import offspring
    from huey_tasks.processes.greenlet_forks import note_forks
    from huey_tasks.processes.plain_children import reset_in_forks
    from huey_tasks.queues import CONFIG, QUEUES
    from huey_tasks.registry.loading import load_task_types

    die_with(parent)
    load_task_types(CONFIG)
    logs.configure(CONFIG)
    queue = QUEUES[queue_name]
    huey_seams.interrupt_with(queue, GreenletEnvironment().timeout)
    stop_flag = Event()
    running: list[Any] = []

    def deliver(greenlet: Any) -> None:
        """Raise the interruption; runs in the hub, so no task can end between check and raise."""
        context = greenlet.gr_context
        attempt = context.get(current_attempt) if context is not None else None
        interruption = attempt.interruption() if attempt is not None else None
        if interruption is not None:
            greenlet.throw(interruption)

    def interrupt() -> None:
        for greenlet in running:
            gevent.get_hub().loop.run_callback(deliver, greenlet)

    def keep_running(worker: QueueWorker) -> None:
        # A thread inherits this from its starter, and a greenlet would count as a daemon.
        vars(threading.current_thread())["_daemonic"] = False
        while not (stop_flag.is_set() or state.is_over):
            try:
                worker.run()
            except (Exception, gevent.GreenletExit):  # the slot must not be lost with one greenlet
                logger.exception("worker is started again", extra={"worker": worker.name})

    gevent.signal_handler(signal.SIGTERM, stop_flag.set)
    gevent.signal_handler(signal.SIGINT, lambda: None)
    gevent.signal_handler(signal.SIGUSR1, interrupt)
    reset_in_forks({signal.SIGTERM: None, signal.SIGINT: None, signal.SIGUSR1: None})
    queue.leftovers = leftovers = GreenletLeftovers()
    note_forks(leftovers.forked)
    offspring.mark(offspring.CONSUMER_MARK, consumer)
    count_as_the_task()
    keep_task_logs()
    keep_prints()
    flusher = Flusher()
    flusher.start()
    cells = WorkerTable(board_fd, workers).cells
    limits = Limits(CONFIG.max_tasks_per_worker, CONFIG.worker_max_memory)
    state = WorkerState(limits, others_run=lambda: any(cell.in_body for cell in cells))
    queue.after_attempt = state.look
    for cell in cells:
        name = f"{consumer}/{cell.index + 1}"
        worker = QueueWorker(queue, stop_flag, name, cell, flusher, state)
        running.append(gevent.spawn(keep_running, worker))
    gevent.joinall(running)
    if state.is_over:
        leave()
