"""One child process of the stack: start it, read its output, detect its end, stop it.

Owns the operating-system side: session, parent-death signal, exit reason; output.py reads its
output. supervisor.py decides on restarts and on the order.
"""

import asyncio
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from duckline.stack.forks import Forked, ForkServer
from duckline.stack.output import LineReader
from duckline.stack.parent_death import end_with

REFUSAL_MARK = "duckline: "  # begins the line of app.py about an error
LINES_REMEMBERED = 50
_LAST_BYTES = 8192  # how much of a log file is read for its last lines

Probe = Callable[[], Coroutine[None, None, str | None]]
"""Returns None when the process is ready, else a text that says why it is not."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Describes one child: what to run, what it waits for, and how it stops."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    after: str | None = None  # starts once that process is ready, stops before it
    probe: Probe | None = None  # without one it is ready once started
    stop_grace_s: float = 10.0  # between SIGTERM and SIGKILL
    hurry_grace_s: float = 5.0  # between a second SIGTERM and SIGKILL
    log_file: Path | None = None  # where its last lines are, if it does not print them
    cause: Callable[[], str] | None = None  # why it may have died, "" when unknown
    reloads: bool = False  # restarted by `make dev` when a source file changes
    pass_fds: tuple[int, ...] = ()
    terminal: bool = False  # it has ours, and ends with our session
    forked_by: ForkServer | None = None  # when it starts for the first time


class Process:
    """Runs one ProcessSpec; start() may be called again after the process has ended."""

    def __init__(self, spec: ProcessSpec, on_lines: Callable[[str, list[str]], None]) -> None:
        self.spec = spec
        self.ready = asyncio.Event()
        self._on_lines = on_lines
        self._last_lines: deque[str] = deque(maxlen=LINES_REMEMBERED)
        self._popen: subprocess.Popen[bytes] | Forked | None = None
        self._exited = asyncio.Event()
        self._output: LineReader | None = None

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen else None

    @property
    def refused(self) -> bool:
        """Whether it exited because of a wrong setting: a restart cannot help."""
        return self._popen is not None and self._popen.returncode == os.EX_CONFIG

    @property
    def alive(self) -> bool:
        return self._popen is not None and not self._exited.is_set()

    def start(self) -> None:
        """Start the process in a session of its own, unless it needs the terminal.

        Raise OSError when it cannot be executed.
        """
        server = self.spec.forked_by
        self._popen = (server.fork(self.spec.name) if server else None) or self._execute()
        self._exited = asyncio.Event()
        self._last_lines.clear()
        out = self._popen.stdout
        self._output = LineReader(out, self._pass_on) if out is not None else None

    def _execute(self) -> subprocess.Popen[bytes]:
        parent = os.getpid()
        return subprocess.Popen(
            list(self.spec.command),
            env={**os.environ, **self.spec.env},
            stdin=None if self.spec.terminal else subprocess.DEVNULL,
            stdout=None if self.spec.terminal else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches only the supervisor, which stops in order.
            start_new_session=not self.spec.terminal,
            pass_fds=self.spec.pass_fds,
            preexec_fn=lambda: end_with(parent),
        )

    def _pass_on(self, lines: list[str]) -> None:
        mark = self.spec.env.get("LOG_MARK", "")
        self._last_lines.extend(line.removeprefix(mark) for line in lines)
        self._on_lines(self.spec.name, lines)

    def reap(self) -> None:
        """Detect the end of the process; the supervisor calls this on every SIGCHLD."""
        popen = self._popen
        if popen is None or self._exited.is_set() or popen.poll() is None:
            return
        # A killed leader leaves children behind (gunicorn's workers hold the port): kill them too.
        self.signal_group(signal.SIGKILL)
        self.ready.clear()
        self._exited.set()

    async def wait(self) -> str:
        """Wait for the end of the process and return its reason: "exit code 1" or "SIGKILL"."""
        await self._exited.wait()
        assert self._popen is not None and self._popen.returncode is not None
        if self._output is not None:
            self._output.read()  # shows its last lines before the line about its end
        return exit_reason(self._popen.returncode)

    def terminate(self) -> None:
        """Send SIGTERM to the process, which stops its own children."""
        if self.alive and self._popen is not None:
            self._popen.terminate()

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and everything that it started in its session."""
        if self._popen is not None and self.spec.terminal:
            self._popen.send_signal(number)
        elif self._popen is not None:
            try:
                os.killpg(self._popen.pid, number)
            except ProcessLookupError:
                return  # the whole group has ended, which is the goal

    def refusal(self) -> str:
        """Return the reason on the line that app.py marks, else the last line."""
        marked = [line for line in self._last_lines if line.startswith(REFUSAL_MARK)]
        reason = (marked or list(self._last_lines) or ["it gave no reason"])[-1]
        return reason.removeprefix(REFUSAL_MARK)

    def last_words(self, lines: int = 3) -> list[str]:
        """Return the end of the process's log file, for a process that logs to one."""
        if self.spec.log_file is None or not self.spec.log_file.exists():
            return []
        with self.spec.log_file.open("rb") as file:
            file.seek(max(0, self.spec.log_file.stat().st_size - _LAST_BYTES))
            text = file.read().decode("utf-8", "replace")
        return text.splitlines()[-lines:]


def exit_reason(returncode: int) -> str:
    """Return how a process ended: "exit code 3", or the name of the signal that killed it."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
