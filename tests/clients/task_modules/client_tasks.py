"""The task types that clients call; few, because generators write code for each."""

from typing import Any

from huey_tasks import task


@task
def echo(value: Any = None) -> Any:
    """Return the value."""
    return value


@task(retries=0)
def fail(message: str = "on purpose") -> None:
    """Raise."""
    raise ValueError(message)


@task
def work_for(seconds: float) -> float:
    """Return the seconds."""
    return seconds
