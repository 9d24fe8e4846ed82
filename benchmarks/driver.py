"""Talks to a driver: the process in a system's own environment that submits and reads results.

A driver reads one JSON object a line and answers with one; `apps/driver.py` is the Python side of
it and `apps/bullmq_driver.mjs` the one for Node. Times are Unix seconds of this machine.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.processes import Command


@dataclass(frozen=True)
class Submission:
    """When one task was handed over, and when it was accepted."""

    task_id: str
    sent_at: float
    accepted_at: float


class Driver:
    """One driver process, as a context."""

    def __init__(self, command: Command, log: Path) -> None:
        self._command, self._log = command, log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Driver":
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                list(self._command.argv),
                cwd=self._command.folder,
                env={**os.environ, **self._command.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.ask(do="hello")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        """Close its input, which ends it, and collect it."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def ask(self, **question: Any) -> dict[str, Any]:
        """Ask anything else that this driver knows. Raises RuntimeError when it has ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the driver has not been started")
        answer = ""
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            self._end()
            raise RuntimeError(f"the driver has ended:\n{self._log.read_text()[-3000:]}")
        return json.loads(answer)

    def fill(self, task: str, count: int, seconds: float = 0.0) -> list[str]:
        """Submit `count` tasks as fast as the system's own client can; returns their ids.

        Each takes that number of seconds, where it is a `rest` or a `stamp`.
        """
        return self.ask(do="fill", task=task, count=count, seconds=seconds)["ids"]

    def submit(
        self, task: str, waits_s: Sequence[float], seconds: Sequence[float]
    ) -> list[Submission]:
        """Submit one task after the other, each with its wait before it and its own duration."""
        rows = self.ask(do="submit", task=task, waits=list(waits_s), seconds=list(seconds))
        return [Submission(*row) for row in rows["rows"]]

    def results(self, ids: Sequence[str]) -> list[Any]:
        """What the tasks returned, read by the system's own client; None where nothing is."""
        return self.ask(do="results", ids=list(ids))["results"]
