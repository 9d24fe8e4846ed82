"""Task types whose course the browser tests steer."""

import logging
import math
import time
from pathlib import Path
from typing import Any

from huey_tasks import current_task, task

log = logging.getLogger("page_tasks")


def _wait_for(file: str) -> None:
    while not Path(file).exists():
        time.sleep(0.02)  # the work of a task; the test goes on when it makes the file


@task(queue="default")
def hold(file: str) -> str:
    """Run until the file is there."""
    _wait_for(file)
    return "let go"


@task(queue="low")
def two_steps(first: str, second: str) -> str:
    """Report a quarter, wait for a file, report three quarters, wait for another."""
    current_task.progress(0.25, "first step")
    _wait_for(first)
    current_task.progress(0.75, "second step")
    _wait_for(second)
    return "both steps"


@task(queue="default")
def echo(value: Any) -> Any:
    """Return the value."""
    return value


@task(queue="default", retries=0)
def needs(file: str, what: str) -> str:
    """Fail unless the file is there."""
    if not Path(file).exists():
        raise RuntimeError(f"{what} is missing")
    return f"{what} is there"


@task(queue="default")
def tell(text: str, level: str = "INFO") -> None:
    """Log one line."""
    log.log(logging.getLevelNamesMapping()[level], "%s", text)


@task(queue="default")
def fail_at_once(message: str) -> None:
    """Fail for good."""
    raise ValueError(message)


@task(queue="default", retries=1, retry_delay=300)
def fail_slowly(message: str) -> None:
    """Fail, and be tried again only in five minutes."""
    raise ValueError(message)


class PlainError(Exception):
    """An error that is shown as its message and nothing else."""

    def __repr__(self) -> str:
        return str(self)


@task(queue="default")
def fail_plainly(message: str) -> None:
    """Fail with an error that begins with the given text."""
    raise PlainError(message)


@task(queue="high")
def add(amount: int, note: str, tags: list[str]) -> dict[str, Any]:
    """Return what it was given."""
    return {"amount": amount, "note": note, "tags": tags}


@task(queue="high", retries=0)
def synchronise_the_quarterly_ledger_of_every_subsidiary_with_the_central_warehouse(
    width: int = 3,
) -> None:
    """Fail, `width` wide, under a name that is as long as people make them."""
    logging.getLogger(__name__).info("comparing the books")
    raise ValueError("the ledger does not balance")


@task(queue="high")
def average_of_nothing() -> dict[str, float]:
    """Return a number that JSON does not have."""
    return {"mean": math.nan}
