"""Asks code of the user's a yes or no in a process of its own, for one that must not wait for it.

A supervisor renews leases, and code of the user's may hang, raise or end its process: then only
that process hangs or ends. What the code changes in its module ends with it.
"""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable

from huey_tasks.consumer.worker_processes import kill_group
from huey_tasks.processes import offspring, stop_signals

logger = logging.getLogger(__name__)

#: The exit status of the process for each answer, which no program chooses by chance.
_NO, _YES, _RAISED = 90, 91, 92


class NoAnswer(Exception):
    """There is none: why, in words."""


class Question:
    """One question that is under way."""

    def __init__(self, ask: Callable[[], object], about: str, limit_s: float) -> None:
        """Begin to ask; `about` names it in the log."""
        self._limit_s, self._deadline = limit_s, time.monotonic() + limit_s
        self.pid = _start(ask, about)

    def answer(self) -> bool | None:
        """Return the answer, None as long as there is none. Raises NoAnswer if there will be none.

        What the code raises is in the log, and the answer is no.
        """
        if (code := self._exit_code()) is None:
            if time.monotonic() < self._deadline:
                return None
            kill_group(self.pid)
            raise NoAnswer(f"it took more than {self._limit_s:g} s")
        if code not in (_NO, _YES, _RAISED):
            raise NoAnswer(f"its process ended with {code}")
        return code == _YES

    def has_ended(self) -> bool:
        """Whether the process is gone; asked until it is, of one without an answer."""
        return self._exit_code() is not None

    def _exit_code(self) -> int | None:
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:  # it is collected already
            return -1
        return os.waitstatus_to_exitcode(status) if pid else None


def answer_here(ask: Callable[[], object], about: str) -> bool:
    """Ask in this process; what the code raises is logged, and means no."""
    try:
        return bool(ask())
    except Exception:
        logger.exception("%s failed", about)
        return False


def _start(ask: Callable[[], object], about: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = _RAISED
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        stop_signals.reset()
        offspring.die_with(parent)
        code = _YES if ask() else _NO
    except BaseException:  # also SystemExit, which would run the exit handlers of the supervisor
        logger.exception("%s failed", about)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):  # it is closed, or gone
                stream.flush()
        os._exit(code)
