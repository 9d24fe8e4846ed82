"""The task types that clients call; few, because generators write code for each."""

import time
from typing import Any

from huey_tasks import current_task, task


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


@task
def count(to: int, pause_s: float = 0.0) -> int:
    """Emit each number, with a pause before the next."""
    for number in range(to):
        current_task.emit({"number": number, "text": "a\u2028b"})
        time.sleep(pause_s)
    return to
