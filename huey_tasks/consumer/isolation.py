"""Consumers beside a consumer, in processes of their own, while there are tasks for them.

Suspects run alone, in one with one worker. A task that was lost twice with its consumer has killed
it, or has run beside the one that did. No other worker can claim it then, and a consumer that sees
one waiting starts a second consumer, where it can harm no other task. If that one dies, the task
that ran there is to blame. Other tasks run meanwhile. Functions run in the function host, which
costs nothing until the first one is called. Changes no task itself.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Protocol

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import ALONE, FUNCTIONS, NESTED
from huey_tasks.config import Config
from huey_tasks.consumer.folder_watcher import FolderWatcher
from huey_tasks.invocations import function_types
from huey_tasks.processes import stop_signals
from huey_tasks.records import indexes

logger = logging.getLogger(__name__)

_FORK = multiprocessing.get_context("fork")

#: Seconds between two looks.
LOOK_S = 1.0

#: Seconds that one for suspects stays when nothing waits: a task that crashed returns to its queue
#: after a pause.
IDLE_S = 5.0

#: What is `blocked_on` of the tasks that each kind runs.
_TASKS = {ALONE: (ALONE,), FUNCTIONS: (FUNCTIONS, NESTED)}

_WHY = {ALONE: "tasks that were lost twice run alone", FUNCTIONS: "function host is started"}


class Isolation(Protocol):
    """What a consumer does about one beside it. It is true as long as there is another process."""

    def start(self) -> None:
        """Start it if tasks wait for it; a chore that heartbeats and the control channel call."""
        ...

    def look(self) -> None:
        """End it if it is not needed; a chore."""
        ...

    def stop(self) -> None:
        """Stop the other process: this consumer stops."""
        ...

    def processes(self) -> set[int]:
        """The processes of this consumer that no worker has left behind."""
        ...

    def __bool__(self) -> bool: ...


class ConsumerBeside:
    """The process beside a consumer in which its `only` run, while there are any."""

    def __init__(self, broker: Broker, only: str, run: Callable[[str, int], None]) -> None:
        self._broker, self._only, self._run = broker, only, run
        self._process: BaseProcess | None = None
        self._starting = True

    def __bool__(self) -> bool:
        self._collect()
        return self._process is not None

    def processes(self) -> set[int]:
        self._collect()
        return {self._process.pid or 0} if self._process is not None else set()

    def start(self) -> None:
        if self or not self._starting or not _waiting(self._broker, self._only):
            return
        # Or it could take ours for its own.
        signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals.STOPS)
        try:
            self._process = self._fork()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, stop_signals.STOPS)
        if not self._starting:  # a stop came meanwhile; it may have seen no process to end
            self.stop()

    def _fork(self) -> BaseProcess:
        level = logging.WARNING if self._only == ALONE else logging.INFO
        logger.log(level, _WHY[self._only], extra={"queue": self._broker.name})
        process = _FORK.Process(target=self._live, args=(os.getpid(),), daemon=False)
        process.start()
        return process

    def stop(self) -> None:
        self._starting = False
        if self and self._process is not None and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def _live(self, parent: int) -> None:
        os.setpgid(0, 0)  # a task that ends its parent's group ends no more than that
        stop_signals.reset()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stop_signals.STOPS)
        self._run(self._only, parent)

    def _collect(self) -> None:
        if self._process is not None and not self._process.is_alive():
            process, self._process = self._process, None  # a stop may come before it is closed
            process.close()


class EndOfIsolation:
    """Inside of such a consumer: it ends when nothing waits for it, or when its parent has died."""

    def __init__(
        self,
        broker: Broker,
        only: str,
        parent: int,
        config: Config,
        is_busy: Callable[[], bool],
        end: Callable[[], None],
    ) -> None:
        self._broker, self._only, self._parent = broker, only, parent
        self._idle_s = config.environment_idle_s if only == FUNCTIONS else IDLE_S
        self._is_busy, self._end = is_busy, end
        self._idle_since = time.monotonic()

    def __bool__(self) -> bool:
        return False

    def start(self) -> None:
        """It has none beside it."""

    def look(self) -> None:
        if os.getppid() != self._parent:
            self._end()
        elif self._is_busy() or _waiting(self._broker, self._only):
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since > self._idle_s:
            self._end()

    def processes(self) -> set[int]:
        return function_types.FILES.processes()

    def stop(self) -> None:
        """There is no other process."""


class Beside:
    """Those of one consumer: for suspects, and for functions; and what watches folders."""

    def __init__(self, broker: Broker, config: Config, run: Callable[[str, int], None]) -> None:
        self._consumers = [ConsumerBeside(broker, only, run) for only in (ALONE, FUNCTIONS)]
        self._watcher = FolderWatcher(broker, config)

    def __bool__(self) -> bool:  # nobody waits for the watcher
        return any(self._consumers)

    def start(self) -> None:
        for each in self._consumers:
            each.start()

    def look(self) -> None:
        self._watcher.look()

    def stop(self) -> None:
        for each in (*self._consumers, self._watcher):
            each.stop()

    def processes(self) -> set[int]:
        looking = function_types.FILES.processes()
        everything = (*self._consumers, self._watcher)
        return looking.union(*(each.processes() for each in everything))


def _waiting(broker: Broker, only: str) -> int:
    """How many wait for such a consumer."""
    return indexes.blocked(broker, *_TASKS[only])
