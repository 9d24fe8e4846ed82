"""Report the progress of the import of task modules: one that is slow, or ends this process."""

import importlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from huey_tasks.registry.import_errors import is_of

#: Seconds after which the import of a module is reported as slow, and again after each further.
SLOW_S = 10.0


#: The words whose texts `say` prints. A consumer that was started alone adds "empty"; a process
#: that only submits does not.
printed = {"slow", "end"}


def say(word: str, text: str) -> None:
    """Report the progress of the import on stderr; `import_check` of the stack replaces this.

    `word`: "file" when a module begins, "slow" for a slow one, "end" for one that ends this
    process, "broken" for one that is left out, "empty" for one that declares no task.
    """
    if word in printed:
        print(f"duckline: {text}", file=sys.stderr, flush=True)


class Watch:
    """Reports the file and line of an import that is slow or ends this process.

    Runs in a thread of the operating system: a greenlet does not run during an import.
    """

    def __init__(self, setting: str, roots: Sequence[Path]) -> None:
        self._setting, self._roots = setting, roots
        self._main = _real("_thread", "get_ident")()
        self._clock = time.monotonic
        self._file, self._since = "", self._clock()
        self._running = _real("_thread", "allocate_lock")()
        self._pid, self._exit, self._is_over = os.getpid(), os._exit, False

    def begin(self, module: str) -> None:
        """Note that the import of a file, or of a module that is named, begins."""
        self._file, self._since = module, self._clock()
        say("file", f"{self._setting}: {module}")

    def __enter__(self) -> "Watch":
        self._running.acquire()
        os._exit = self._say_and_exit
        _real("_thread", "start_new_thread")(self._look, ())
        return self

    def __exit__(self, *error: object) -> None:
        os._exit, self._is_over = self._exit, True
        self._running.release()

    def _say_and_exit(self, status: int) -> NoReturn:
        """Replace `os._exit`, which ends a process without a report.

        A module may keep this function and call it after the import, or in a forked child: then it
        only exits.
        """
        try:
            if os.getpid() == self._pid and not self._is_over:
                line = self._line() or self._file
                say("end", f"{self._setting}: {line} ends the process: os._exit({status!r})")
        finally:
            self._exit(status)

    def _look(self) -> None:
        said_s = 0.0
        file = self._file
        while not self._running.acquire(timeout=0.05 if SLOW_S < 1 else 0.5):
            if file != self._file:
                file, said_s = self._file, 0.0
            took_s = self._clock() - self._since
            if took_s >= said_s + SLOW_S:
                said_s += SLOW_S
                line = self._line() or file
                took = f"the import of {file} has taken {said_s:g} s"
                say("slow", f"{self._setting}: {took}, and is at {line}")

    def _line(self) -> str | None:
        frame: FrameType | None = sys._current_frames().get(self._main)
        while frame is not None and not is_of(frame.f_code.co_filename, self._roots):
            frame = frame.f_back
        return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _real(module: str, name: str) -> Any:
    """Return a function of the standard library without gevent's patches."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)
