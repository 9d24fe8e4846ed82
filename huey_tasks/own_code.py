"""The context in which the task's own code runs, and nothing else: where an attempt may be stopped.

Inside it count the time limit and the threads that the task has left; when it is over, so is all
that the task has started.
"""

from contextlib import AbstractContextManager
from typing import Any

from huey.exceptions import TaskTimeout

from huey_tasks import copies
from huey_tasks.attempt import Attempt, TaskCancelled
from huey_tasks.board import Phase
from huey_tasks.leftovers import Leftovers
from huey_tasks.task_threads import wait_for_threads


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
        copies.end_if_copy(error)
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


def _is_stop(error: BaseException | None) -> bool:
    """Whether the attempt is to end at once."""
    return isinstance(error, TaskCancelled | TaskTimeout | KeyboardInterrupt)
