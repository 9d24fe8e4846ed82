"""Task types that submit others as the functions that they are."""

import os
import signal
from pathlib import Path

from huey_tasks import task


@task
def add_to(number: int = 0, to: int = 0) -> int:
    """Add; in a pipeline the first is what came before."""
    return number + to


@task
def give_back(value: int) -> int:
    """Return the value."""
    return value


@task
def fan_out_and_die_once(number: int, file: str) -> str:
    """Submit tasks and return their ids; in the first execution, write them and die instead."""
    ids = " ".join(handle.id for handle in give_back.map(range(number)))
    if not Path(file).exists():
        Path(file).write_text(ids)
        os.kill(os.getpid(), signal.SIGKILL)
    return ids
