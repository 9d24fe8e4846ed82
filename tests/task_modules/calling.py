"""Task types that submit others as the functions that they are."""

import os
import signal
from pathlib import Path
from typing import Any

from huey_tasks import FailedMember, FlowNode, submit_flow, task


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


@task
def flow_and_die_once(file: str) -> str:
    """Submit a flow and return its id; in the first execution, write it and die instead."""
    flow_id = submit_flow([FlowNode("only", "give_back", {"value": 1})]).flow_id
    if not Path(file).exists():
        Path(file).write_text(flow_id)
        os.kill(os.getpid(), signal.SIGKILL)
    return flow_id


@task
def give_back_or_fail(value: int) -> int:
    """Return an even value; raise for an odd one."""
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value


@task
def add_up(results: list[int]) -> dict[str, Any]:
    """The callback of a chord, with the type of its members' results."""
    return _told_apart(results)


@task
def name_all(results: list[Any]) -> dict[str, Any]:
    """The same, with any type."""
    return _told_apart(results)


def _told_apart(results: list[Any]) -> dict[str, Any]:
    failed = [result for result in results if isinstance(result, FailedMember)]
    return {
        "sum": sum(result for result in results if isinstance(result, int)),
        "failed": [[each.task_id, each.error, each.traceback is not None] for each in failed],
        "places": [type(result).__name__ for result in results],
    }
