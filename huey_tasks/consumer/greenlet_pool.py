"""A pool of greenlet workers in one process, started fresh so that gevent can patch it first.

The workers of a function host are such a pool, too: their tasks run in environments.

The supervisor starts it with `command()`. Every greenlet has its own slot and its own cell; a stop
is delivered to exactly one of them. A greenlet that never yields cannot be stopped, only fenced.
"""

import os
import sys
from typing import TYPE_CHECKING

from huey_tasks.execution.worker_table import WorkerTable

if TYPE_CHECKING:
    from huey_tasks.config import Config
    from huey_tasks.huey_adapter.task_queue import TaskQueue

#: How many calls of functions by functions one host can run, beside its slots: each has one of its
#: own, so that functions that wait for each other never wait for a free slot.
NESTED_SLOTS = 112


def command(queue: str, consumer: str, table_fd: int, workers: int) -> list[str]:
    """Return the command line of a pool.

    It has our `sys.path`, and not in PYTHONPATH: that would lead each program in Python that a task
    or a function starts, such as `aws`, to the modules of another version of Python.
    """
    start = (
        f"import sys; sys.path[:] = {sys.path!r};"
        # The running loop of asyncio in C is one a thread; in Python it is one a greenlet.
        "sys.modules['_asyncio'] = None;"
        "from gevent import monkey; monkey.patch_all();"
        "from huey_tasks.consumer.greenlet_pool import main;"
        f"main({queue!r}, {consumer!r}, {table_fd}, {workers}, {os.getpid()})"
    )
    return [sys.executable, "-c", start]


def main(queue_name: str, consumer: str, table_fd: int, workers: int, parent: int) -> None:
    """Run the pool until SIGTERM; only to be called in a process that gevent has patched."""
    from huey.consumer import GreenletEnvironment

    from huey_tasks import logs
    from huey_tasks.broker.protocol import FUNCTIONS, only_of
    from huey_tasks.consumer import function_host
    from huey_tasks.consumer.pool_greenlets import PoolGreenlets
    from huey_tasks.huey_adapter import huey_seams
    from huey_tasks.processes import ending, offspring
    from huey_tasks.queues import CONFIG, QUEUES

    offspring.die_with(parent)
    logs.configure(CONFIG)
    queue = QUEUES[queue_name]
    huey_seams.interrupt_with(queue, GreenletEnvironment().timeout)
    offspring.mark(offspring.CONSUMER_MARK, consumer)
    pool = PoolGreenlets(queue, CONFIG, consumer, WorkerTable(table_fd, workers).cells)
    if only_of(consumer) == FUNCTIONS:
        with function_host.serve(queue, consumer, CONFIG):
            function_host.start_nested(pool.cells[-NESTED_SLOTS:], pool.start)
            pool.run(pool.cells[:-NESTED_SLOTS])
    else:
        _get_ready(queue, CONFIG)
        queue.after_attempt = pool.state.look
        pool.run(pool.cells)
        ending.end_soon()


def _get_ready(queue: "TaskQueue", config: "Config") -> None:
    """Load what a pool needs that runs task types in its own process."""
    from huey_tasks.cleanup.leftovers import GreenletLeftovers
    from huey_tasks.cleanup.task_threads import count_as_the_task
    from huey_tasks.execution.printed import keep_prints
    from huey_tasks.execution.task_log import keep_task_logs
    from huey_tasks.processes.greenlet_forks import note_forks
    from huey_tasks.registry.loading import load_task_types

    load_task_types(config)
    queue.leftovers = leftovers = GreenletLeftovers()
    note_forks(leftovers.forked)
    count_as_the_task()
    keep_task_logs()
    keep_prints()
