"""A submitted task, as the code that submitted it holds it: look at it, wait for it, cancel it."""

import contextlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Never

from huey_tasks.api.tasks import cancel, get_task, wait_for_end
from huey_tasks.broker.deadline import default_limit, time_limit
from huey_tasks.declaration import other_words
from huey_tasks.errors import TaskFailed, TaskFinished, TaskNotFound
from huey_tasks.records.models import TaskRecord, TaskState

#: Seconds. A look at the task may take this long, however short its caller's time is.
LOOK_S = 1.0

#: Seconds after which who waits without an end looks again, and hears whether Redis answers.
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class TaskHandle:
    """One task. Each call asks Redis and raises QueueUnavailable when it does not answer.

    `TaskHandle(task_id)` is one of a task that another process has submitted.
    """

    id: str
    #: "" if only the id is known; `record()` has both.
    task_type: str = ""
    queue: str = ""
    #: The tasks that it follows: it is submitted when they have ended.
    after: "tuple[TaskHandle, ...]" = ()

    def status(self) -> TaskState:
        """Return its state now. Raises TaskNotFound when its record is gone, or not yet there."""
        return self.record().status

    def record(self) -> TaskRecord:
        """Return all that is known of it. Raises TaskNotFound as `status` does."""
        try:
            with default_limit():
                return get_task(self.id)
        except TaskNotFound:
            if not self.after:
                raise
            waits = ", ".join(before.id for before in self.after[:3])
            rule = f"Task {self.id} is not there: it is submitted when {waits} has ended."
            raise TaskNotFound(rule) from None

    if not TYPE_CHECKING:  # a type checker refuses a wrong name by itself

        def __getattr__(self, name: str) -> Any:
            raise other_words.no_attribute("a TaskHandle", name, other_words.OF_HANDLES)

    def result(self, timeout_s: float | None = 60.0, **unknown: Never) -> Any:
        """Wait for its end and return what the function returned, as JSON has it.

        Raises TaskFailed when it, or the task that it follows, ended without success, with the id,
        state, error and traceback of that one; TimeoutError when it has not ended within
        `timeout_s` seconds (0: only look; None: wait without an end). A Redis that does not answer
        is a QueueUnavailable within that time, or within a second; without an end, a minute.
        """
        for option in unknown:
            known = ("timeout_s",)
            raise other_words.no_option("result(…)", option, other_words.OF_RESULT, known)
        left_s = math.inf if timeout_s is None else timeout_s
        record = _end(self, time.monotonic() + left_s, left_s)
        if record.status is not TaskState.SUCCESS:
            raise TaskFailed(record.task_id, record.status, record.error, record.traceback)
        return record.result

    def cancel(self, reason: str | None = None) -> None:
        """Cancel it: a waiting one never starts, a running one is stopped at once.

        The tasks that it follows are cancelled first. Raises TaskFinished when it has ended,
        TaskNotFound.
        """
        for before in self.after:
            with contextlib.suppress(TaskFinished, TaskNotFound):
                before.cancel(reason)
        gone = contextlib.suppress(TaskNotFound) if self.after else contextlib.nullcontext()
        with gone, default_limit():
            cancel(self.id, reason)


class HandleList(list[TaskHandle]):
    """The handles of tasks that were submitted together, in their order."""

    if not TYPE_CHECKING:  # a type checker refuses a wrong name by itself

        def __getattr__(self, name: str) -> Any:
            raise other_words.no_attribute("a list of handles", name, other_words.OF_HANDLE_LISTS)


def _end(task: TaskHandle, ends: float, timeout_s: float) -> TaskRecord:
    """Wait for its end; of a task that was never submitted return the one that is to blame."""
    before = [_end(one, ends, timeout_s) for one in task.after]
    failed = [record for record in before if record.status is not TaskState.SUCCESS]
    try:
        record = _look(task, ends)
    except TaskNotFound:
        if not failed:
            raise
        return failed[0]
    while not record.status.terminal:
        left_s = ends - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"Task {task.id} is {record.status} after {timeout_s:g} s.")
        left_s = min(left_s, LONGEST_S)
        with time_limit(max(left_s, LOOK_S)):
            wait_for_end(task.id, left_s)
        record = _look(task, ends)
    return record


def _look(task: TaskHandle, ends: float) -> TaskRecord:
    with time_limit(min(max(ends - time.monotonic(), LOOK_S), LONGEST_S)):
        return task.record()
