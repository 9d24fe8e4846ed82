"""From a claim back to Huey's task; and what is to become of a claim from which there is no way.

A task with a parameter that is not known here waits, because newer code may be on its way; so does
one of an unknown type, should it be claimed before its consumer has said what it knows. One whose
message cannot be read is set aside: it must neither run nor block the queue, nor be lost.
"""

import logging
import random
import time
from typing import TYPE_CHECKING, Any, cast

from huey.api import Task
from huey.constants import EmptyData
from huey.exceptions import HueyException
from huey.utils import SKIPPED

from huey_tasks.causes import cause_without_code
from huey_tasks.errors import QueueUnavailable
from huey_tasks.protocol import Claim, Commit
from huey_tasks.serializer import ChordResults, WrittenByNewerCode
from huey_tasks.states import Ending

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

logger = logging.getLogger(__name__)

#: Seconds. A task waits so long for newer code, each time so much longer, up to a limit: many of
#: them must not keep old consumers from the tasks that they know.
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0

#: Each wait is drawn up to this share shorter or longer, so that many do not come back together.
SPREAD = 0.2

#: After so many waits, about an hour, such a task fails.
WAITS = 135

#: Seconds. The log says of one unknown type that it waits no more often than this.
SAY_AGAIN_S = 60.0

_said_at: dict[str, float] = {}


class Unreadable(Exception):
    """There is no task in this claim; `commit` says what becomes of it."""

    def __init__(self, commit: Commit) -> None:
        super().__init__(commit.reason)
        self.commit = commit


def task_of(queue: "TaskQueue", claim: Claim) -> Task:
    """Build the task of a claim. Raises Unreadable, QueueUnavailable."""
    try:
        message = queue.serializer.deserialize(claim.message)
        task = cast(Task, queue._registry.create_task(message))  # the seam of Huey's own dequeue
        task.id = claim.id  # a retried task has the message of the one before
        task.args = tuple(_results_of(queue, argument) for argument in task.args)
        return task
    except QueueUnavailable:
        raise
    except (HueyException, WrittenByNewerCode) as error:
        raise Unreadable(wait_for_newer_code(queue.name, claim, str(error))) from error
    except Exception as error:
        reason = f"its message cannot be read: {type(error).__name__}"
        raise Unreadable(_set_aside(claim, "UnreadableMessage", reason)) from error


def wait_for_newer_code(queue: str, claim: Claim, missing: str) -> Commit:
    """Return the commit that lets a task wait, or sets it aside when it has waited too often."""
    reason = f"no consumer of queue {queue} has the code for it: {missing}"
    if claim.deliveries > WAITS:
        return _set_aside(claim, "UnknownCode", reason)
    say_it_waits(missing, task_id=claim.id)
    wait_s = min(FIRST_WAIT_S * claim.deliveries, LONGEST_WAIT_S)
    wait_ms = round(wait_s * random.uniform(1 - SPREAD, 1 + SPREAD) * 1000)
    return Commit(claim.id, claim.token, Ending.RELEASED, wait_ms, reason=reason)


def say_it_waits(missing: str, **extra: str) -> None:
    """Log that tasks wait because something is not known here; seldom, for each thing."""
    now = time.monotonic()
    if now - _said_at.get(missing, -SAY_AGAIN_S) >= SAY_AGAIN_S:
        _said_at[missing] = now
        logger.warning("tasks wait for newer code: %s", missing, extra=extra)


def _set_aside(claim: Claim, error_type: str, reason: str) -> Commit:
    cause = cause_without_code(error_type, reason, "")
    return Commit(claim.id, claim.token, Ending.DEAD, reason=reason, cause=cause)


def _results_of(queue: "TaskQueue", argument: Any) -> Any:
    """A chord's callback gets the list of results where the chord stands in its arguments."""
    if not isinstance(argument, ChordResults):
        return argument
    found = queue.storage.outcomes(argument.task_ids)
    return [SKIPPED if value is EmptyData else value for value in found]


def gate_of(task: Task) -> tuple[str, bool]:
    """The gate that a task, or the end of the pipeline it begins, passes; and which of the two."""
    tail: Any = task
    while tail.chord_config is None:
        if tail.on_complete is None:
            return "", False
        tail = tail.on_complete
    return tail.chord_config.callback.id, tail is not task
