"""What a task prints is kept with it, line by line, like what it logs, and still goes to stdout.

One object stands before stdout for the whole life of a worker, so a task costs nothing by it.
"""

import datetime as dt
import sys
from typing import Any

from huey_tasks.execution.attempt import LINE_CHARS, Attempt, current_attempt
from huey_tasks.execution.task_log import keep_line


class Printed:
    """A stream before another one, which keeps with the running task what is written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text to the stream; keep each line that it completes."""
        written: int = self._stream.write(text)
        attempt = current_attempt.get()
        if attempt is not None:
            *lines, rest = f"{attempt.printed}{text}".split("\n")
            attempt.printed = rest[-LINE_CHARS:]
            for line in lines:
                _keep(attempt, line)
        return written

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def writelines(self, lines: Any) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def keep_prints() -> None:
    """Keep from now on what tasks print in this process."""
    if sys.stdout is not None and not isinstance(sys.stdout, Printed):
        sys.stdout = Printed(sys.stdout)


def keep_unfinished(attempt: Attempt) -> None:
    """Keep the last line of an attempt, which has no end."""
    line, attempt.printed = attempt.printed, ""
    _keep(attempt, line)


def _keep(attempt: Attempt, line: str) -> None:
    shown = line.rstrip().rpartition("\r")[2]  # what a terminal shows of a progress bar
    if shown:
        keep_line(attempt, dt.datetime.now(dt.UTC).isoformat(), "INFO", shown)
