"""Suspects run alone: in a second consumer with one worker, beside this one.

A task that was lost twice with its consumer has killed it, or has run beside the one that did. No
other worker can claim it then, and a consumer that sees one waiting starts a second consumer, where
it can harm no other task. If that one dies, the task that ran there is to blame.
Other tasks run meanwhile. Changes no task itself.
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
from huey_tasks.records import indexes

logger = logging.getLogger(__name__)

_FORK = multiprocessing.get_context("fork")

_STOPS = (signal.SIGTERM, signal.SIGINT)

#: Seconds between two looks.
LOOK_S = 0.5

#: Seconds that it stays when nothing waits: a task that crashed returns to its queue after a pause.
IDLE_S = 5.0


class Isolation(Protocol):
    """What a consumer does about suspects. It is true as long as there is another process."""

    def look(self) -> None:
        """Start or end the isolation if needed; a chore."""
        ...

    def stop(self) -> None:
        """Stop the other process: this consumer stops."""
        ...

    def processes(self) -> set[int]:
        """The id of the other process, if there is one: it is no leftover of a worker."""
        ...

    def __bool__(self) -> bool: ...


class LoneConsumer:
    """The process beside a consumer in which suspects run, while there are any."""

    def __init__(self, broker: Broker, run: Callable[[int], None]) -> None:
        self._broker, self._run = broker, run
        self._process: BaseProcess | None = None
        self._starting = True

    def __bool__(self) -> bool:
        self._collect()
        return self._process is not None

    def processes(self) -> set[int]:
        return {self._process.pid or 0} if self._process is not None else set()

    def look(self) -> None:
        if self or not self._starting or not _suspects(self._broker):
            return
        logger.warning("tasks that were lost twice run alone", extra={"queue": self._broker.name})
        process = _FORK.Process(target=self._live, args=(os.getpid(),), daemon=False)
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # or it could take ours for its own
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        self._process = process

    def stop(self) -> None:
        self._starting = False
        if self and self._process is not None and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def _live(self, parent: int) -> None:
        os.setpgid(0, 0)  # a task that ends its parent's group ends no more than that
        for signum in _STOPS:
            signal.signal(signum, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        self._run(parent)

    def _collect(self) -> None:
        if self._process is not None and not self._process.is_alive():
            self._process.close()
            self._process = None


class EndOfIsolation:
    """Inside of the lone consumer: it ends when no suspect waits, or when its parent has died."""

    def __init__(
        self, broker: Broker, parent: int, is_busy: Callable[[], bool], end: Callable[[], None]
    ) -> None:
        self._broker, self._parent = broker, parent
        self._is_busy, self._end = is_busy, end
        self._idle_since = time.monotonic()

    def __bool__(self) -> bool:
        return False

    def look(self) -> None:
        if os.getppid() != self._parent:
            self._end()
        elif self._is_busy() or _suspects(self._broker):
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since > IDLE_S:
            self._end()

    def processes(self) -> set[int]:
        return set()

    def stop(self) -> None:
        """There is no other process."""


def _suspects(broker: Broker) -> int:
    """How many wait to run alone."""
    return indexes.blocked(broker, "alone")
