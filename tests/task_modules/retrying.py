"""Task types that say after which errors, and when, another attempt follows."""

import asyncio
from pathlib import Path
from typing import Any

from huey_tasks import Fail, Retry, TaskTimeout, current_task, default, task
from tests.waiting import wait_until

ERRORS: dict[str, type[BaseException]] = {
    kind.__name__: kind
    for kind in (OSError, FileNotFoundError, ValueError, KeyError, asyncio.CancelledError)
}


def note(file: str, what: object) -> None:
    """Append a line to the file."""
    with Path(file).open("a") as ledger:
        ledger.write(f"{what}\n")


@task(retries=2, retry_delay=0, retry_on=(OSError, asyncio.CancelledError))
def retry_only_os_errors(error: str) -> None:
    """Raise this error each time."""
    raise ERRORS[error]("no luck")


@task(retries=2, retry_delay=0, no_retry_on=(FileNotFoundError, KeyError))
def retry_all_but_some(error: str) -> None:
    """Raise this error each time."""
    raise ERRORS[error]("no luck")


@task(retries=2, retry_delay=0, retry_on=OSError)
def raise_a_group(errors: list[str]) -> None:
    """Raise a group of these errors."""
    raise BaseExceptionGroup("several", [ERRORS[error]("no luck") for error in errors])


@task(retries=4, retry_delay=[0, 0.05, 300], max_retry_delay=200)
def wait_as_listed() -> int:
    """Fail three times."""
    if current_task.attempt < 4:
        raise ValueError(current_task.attempt)
    return current_task.attempt


def _by_error(attempt: int, error: BaseException) -> Any:
    match error.args:
        case ("raise",):
            raise RuntimeError("no idea")
        case ("exit",):
            raise SystemExit(3)
        case (value,):
            return value * attempt
        case _:
            return None


@task(retries=3, retry_delay=_by_error)
def wait_as_computed(value: float | str) -> None:
    """Raise an error that says how long to wait."""
    raise OSError(float(value) if value not in ("raise", "exit") else value)


@task(retries=2, retry_delay=300, retry_jitter=1, max_retry_delay=100, no_retry_on=Retry)
def ask_for_more(how: str, delay_s: float | None = None) -> str:
    """Ask for another attempt, in one of several ways."""
    if current_task.attempt == 3:
        return "enough"
    try:
        raise OSError("the vendor is away")
    except OSError as error:
        if how == "while handled":
            raise Retry(delay_s=delay_s)  # noqa: B904
        if how == "from the error":
            raise Retry("a word", delay_s=delay_s) from error
        if how == "hidden":
            raise Retry("a word", delay_s=delay_s) from None
    raise Retry


@task(retries=2, retry_delay=0)
def ask_until_the_end() -> None:
    """Ask for more attempts than there are."""
    try:
        raise OSError("the vendor is away")
    except OSError as error:
        raise Retry(delay_s=0) from error


@task(retries=2, retry_delay=0)
def see_no_way(cause: bool) -> None:
    """Fail for good."""
    if not cause:
        raise Fail("no such customer")
    try:
        raise KeyError("customer 7")
    except KeyError as error:
        raise Fail("no such customer") from error


@task(retries=2, retry_delay=0)
def see_no_way_in_a_group() -> None:
    """Fail for good, as in a group of asyncio's."""
    raise ExceptionGroup("several", [OSError("away"), Fail("no such customer")])


@task
def ask_without_retries() -> None:
    """Ask for another attempt although there are none."""
    raise Retry


@task(retries=1, timeout=0.1, retry_on=OSError)
def take_too_long(how: str) -> None:
    """Run past the time limit, and heed it or not."""
    while True:
        try:
            wait_until(lambda: False, description="nothing", timeout_s=60)
        except TaskTimeout:
            if how == "heed":
                raise


@task(retries=1, retry_delay=[0], timeout=0.1, retry_on=TaskTimeout)
def take_too_long_once(how: str) -> int:
    """Run past the time limit in the first attempt."""
    while current_task.attempt == 1:
        try:
            wait_until(lambda: False, description="nothing", timeout_s=60)
        except TaskTimeout:
            if how == "heed":
                raise
    return current_task.attempt


@task(no_retry_on=OSError, retries=1, retry_delay=lambda attempt, error: 300.0)
def hold_the_gate(file: str, go_on: str) -> int:
    """Hold a lock until the file is there; what waits for it fails no attempt."""
    try:
        with default.lock_task("the gate"):
            note(file, "holds")
            wait_until(Path(go_on).exists, description="the test lets it go on", timeout_s=60)
    except Exception as error:
        raise Retry(delay_s=300) from error
    return current_task.attempt


def _stay(attempt: int, error: BaseException) -> float:
    wait_until(lambda: False, description="nothing", timeout_s=60)
    return 0


@task(retries=1, retry_delay=_stay)
def compute_for_ever(file: str) -> None:
    """Fail with a delay whose computation has no end."""
    note(file, "fails")
    raise OSError("away")
