"""Task types that wait for a lock or a limit, or that take their consumer with them."""

import os
import signal
import time
from pathlib import Path

from huey_tasks import default, task
from tests.waiting import wait_until


def _note(file: str, what: str) -> None:
    """Append a line outside Redis, in one write."""
    ledger = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, f"{what} {os.getpid()} {time.time():.6f}\n".encode())
    finally:
        os.close(ledger)


@task(queue="default")
def share_the_scale(file: str, go_on: str) -> None:
    """Hold a lock until the file is there; without retries."""
    with default.lock_task("the scale"):
        _note(file, "begin")
        wait_until(Path(go_on).exists, description="the test lets it go on", timeout_s=60)
        _note(file, "end")


@task(queue="default")
def weigh(file: str, seconds: float) -> None:
    """Hold the lock of `default` for that long, whatever queue the task runs on."""
    with default.lock_task("the scale"):
        _note(file, "begin")
        time.sleep(seconds)
        _note(file, "end")


@task(queue="default")
def take_from_the_well(file: str) -> None:
    """Use a rate limit of two in half a second; without retries."""
    with default.rate_limit("the well", 2, 0.5):
        _note(file, "took")


@task(queue="default")
def give_up_on_the_limit() -> None:
    """Use a limit that is an error when it is used up."""
    with default.rate_limit("the strict", 1, 86_400, retry=False):
        pass


@default.task(name="huey_own_way")
def huey_own_way() -> str:
    """A type of Huey's own."""
    return "done"


@task(queue="default")
def kill_the_parent(file: str) -> None:
    """Kill the supervisor of this worker, as the OOM killer may."""
    _note(file, "kills")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


@task(queue="default")
def kill_the_group_of_the_parent(file: str) -> None:
    """Kill the supervisor and what is in its process group."""
    _note(file, "kills")
    os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
    time.sleep(60)


@task(queue="default")
def kill_the_own_process(file: str) -> None:
    """Kill the process that it runs in: a worker, or a pool of greenlets with all it holds."""
    _note(file, "kills")
    os.kill(os.getpid(), signal.SIGKILL)


@task(queue="default")
def stay_until(file: str, go_on: str) -> str:
    """Run until the file is there."""
    _note(file, "begin")
    while not Path(go_on).exists():
        time.sleep(0.01)
    return "stayed"
