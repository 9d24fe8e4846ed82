"""Groups of processes: the workers of one system, wherever in the process tree they have got to.

Every process of a group inherits a mark in its environment, so children that moved into process
groups or sessions of their own are found as well. Ends nothing that it has not started.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

#: The environment variable that marks the members of a group.
MARK = "BENCH_GROUP"

#: Seconds. What was asked to stop and has not ended by then is killed.
STOP_S = 5.0


@dataclass(frozen=True)
class Command:
    """A program with its arguments and what its environment has beyond ours."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None


class ProcessGroup:
    """Some commands, run together; their output goes to one log file."""

    def __init__(self, commands: Sequence[Command], log: Path) -> None:
        self.commands, self.log = commands, log
        self._mark = secrets.token_hex(8)
        self._leaders: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start every command, each in a session of its own."""
        with self.log.open("ab") as log:
            self._leaders = [
                subprocess.Popen(
                    list(command.argv),
                    cwd=command.folder,
                    env={**os.environ, **command.environment, MARK: self._mark},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                for command in self.commands
            ]

    def members(self) -> list[psutil.Process]:
        """Every living process of the group, leaders and all that they have started."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            ours = process.environ().get(MARK) == self._mark
            return ours and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:  # ended meanwhile, or somebody else's
            return False

    def kill(self) -> None:
        """SIGKILL the whole group at one moment."""
        members = self.members()
        while members:  # one may have been forking
            for process in members:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
            members = self.members()
        for leader in self._leaders:
            leader.wait()

    def stop(self) -> None:
        """SIGTERM the leaders, kill what is left after STOP_S."""
        for leader in self._leaders:
            leader.terminate()
        deadline = time.monotonic() + STOP_S
        for leader in self._leaders:
            with contextlib.suppress(subprocess.TimeoutExpired):
                leader.wait(max(deadline - time.monotonic(), 0.01))
        self.kill()

    def require_alive(self) -> None:
        """Raise RuntimeError with the end of the log when a leader has ended by itself."""
        ended = [leader for leader in self._leaders if leader.poll() is not None]
        if ended:
            raise RuntimeError(f"{ended[0].args!r} has ended:\n{self.log.read_text()[-3000:]}")


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processor time that the processes have used so far; ended ones count as 0."""
    used = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def used_s(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processor time of the processes, and of their children that have ended."""
    used = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:4])
    return used
