"""A submitted task, as the code that submitted it holds it: look at it, wait for it, cancel it."""

import time
from dataclasses import dataclass
from typing import Any

from huey_tasks.api.tasks import cancel, get_task, wait_for_end
from huey_tasks.errors import TaskFailed
from huey_tasks.records.models import TaskRecord, TaskState


@dataclass(frozen=True, slots=True)
class TaskHandle:
    """One task. Each call asks Redis and raises QueueUnavailable when it does not answer."""

    id: str
    task_type: str
    queue: str

    def status(self) -> TaskState:
        """Return its state now. Raises TaskNotFound when its record is gone."""
        return self.record().status

    def record(self) -> TaskRecord:
        """Return all that is known of it. Raises TaskNotFound when its record is gone."""
        return get_task(self.id)

    def result(self, timeout_s: float = 60.0) -> Any:
        """Wait for its end and return what the function returned, as JSON has it.

        Raises TaskFailed when it ended without success, with its state, error and traceback;
        TimeoutError when it has not ended within `timeout_s` seconds (0: only look).
        """
        ends = time.monotonic() + timeout_s
        while not (record := self.record()).status.terminal:
            left_s = ends - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"Task {self.id} is {record.status} after {timeout_s:g} s.")
            wait_for_end(self.id, left_s)
        if record.status is not TaskState.SUCCESS:
            raise TaskFailed(self.id, record.status, record.error, record.traceback)
        return record.result

    def cancel(self, reason: str | None = None) -> None:
        """Cancel it: a waiting one never starts, a running one is stopped at once.

        Raises TaskFinished when it has ended, TaskNotFound.
        """
        cancel(self.id, reason)
