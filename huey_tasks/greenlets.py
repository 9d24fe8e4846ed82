"""A pool of greenlet workers in one process, started fresh so that gevent can patch it first.

The supervisor starts it with `command()`. Every greenlet has its own slot and its own cell; a stop
is delivered to exactly one of them. A greenlet that never yields cannot be stopped, only fenced.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from huey_tasks.board import Board

logger = logging.getLogger(__name__)


def command(queue: str, consumer: str, board_fd: int, workers: int) -> list[str]:
    """The command line of a pool."""
    start = (
        # The running loop of asyncio in C is one a thread; in Python it is one a greenlet.
        "import sys; sys.modules['_asyncio'] = None;"
        "from gevent import monkey; monkey.patch_all();"
        "from huey_tasks.greenlets import main;"
        f"main({queue!r}, {consumer!r}, {board_fd}, {workers}, {os.getpid()})"
    )
    return [sys.executable, "-c", start]


def main(queue_name: str, consumer: str, board_fd: int, workers: int, parent: int) -> None:
    """Run the pool until SIGTERM; only to be called in a process that gevent has patched."""
    import gevent
    from gevent.event import Event
    from huey.consumer import GreenletEnvironment

    import huey_tasks
    from huey_tasks import logs, offspring
    from huey_tasks.attempt import current_attempt
    from huey_tasks.flusher import Flusher
    from huey_tasks.leftovers import GreenletLeftovers
    from huey_tasks.plain_children import reset_in_forks
    from huey_tasks.task_log import keep_task_logs
    from huey_tasks.task_threads import count_as_the_task
    from huey_tasks.worker import QueueWorker, die_with, leave
    from huey_tasks.worker_state import Limits, WorkerState

    die_with(parent)
    logs.configure(huey_tasks.CONFIG)
    queue = huey_tasks.QUEUES[queue_name]
    queue._timeout_handler = GreenletEnvironment().timeout
    stop_flag = Event()
    running: list[Any] = []

    def deliver(greenlet: Any) -> None:
        """Runs in the hub, where looking and raising is one step: no task can end in between."""
        context = greenlet.gr_context
        attempt = context.get(current_attempt) if context is not None else None
        interruption = attempt.interruption() if attempt is not None else None
        if interruption is not None:
            greenlet.throw(interruption)

    def interrupt() -> None:
        for greenlet in running:
            gevent.get_hub().loop.run_callback(deliver, greenlet)

    def keep_running(worker: QueueWorker) -> None:
        # A thread takes after the one that starts it, and a greenlet would count as a daemon.
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
    flusher = Flusher()
    flusher.start()
    cells = Board(board_fd, workers).cells
    config = huey_tasks.CONFIG
    limits = Limits(config.max_tasks_per_worker, config.worker_max_memory)
    state = WorkerState(limits, others_run=lambda: any(cell.in_body for cell in cells))
    queue.after_attempt = state.look
    for cell in cells:
        name = f"{consumer}/{cell.index + 1}"
        worker = QueueWorker(queue, stop_flag, name, cell, flusher, state)
        running.append(gevent.spawn(keep_running, worker))
    gevent.joinall(running)
    if state.is_over:
        leave()


def note_forks(note: Callable[[int], None]) -> None:
    """Call `note` on both sides of each fork, with its result, in the greenlet that forks."""
    import _posixsubprocess

    from gevent import os as gevent_os
    from gevent import subprocess as gevent_subprocess

    def noting(start: Callable[..., Any]) -> Callable[..., Any]:
        def start_and_note(*args: Any, **options: Any) -> Any:
            found = start(*args, **options)
            note(found[0] if isinstance(found, tuple) else found)
            return found

        return start_and_note

    # Each is called by whatever starts a process in its way, and by nothing of the others.
    for module, name in (
        (gevent_os, "_raw_fork"),
        (gevent_os, "_raw_forkpty"),
        (gevent_os, "_raw_posix_spawn"),
        (gevent_os, "_raw_posix_spawnp"),
        (gevent_subprocess, "fork"),
        (_posixsubprocess, "fork_exec"),  # how multiprocessing spawns
    ):
        if hasattr(module, name):
            setattr(module, name, noting(getattr(module, name)))
