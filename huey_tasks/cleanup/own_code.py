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
from huey_tasks.execution.printed import keep_unfinished
from huey_tasks.execution.retry_rules import RetryRules, behind
from huey_tasks.execution.waits import is_wait
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
        rules: RetryRules,
    ) -> None:
        self._attempt, self._time_limit, self._leftovers = attempt, time_limit, leftovers
        self._rules = rules

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
            if attempt.printed:
                keep_unfinished(attempt)
            if error is not None and attempt.stop_reason is StopReason.NONE:
                _decide(attempt, self._rules, error)
        finally:
            attempt.enter(Phase.AROUND)
            if self._time_limit is not None:
                self._time_limit.__exit__(None, None, None)
            if self._leftovers is not None:
                self._leftovers.end(attempt)
        if error is None:
            return
        real = behind(error)
        if not issubclass(type(real), Exception):
            _raise_as_exception(attempt, real)
        elif real is not error:
            _raise_as_it_was(real)


def _decide(attempt: Attempt, rules: RetryRules, error: BaseException) -> None:
    """Decide whether another attempt follows; not of one that waits for a lock or a limit.

    Here the time limit applies, and a cancel reaches a `retry_delay` that is a function.
    """
    if attempt.missed and is_wait(behind(error)):
        return
    claim = attempt.claim
    attempt.verdict = rules.verdict(error, claim.attempt, claim.retries_left)
    if attempt.verdict.remark:
        attempt.remark(attempt.verdict.remark)


def _raise_as_it_was(error: BaseException) -> None:
    """Raise the error that a `Retry` stands for, without the `Retry` in its context."""
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context


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
