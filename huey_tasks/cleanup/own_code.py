"""The context in which the task's own code runs, and nothing else: where an attempt may be stopped.

The time limit and the wait for the task's threads apply inside it; its end also ends all that the
task has started.
"""

from contextlib import AbstractContextManager
from typing import Any

from huey.exceptions import TaskTimeout

from huey_tasks.cleanup.leftovers import Leftovers
from huey_tasks.cleanup.task_threads import wait_for_threads
from huey_tasks.execution.attempt import Attempt, TaskCancelled, TaskInterrupted
from huey_tasks.execution.worker_table import Phase, StopReason
from huey_tasks.processes import fork_copies
from huey_tasks.values.safe_repr import TaskRaised, contains


class OwnCode:
    """One attempt's own code, within its time limit."""

    def __init__(
        self,
        attempt: Attempt,
        time_limit: AbstractContextManager[Any] | None,
        leftovers: Leftovers | None,
    ) -> None:
        self._attempt, self._time_limit, self._leftovers = attempt, time_limit, leftovers

    def __enter__(self) -> None:
        if self._time_limit is not None:
            self._time_limit.__enter__()
        self._attempt.enter(Phase.BODY)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        fork_copies.end_if_copy(error)
        attempt = self._attempt
        try:
            if (attempt.threads or attempt.work) and not _is_stop(error):
                wait_for_threads(attempt)
        finally:
            attempt.enter(Phase.AROUND)
            if self._time_limit is not None:
                self._time_limit.__exit__(None, None, None)
            if self._leftovers is not None:
                self._leftovers.end(attempt)
        if error is not None and not issubclass(type(error), Exception):
            _raise_as_exception(attempt, error)


def _raise_as_exception(attempt: Attempt, error: BaseException) -> None:
    """Raise what is no `Exception` as the task's error, so that it does not end the worker.

    Not the interruption by a consumer that stops, which Huey lets pass.
    """
    if contains(error, TaskInterrupted) and attempt.stop_reason is StopReason.RELEASE:
        if type(error) is TaskInterrupted:
            return
        raise TaskInterrupted from error  # it comes back in a group, out of a library's tasks
    raise TaskRaised(error) from error


def _is_stop(error: BaseException | None) -> bool:
    """Whether the attempt is to end at once."""
    return error is not None and issubclass(
        type(error), TaskCancelled | TaskTimeout | KeyboardInterrupt
    )
