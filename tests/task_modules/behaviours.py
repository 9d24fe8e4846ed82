"""Task types whose behaviour the tests steer through their payload."""

import contextlib
import ctypes
import datetime as dt
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from huey import crontab
from huey.exceptions import CancelExecution, RetryTask

from huey_tasks import TaskCancelled, current_task, low, submit, task


def _leave_mark(file: str, mark: object = "") -> None:
    """Append a line outside Redis, in one write, so that a test can count executions."""
    ledger = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, f"{current_task.id} {mark}\n".encode())
    finally:
        os.close(ledger)


def _write(file: str, text: str) -> None:
    """Write a file that is there with all of it, or not at all."""
    new = Path(f"{file}.new")
    new.write_text(text)
    new.replace(file)


def _pause(seconds: float) -> None:
    """The work of a task under test; a wait of the task, not of the test."""
    time.sleep(seconds)


@task
def echo(value: Any = None) -> Any:
    """Return the value."""
    return value


@task(queue="default", retries=2, retry_delay=0.05, retry_backoff=2)
def fail(message: str = "on purpose") -> None:
    """Raise."""
    raise ValueError(message)


@task(queue="default", retries=3, retry_delay=0.05, retry_backoff=1)
def fail_until(attempt: int) -> int:
    """Raise in every attempt before the given one."""
    if current_task.attempt < attempt:
        raise ValueError(f"attempt {current_task.attempt}")
    return current_task.attempt


@task(queue="default", retries=1, retry_delay=0)
def fail_at_once(file: str) -> None:
    """Raise; retried without a wait."""
    _leave_mark(file)
    raise ValueError("at once")


@task(queue="default")
def work_for(seconds: float, file: str = "/dev/null") -> str:
    """Take that long."""
    _leave_mark(file, current_task.attempt)
    _pause(seconds)
    return "done"


@task(queue="default")
def work_until(go_on: str, file: str = "/dev/null") -> str:
    """Take as long as that file is not there."""
    _leave_mark(file, current_task.attempt)
    while not Path(go_on).exists():
        _pause(0.01)
    return "done"


@task(queue="default")
def ignore_everything(seconds: float, file: str = "/dev/null") -> None:
    """Swallow every exception, as bad code does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            _leave_mark(file, "begun")
            _pause(seconds)


@task(queue="default")
def clean_up_when_cancelled(file: str) -> None:
    """Leave a mark when cancelled."""
    try:
        _leave_mark(file, "begun")
        _pause(600)
    except TaskCancelled:
        _leave_mark(file, "cleaned up")
        raise


@task(queue="default")
def watch_for_cancel(file: str) -> None:
    """Catch every exception, but ask whether it is cancelled."""
    noticed = False
    while not noticed:
        with contextlib.suppress(Exception):  # around all of it: it may be raised anywhere
            _leave_mark(file, "begun")
            while not current_task.cancel_requested:
                _pause(0.02)
            noticed = True
    _leave_mark(file, "noticed")


@task(queue="default")
def hold_the_interpreter(seconds: float) -> None:
    """Wait in C without letting Python's signal handlers run."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


@task(queue="default")
def count_in_c(seconds: float, file: str = "/dev/null") -> int:
    """Stay in one C loop that looks at no signal; far longer than any test."""
    _leave_mark(file, "begun")
    return sum(range(int(seconds * 10**10)))


@task(queue="default")
def die(file: str) -> None:
    """Kill the own worker process."""
    _leave_mark(file)
    os.kill(os.getpid(), signal.SIGKILL)


@task(queue="default", timeout=0.2)
def overrun() -> None:
    """Take longer than allowed."""
    _pause(30)


@task(queue="default")
def return_rich_values() -> dict[str, Any]:
    """Return what plain JSON has no form for."""
    return {
        "at": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "raw": b"\x00\xff",
        "big": 12345678901234567890123,
        "$key": {"$datetime": "not a date"},
    }


@task(queue="default", retries=2, retry_delay=0.05)
def return_nonsense() -> Any:
    """Return what JSON cannot carry."""
    return object()


@task(queue="default")
def report_progress(file: str) -> None:
    """Report half, then wait for the file to appear."""
    current_task.progress(0.5, "half way")
    logging.getLogger("behaviours").info("line %s", 1)
    while not Path(file).exists():
        _pause(0.01)


@task(queue="default")
def log_as_files_appear(files: list[str]) -> None:
    """Log a line when each file is there, and leave another one behind when it is logged."""
    for number, file in enumerate(files):
        while not Path(file).exists():
            _pause(0.01)
        logging.getLogger("behaviours").info("line %d", number)
        Path(f"{file}.logged").touch()


@task(queue="default")
def give_up() -> None:
    """Say that another attempt is not worth it."""
    raise CancelExecution(retry=False)


@task(queue="default")
def ask_for_retry() -> int:
    """Ask Huey for another attempt, once."""
    if current_task.attempt == 1:
        raise RetryTask(delay=0.05)
    return current_task.attempt


@task(queue="default", retries=0, retry_delay=0.4)
def ask_for_retry_after_usual_delay(file: str) -> None:
    """Ask Huey for another attempt, once, and name no delay."""
    _leave_mark(file, time.monotonic())
    if current_task.attempt == 1:
        raise RetryTask


@task(queue="default")
def python_path() -> str:
    """Return where a program in Python that this task starts would look for modules."""
    return os.environ.get("PYTHONPATH", "")


@task(queue="default")
def add(a: int, b: int) -> int:
    """Add; for pipelines."""
    return a + b


@low.periodic_task(crontab(minute="*"))
def every_minute() -> None:
    """Do nothing, each minute."""


@task(queue="default")
def interrupt_itself() -> None:
    """Raise what Huey takes for an interrupt of the worker."""
    raise KeyboardInterrupt


@task(queue="default")
def submit_another_and_die_once(file: str) -> str:
    """Submit a task; in the first execution, die afterwards."""
    child = submit("echo", {"value": "child"})
    if not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return child.task_id


@task(queue="default")
def submit_once(key: str) -> str:
    """Submit another task with an idempotency key; return its id."""
    return submit("echo", {"value": key}, idempotency_key=key).task_id


@task(queue="default")
def die_once_then_add(a: int, b: int, file: str) -> int:
    """Add; in the first execution, die instead."""
    if not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return a + b


@task(queue="default", timeout=0.2, retries=1, retry_delay=0.05)
def ignore_its_time_limit() -> None:
    """Swallow the soft time limit."""
    while True:
        with contextlib.suppress(Exception):
            _pause(600)


@task(queue="default", retries=1, retry_delay=0.05)
def raise_half_a_surrogate() -> None:
    """Raise an error whose text UTF-8 cannot carry, as a file name can have."""
    raise ValueError("cannot read \udcff")


@task(queue="default")
def return_half_a_surrogate() -> str:
    """Return such a text."""
    return "\udcff"


@task(queue="default")
def fork_and_wait(file: str) -> None:
    """Fork a process that would outlive the worker, and wait."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _pause(20)
        os._exit(0)
    _write(file, str(pid))
    _pause(60)


@task(queue="default", timeout=0.5)
def log_without_end(seconds: float) -> str:
    """Log all the time, past the time limit."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        logging.getLogger("behaviours").info("still here")
    return "not stopped"


@task(queue="default", retries=1, retry_delay=0.05)
def exit_the_interpreter() -> None:
    """Call sys.exit."""
    sys.exit(3)


@task(queue="default", retries=3)
def wait_for_ctrl_c() -> None:
    """Stand for a long task while somebody presses Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)


@task(queue="default", retries=40, retry_delay=1, retry_backoff=10, max_retry_delay=0.001)
def fail_often() -> None:
    """Fail with a delay that would grow beyond all dates."""
    raise ValueError("again")


@task(queue="default", retries=1, retry_delay=5.2, expires=5)
def fail_once_and_expire() -> int:
    """Start in time, fail, and be tried again after the time to start is over."""
    if current_task.attempt == 1:
        raise ValueError("once")
    return current_task.attempt


@task(queue="default")
def kill_own_greenlet() -> None:
    """Raise what ends a greenlet."""
    import gevent

    raise gevent.GreenletExit


@task(queue="low", limits={"concurrency": 3, "rate": "50/m", "by": "key"})
def kept_to_limits(key: str) -> str:
    """Run no more often than its declaration allows."""
    return key


@task(queue="default")
def fail_first(number: int) -> int:
    """Fail for the first two numbers."""
    if number < 2:
        raise ValueError("not yet")
    return number
