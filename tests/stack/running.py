"""What tests of the stack start and watch: a supervising process with real children."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psutil

from tests.ports import free_ports
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")


def stand_in(name: str, mode: str = "steady", **fields: Any) -> dict[str, Any]:
    """Describe a substitute child for `run_stack`."""
    return {"name": name, "command": [sys.executable, str(STAND_IN), mode], **fields}


class RunningStack:
    """A process that supervises others; its output is in `log_path`."""

    def __init__(self, command: list[str], log_path: Path, env: dict[str, str]) -> None:
        self.log_path = log_path
        self.seen: dict[int, psutil.Process] = {}
        with log_path.open("wb") as log:
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        """Everything printed so far; a line may be half written."""
        return self.log_path.read_text("utf-8", "replace")

    def note_children(self) -> None:
        """Remember every process below the supervisor, to ask later whether one was left behind."""
        try:
            below = psutil.Process(self.popen.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        self.seen.update({process.pid: process for process in below})

    def wait_for(self, pattern: str, *, timeout_s: float = 60.0) -> re.Match[str]:
        """Wait until the log matches `pattern` and return the last match."""

        def last_match() -> re.Match[str] | None:
            found = list(re.finditer(pattern, self.log, re.MULTILINE))
            return found[-1] if found else None

        # The processes are looked for once, not at each poll: that would take the core they need.
        try:
            match = wait_until(last_match, description=pattern, timeout_s=timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; the log is:\n{self.log}") from None
        assert match is not None
        self.note_children()
        return match

    def pid_of(self, name: str, mode: str = "steady") -> int:
        """Return the pid that the substitute `name` has printed last."""
        return int(self.wait_for(rf"^{name} +\| {mode} runs as (\d+)")[1])

    def send(self, number: signal.Signals) -> None:
        self.note_children()
        self.popen.send_signal(number)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Wait for the end of the supervisor and return its exit code."""
        return self.popen.wait(timeout_s)

    def left_behind(self) -> list[psutil.Process]:
        """List the processes seen below the supervisor that still run."""
        return [process for process in self.seen.values() if _is_alive(process)]


@contextlib.contextmanager
def whole_stack(folder: Path, **settings: str) -> Generator[tuple[str, RunningStack]]:
    """Run `app.py up` with a Redis of its own and the default lease; yield its port and itself."""
    port, inspector_port = map(str, free_ports(2))
    own = {"PORT": port, "INSPECTOR_PORT": inspector_port, "DATA_DIR": str(folder / "data")}
    none = {"REDIS_URL": "", "RESULT_REDIS_URL": "", "LEASE_S": ""}
    command = [sys.executable, "app.py", "up"]
    stack = RunningStack(command, folder / "stack.log", {**os.environ, **none, **settings, **own})
    try:
        stack.wait_for("Ctrl-C stops everything", timeout_s=120)
        yield port, stack
    finally:
        stack.send(signal.SIGINT)
        try:
            stack.wait(60)
        finally:
            stack.popen.kill()
            for process in stack.left_behind():
                process.kill()
            print(stack.log)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
