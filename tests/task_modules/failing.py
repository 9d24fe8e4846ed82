"""Task types that fail for one of several causes, or wait for a lock or a limit."""

from pathlib import Path

from huey_tasks import default, task
from tests.waiting import wait_until


class Declined(Exception):
    """An error with a name of its own."""


def _charge(message: str) -> None:
    raise Declined(message)


def _look_up(message: str) -> None:
    raise LookupError(message)


@task(queue="default")
def fail_somewhere(where: str, message: str) -> None:
    """Raise in one of two functions, or here."""
    if where == "charge":
        _charge(message)
    if where == "look up":
        _look_up(message)
    raise RuntimeError(message)


@task(queue="default")
def fail_with_hostile_text() -> None:
    """Raise what would break a page, a terminal or an encoder, a megabyte of it."""
    raise ValueError("<script>\x00\x1b[31m\u202e\ud800 " + "x y " * 250_000)


@task(queue="default")
def fail_in_json(text: str) -> None:
    """Raise inside of a library."""
    import json

    json.loads(text)


@task(queue="default", retries=1, retry_delay=0)
def fail_then_wait(message: str, file: str) -> None:
    """Fail once; run until the file is there in the second attempt."""
    from huey_tasks import current_task

    if current_task.attempt == 1:
        raise Declined(message)
    wait_until(Path(file).exists, description="the test lets it go on")


@task(queue="default", retries=50, retry_delay=3600)
def hold_the_press(file: str) -> None:
    """Hold a lock until the file is there."""
    with default.lock_task("the press"):
        wait_until(Path(file).exists, description="the test lets it go on", timeout_s=60)


@task(queue="default", retries=50, retry_delay=3600)
def use_the_limit() -> None:
    """Use a rate limit of one a day."""
    with default.rate_limit('the "meter"', 1, 86_400):
        pass


@task(queue="default")
def fail_in_a_model() -> None:
    """Raise inside of pydantic."""
    from pydantic import TypeAdapter

    TypeAdapter(int).validate_python("many")
