"""The worker processes of one consumer: how they are started, watched and ended.

`ForkedWorker` has one slot; `GreenletPool` has all of them in one process. Both have the same
interface, so the supervisor treats them alike.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from huey_tasks.cleanup.worker_state import Limits
from huey_tasks.consumer import greenlet_pool
from huey_tasks.consumer.worker import run_in_process
from huey_tasks.execution.worker_table import Cell, WorkerTable
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes.offspring import send

_FORK = multiprocessing.get_context("fork")


class Child(Protocol):
    """A process with workers. `sentinel` becomes readable when the process is gone."""

    pid: int
    sentinel: int
    cells: Sequence[Cell]
    started_at: float

    def wait(self) -> int:
        """Collect the dead process; returns its exit code, a signal as a negative number."""
        ...


class ForkedWorker:
    """One worker in a forked process."""

    def __init__(self, queue: TaskQueue, name: str, cell: Cell, limits: Limits) -> None:
        arguments = (queue, name, cell, os.getpid(), limits)
        process = _FORK.Process(target=run_in_process, args=arguments, name=name, daemon=False)
        process.start()
        self._process = process
        self.pid = process.pid or 0
        # Not multiprocessing's pipe, where there is a better one: a task can close its other end.
        self._pidfd = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") else None
        self.sentinel = process.sentinel if self._pidfd is None else self._pidfd
        self.cells: Sequence[Cell] = (cell,)
        self.started_at = time.monotonic()

    def wait(self) -> int:
        self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
        return code


class GreenletPool:
    """All workers of a consumer as greenlets of one process."""

    def __init__(self, queue: TaskQueue, consumer: str, table: WorkerTable) -> None:
        # The pool holds the only write end: reading the other sees its end, on every system.
        self.sentinel, alive = os.pipe()
        try:
            self._process = subprocess.Popen(
                greenlet_pool.command(queue.name, consumer, table.fd, len(table.cells)),
                pass_fds=(table.fd, alive),
                start_new_session=True,
            )
        except OSError:
            os.close(self.sentinel)
            raise
        finally:
            os.close(alive)
        self.pid = self._process.pid
        self.cells: Sequence[Cell] = table.cells
        self.started_at = time.monotonic()

    def wait(self) -> int:
        code = self._process.wait()
        os.close(self.sentinel)
        return code


def has_exited(child: Child, sentinel_ready: bool) -> bool:
    """Whether the process is dead, without collecting it: its id stays its own until then.

    The sentinel alone is not enough: what the process has forked may hold it open.
    """
    if not hasattr(os, "waitid"):
        return sentinel_ready
    try:
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def kill_group(pid: int) -> None:
    """Kill a worker process and whatever it has started itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    send(pid, signal.SIGKILL)


def freeze(pid: int, limit_s: float = 0.2) -> None:
    """Stop a process and wait until it is stopped; what it wrote before is then final.

    Waits no longer where that cannot be seen (no /proc), or when the process is gone.
    """
    send(pid, signal.SIGSTOP)
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state in "TtZX":
            return
        os.sched_yield()
