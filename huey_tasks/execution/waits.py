"""Which attempts wait for a lock or a rate limit, instead of having failed.

Huey raises an exception in both cases, and takes a retry for a lock. Here the task goes back to its
queue, blocked on what it could not get, and the attempt does not count.
"""

from huey.api import PeriodicTask, Task
from huey.exceptions import RateLimitExceeded, TaskLockedException

from huey_tasks.execution.attempt import Attempt


def may_wait(task: Task, attempt: Attempt) -> bool:
    """Whether it could not get something; a periodic task does not wait, it has its next run."""
    return bool(attempt.missed) and not isinstance(task, PeriodicTask)


def is_wait(exception: BaseException | None) -> bool:
    """Whether an attempt that ended so waits; a limit with `retry=False` is an error."""
    if isinstance(exception, RateLimitExceeded):
        return bool(getattr(exception, "retry", True))
    return isinstance(exception, TaskLockedException)
