"""Task types of the measurements; every one notes in the ledger when its code runs."""

import os
import time

from huey.exceptions import RetryTask

from huey_tasks import task
from huey_tasks.execution.attempt import current_attempt

_LEDGER = os.environ["PROMISES_LEDGER"]


def _note() -> int:
    """Append that this attempt begins now, in one write; return which delivery it is."""
    attempt = current_attempt.get()
    if attempt is None:
        raise RuntimeError("a task of the measurements runs in a consumer only")
    claim = attempt.claim
    line = f"{claim.id} {claim.attempt} {claim.deliveries} {os.getpid()} {time.time():.6f}\n"
    ledger = os.open(_LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, line.encode())
    finally:
        os.close(ledger)
    return claim.deliveries


@task(queue="default")
def begin() -> None:
    """Note the begin, and end."""
    _note()


@task(queue="default")
def be_killed(seconds: float) -> None:
    """Run for that long when first delivered, so that there is somebody to kill."""
    if _note() == 1:
        time.sleep(seconds)


@task(queue="default")
def run_until_stopped() -> None:
    """Run for far longer than any cancel takes."""
    _note()
    time.sleep(60)


@task(queue="default")
def swallow_the_cancel() -> None:
    """Go on whatever is raised."""
    _note()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(1)
        except Exception as error:
            del error


@task(queue="default", retries=1)
def fail_once(delay_s: float) -> None:
    """Ask for another attempt after the delay; the note is the moment of the failure."""
    if _note() == 1:
        raise RetryTask(delay=delay_s)


@task(queue="default")
def keep_busy(seconds: float) -> None:
    """Take that long; work of others, of which nothing is noted."""
    time.sleep(seconds)
