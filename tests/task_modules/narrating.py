"""Task types that say what they do while they run."""

import logging
import time
from typing import Any

from huey_tasks import current_task, task


@task(queue="default")
def narrate(count: int, pause_s: float = 0.0) -> int:
    """Show a line, a partial result and a progress for each number."""
    for number in range(count):
        logging.getLogger("narrator").info("line %d", number)
        current_task.emit({"number": number})
        current_task.progress((number + 1) / count, f"number {number}")
        time.sleep(pause_s)
    return count


@task(queue="default")
def emit_each(values: list[Any], times: int = 1) -> None:
    """Emit values as they are."""
    for _ in range(times):
        for value in values:
            current_task.emit(value)


@task(queue="default")
def emit_odd() -> None:
    """Emit what JSON cannot carry, and what is too large."""
    current_task.emit({"at": object(), "rate": float("nan")})
    current_task.emit("x" * 5000)
