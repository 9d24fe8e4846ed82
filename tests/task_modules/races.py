"""Short tasks for tests that race them; each leaves the times of its begin and its end."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

from huey_tasks import current_task, task


def _note(file: str, what: str) -> None:
    """Append a line outside Redis, in one write."""
    line = f"{what} {current_task.id} {os.getpid()} {time.time():.6f}\n"
    ledger = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, line.encode())
    finally:
        os.close(ledger)


@task(queue="default")
def take_a_millisecond(file: str) -> None:
    """Compute for half of it, wait for the other half."""
    _note(file, "begin")
    half = time.monotonic() + 0.0005
    while time.monotonic() < half:
        pass
    time.sleep(0.0005)
    _note(file, "end")


@task(queue="default")
def swallow_everything(seconds: float, file: str) -> None:
    """Go on whatever is raised, for that long."""
    _note(file, "begin")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        with contextlib.suppress(BaseException):
            time.sleep(left)
    _note(file, "end")


@task(queue="default")
def start_a_family(file: str) -> None:
    """Start a process that starts another one, and swallow every exception while they run."""
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $$ $! > $0.new; mv $0.new $0; wait", file]
    )
    while shell.poll() is None:
        with contextlib.suppress(BaseException):
            shell.wait()
    Path(file).unlink()
