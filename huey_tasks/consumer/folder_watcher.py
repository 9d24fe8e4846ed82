"""Keeps the process that watches folders running, as long as a function of the queue has any.

The consumer never waits for it: a process that hangs in a network folder cannot even be killed.
"""

import contextlib
import logging
import os
import signal
import time

from huey_tasks.broker.broker import Broker
from huey_tasks.config import Config
from huey_tasks.functions.apart import NotSeen
from huey_tasks.processes import stop_signals
from huey_tasks.processes.offspring import die_with
from huey_tasks.watches import watcher

logger = logging.getLogger(__name__)

#: Seconds between two looks, and so before one that has ended is started again. A little less than
#: between two runs of the chore, of which every other one would otherwise come just too early.
LOOK_S = 0.9


class FolderWatcher:
    """The watcher of one consumer."""

    def __init__(self, broker: Broker, config: Config) -> None:
        self._broker, self._config = broker, config
        self._pid: int | None = None
        self._look_at = 0.0
        self._is_over = False

    def look(self) -> None:
        """Start it if it is needed and not there; end it if it is not needed any more."""
        self._collect()
        now = time.monotonic()
        if now < self._look_at and not self._is_over:
            return
        self._look_at = now + LOOK_S
        try:
            is_needed = not self._is_over and bool(watcher.watching(self._broker.name))
        except NotSeen:  # the folder of the functions does not answer
            return
        if not is_needed:
            self._kill()
        elif self._pid is None:
            logger.info("folders are watched", extra={"queue": self._broker.name})
            self._start()

    def stop(self) -> None:
        """End it: the consumer stops."""
        self._is_over = True
        self._kill()

    def processes(self) -> set[int]:
        """Return its id, if it runs."""
        self._collect()
        return set() if self._pid is None else {self._pid}

    def _start(self) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._pid = pid
            return
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            stop_signals.reset()
            die_with(parent)
            watcher.run(self._broker, self._config)
        finally:
            os._exit(1)

    def _kill(self) -> None:
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._collect()

    def _collect(self) -> None:
        if self._pid is None:
            return
        try:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:  # somebody else has collected it
            pid, status = self._pid, 0
        if pid:
            self._pid = None
            if not self._is_over and os.WIFEXITED(status):
                logger.warning("the watcher of folders has ended", extra={"status": status})
