"""Whether a worker is as it was when it began, so that a task meets nothing of those before it.

After each attempt there is a quick look, at what would harm the next task, and a close one
unless the attempt was short and its type has left no trace so far. What a task has changed is
restored; where that is impossible, the worker is replaced.
"""

import errno
import logging
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from huey_tasks.cleanup.traits import Trait, of_process
from huey_tasks.execution.attempt import Attempt
from huey_tasks.processes import fork_copies
from huey_tasks.processes.descriptors import Reserve, duplicate
from huey_tasks.settings import environment

logger = logging.getLogger(__name__)

#: Seconds. An attempt that took this long is always followed by a close look, which takes 0.1 to
#: 0.5 ms: never more than a fortieth of the attempt.
LONG_S = 0.02

#: Seconds. The close looks at short tasks of types that have left no trace are as far apart.
CLOSE_LOOK_EVERY_S = 0.05

#: How many close looks in a row have found nothing when a type is trusted.
TRUSTED = 16

#: Most files that a worker process may have open: beyond 1023, `select` fails.
MOST_FILES = 1000

#: Of a pool, which drains for long and has no part in what is changed meanwhile, only these are
#: restored while other tasks run.
_ALWAYS_RESTORED = ("descriptors", "loggers", "standard streams")


class Limits(NamedTuple):
    """What a worker may use before it is replaced; 0 is no limit."""

    tasks: int = 0
    memory_bytes: int = 0


class WorkerState:
    """The state of one worker process, or of a pool of greenlets."""

    def __init__(self, limits: Limits, *, others_run: Callable[[], bool] | None = None) -> None:
        """`others_run`: of a pool, whether any of its tasks runs."""
        self.limits = limits
        #: Whether this worker takes no other task.
        self.is_over = False
        #: Whether several tasks run at a time here, each in a greenlet.
        self.is_pool = others_run is not None
        self._others_run = others_run or (lambda: False)
        self._tasks = 0
        self._has_begun = False
        self._close_look_at = 0.0
        self._clean_looks: dict[str, float] = {}
        self._logged: set[tuple[str, str]] = set()

    def begin(self) -> None:
        """Keep the state of the process as the one to restore.

        Each worker of a pool begins; it is the first that keeps the state, with duplicates of what
        to restore.
        """
        if self._has_begun:
            return
        self._has_begun = True
        fork_copies.begin()
        self._traits = [(trait, trait.read()) for trait in of_process(is_pool=self.is_pool)]
        known = {trait.name: value for trait, value in self._traits}
        self._folder, self._umask = known["working folder"], known["umask"]
        self._variables = environment.count()
        self._streams = sys.stdout, sys.stderr
        self._handlers = list(logging.root.handlers)
        self._logging = logging.root.level, logging.root.manager.disable
        self._statm = _open_statm()
        self._reserve = Reserve()
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        half = 2**20 if soft == resource.RLIM_INFINITY else soft // 2
        self._most_files = half if self.is_pool else min(half, MOST_FILES)

    @property
    def tasks_left(self) -> int:
        """How many tasks a worker with a limit of them may still begin."""
        return max(self.limits.tasks - self._tasks, 1)

    def look(self, attempt: Attempt) -> None:
        """Look at the process after an attempt; restore what differs, or end the worker."""
        fork_copies.end_if_copy()
        self._tasks += 1
        try:
            self._look(attempt)
        except Exception:  # a defect of ours, or a task has broken what we use: the worker ends
            logger.exception("the state of the worker is not known")
            self._end(attempt, "its state cannot be read", spoilt=True)

    def _look(self, attempt: Attempt) -> None:
        now = time.monotonic()
        if not (
            self._seems_the_same()
            and now < self._close_look_at
            and now - attempt.begun < LONG_S
            and self._clean_looks.get(attempt.task_type, 0) >= TRUSTED
        ):
            self._look_closely(attempt)
        if 0 < self.limits.tasks <= self._tasks:
            self._end(attempt, f"it has run MAX_TASKS_PER_WORKER={self.limits.tasks} tasks")

    def _seems_the_same(self) -> bool:
        """Two microseconds: cheap calls only, of which some set what they ask for."""
        root = logging.root
        try:
            return (
                os.get_inheritable(0)
                and os.get_inheritable(1)
                and os.get_inheritable(2)
                and (self.is_pool or not signal.alarm(0))
                and (self.is_pool or os.umask(self._umask) == self._umask)
                and os.getcwd() == self._folder  # noqa: PTH109 - twice as fast
                and environment.count() == self._variables
                and (sys.stdout, sys.stderr) == self._streams
                and root.handlers == self._handlers
                and (root.level, root.manager.disable) == self._logging
                and not logger.disabled
            )
        except OSError:
            return False

    def _look_closely(self, attempt: Attempt) -> None:
        self._close_look_at = time.monotonic() + CLOSE_LOOK_EVERY_S
        if (files := _files()) > self._most_files:
            self._reserve.give_up()
            self._end(attempt, f"it left {files} files open", spoilt=True)
        changed = [trait for trait, known in self._traits if _read(trait) != known]
        if changed:
            self._restore(attempt, changed)
        clean = self._clean_looks.get(attempt.task_type, 0) + 1
        self._clean_looks[attempt.task_type] = -math.inf if changed else clean
        memory = _memory_bytes(self._statm) if self.limits.memory_bytes else 0
        if memory > self.limits.memory_bytes:
            text = f"it has {memory:,} bytes of memory, WORKER_MAX_MEMORY allows"
            self._end(attempt, f"{text} {self.limits.memory_bytes:,}", spoilt=True)

    def _restore(self, attempt: Attempt, changed: list[Trait]) -> None:
        if self._others_run():  # what differs may be what another task is about to use
            changed = [
                trait for trait in changed if trait.name in _ALWAYS_RESTORED or trait.stays_changed
            ]
        known = {trait.name: value for trait, value in self._traits}
        left: list[str] = []
        for trait in changed:
            try:
                trait.write(known[trait.name])
            except (OSError, ValueError) as error:
                logger.debug("%s: %s", trait.name, error)
            if _read(trait) != known[trait.name]:
                left.append(trait.name)
            elif trait.notable and (attempt.task_type, trait.name) not in self._logged:
                self._logged.add((attempt.task_type, trait.name))
                extra = {"task_type": attempt.task_type, "task_id": attempt.claim.id}
                logger.info("what a task changed is restored", extra=extra | {"what": trait.name})
        if left:
            self._end(attempt, f"it left changed: {', '.join(left)}", spoilt=True)

    def _end(self, attempt: Attempt, why: str, *, spoilt: bool = False) -> None:
        if not self.is_over:
            self.is_over = True
            attempt.retire_worker(why, spoilt=spoilt)


def _read(trait: Trait) -> Any:
    """The value of a trait; one that cannot be read is equal to none that could be."""
    try:
        return trait.read()
    except (OSError, ValueError) as error:
        return error


def _files() -> int:
    """How many files are open, or rather the lowest number that is free; else all that may be."""
    try:
        fd = os.dup(1)
    except OSError as error:  # number 1 may be closed, which another look sees to
        return 0 if error.errno == errno.EBADF else resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.close(fd)
    return fd


def _open_statm() -> int | None:
    """Where Linux says how much memory this process has; kept open, for when no file can be."""
    try:
        fd = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None
    kept = duplicate(fd)
    os.close(fd)
    return kept


def _memory_bytes(statm: int | None) -> int:
    """What is resident; elsewhere than on Linux, what was at most."""
    if statm is None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    try:
        return int(os.pread(statm, 100, 0).split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):  # a task has closed it, which the descriptors show
        return 0
