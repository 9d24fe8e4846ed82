"""The states of tasks, and the ends of attempts that are no state of a task.

Lua says `TaskState.RETRY` and `Ending.DEAD` as Python does, and lists the tuples of this module as
`TaskState.TERMINAL`; see `script_text`.
"""

from enum import StrEnum


class TaskState(StrEnum):
    """Where a task is."""

    PENDING = "PENDING"  # waits in its queue
    STARTED = "STARTED"  # an attempt runs
    RETRY = "RETRY"  # an attempt failed, the next one is waited for
    SUCCESS = "SUCCESS"  # ended with a result
    FAILURE = "FAILURE"  # ended with an error: no attempts left, or not worth one
    REVOKED = "REVOKED"  # ended by a cancel
    SCHEDULED = "SCHEDULED"  # submitted for later
    EXPIRED = "EXPIRED"  # ended because it was not started in time

    @property
    def terminal(self) -> bool:
        """Whether the state is terminal: the task does not change any more."""
        return self in TERMINAL


#: The states by kind, each in the order in which pages and messages list them.
LIVE = (TaskState.PENDING, TaskState.STARTED, TaskState.RETRY, TaskState.SCHEDULED)
TERMINAL = (TaskState.SUCCESS, TaskState.FAILURE, TaskState.REVOKED, TaskState.EXPIRED)
#: A task in one of these can be submitted again.
RETRYABLE = (TaskState.FAILURE, TaskState.REVOKED, TaskState.EXPIRED)


class Ending(StrEnum):
    """How an attempt ends when its commit names no state that the attempt has brought about."""

    RELEASED = "PENDING"  # back to the queue, at its old place; the attempt does not count
    UNBEGUN = "UNBEGUN"  # the same for a claim that was never begun: no delivery is counted either
    DEAD = "DEAD"  # failed and quarantined, until an operator has looked
    STOPPED = "STOPPED"  # the task was cancelled before; now its worker is free
