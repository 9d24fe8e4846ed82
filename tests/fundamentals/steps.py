"""Two steps that many tests take."""

from typing import Any

import huey_tasks as tq
from tests.waiting import wait_until


def ended(task_id: str) -> tq.TaskRecord:
    """Wait until a task reaches a terminal state, and return it."""
    tq.wait_for_end(task_id, 30)
    record = tq.get_task(task_id)
    assert record.status.terminal, f"the task is {record.status}"
    return record


def reaches(task_id: str, state: str) -> tq.TaskRecord:
    """Wait until a task is in that state, and return it."""

    def look() -> tq.TaskRecord | None:
        record = tq.get_task(task_id)
        return record if record.status == state else None

    found = wait_until(look, description=f"the task is {state}")
    assert found is not None
    return found


def huey_task(name: str) -> Any:
    """Return a task type as Huey's own API knows it, to build pipelines and chords."""
    return next(found for found in tq.task_types() if found.name == name).wrappers["default"]
