"""Builds Huey's task from a claim, or the commit of a claim that cannot be read.

A task with a parameter that is not known here waits, because newer code may be on its way; so does
one of an unknown type, if it is claimed before its consumer has announced its types. One whose
message cannot be read is quarantined: it must neither run nor block the queue, nor be lost.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from huey import Huey
from huey.api import Task
from huey.constants import EmptyData
from huey.exceptions import HueyException
from huey.utils import SKIPPED, Error

from huey_tasks.broker.protocol import Claim, Commit
from huey_tasks.broker.states import Ending
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.fingerprint import cause_without_code
from huey_tasks.huey_adapter import huey_seams, own_values
from huey_tasks.serializer import ChordResults, NodeResult, WrittenByNewerCode

logger = logging.getLogger(__name__)

#: Seconds. The first wait of a task for newer code, which is also added each time, and the limit:
#: many such tasks must not keep old consumers from the tasks that they know.
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0

#: Each wait is drawn up to this share shorter or longer, so that many do not return together.
SPREAD = 0.2

#: After this number of waits, about an hour, such a task is quarantined.
WAITS = 135

#: Seconds between two log lines about the same unknown type.
LOG_AGAIN_S = 60.0

_logged_at: dict[str, float] = {}

#: What tasks, or nodes of flows, returned: each value, its Error, or EmptyData.
Outcomes = Callable[[Sequence[str | NodeResult]], list[Any]]

_NO_RESULT = "it was cancelled or has expired, or its result is gone"


class _ResultGone(Exception):
    """The result of a node that another one needs is not kept any more."""


class Unreadable(Exception):
    """There is no task in this claim; `commit` ends the claim."""

    def __init__(self, commit: Commit) -> None:
        super().__init__(commit.reason)
        self.commit = commit


def task_of(huey: Huey, claim: Claim, outcomes: Outcomes) -> Task:
    """Build the task of a claim; `outcomes` reads those of a chord's members.

    Raises Unreadable, QueueUnavailable.
    """
    try:
        message = huey.serializer.deserialize(claim.message)
        # The message has no id, or that of the task of which this one is a copy.
        task = huey_seams.create_task(huey, message._replace(id=claim.id))
        # Redis has decided that the task is due, not expired, and how many attempts it has left.
        task.eta, task.expires_resolved = None, None
        task.retries = claim.retries_left
        if claim.retry_delay_s is not None:
            task.retry_delay = claim.retry_delay_s
        task.claim = claim
        if (why := own_values.wrong_limit(task)) is not None:  # stored before it was checked
            raise Unreadable(_quarantine(claim, "UnreadableMessage", why))
        task.args = tuple(_results_of(outcomes, argument) for argument in task.args)
        task.kwargs = {name: _results_of(outcomes, of) for name, of in task.kwargs.items()}
        return task
    except (QueueUnavailable, Unreadable):
        raise
    except _ResultGone as error:
        raise Unreadable(_quarantine(claim, "ResultGone", str(error))) from error
    except (HueyException, WrittenByNewerCode) as error:
        raise Unreadable(wait_for_newer_code(huey.name, claim, str(error))) from error
    except Exception as error:
        reason = f"its message cannot be read: {type(error).__name__}"
        raise Unreadable(_quarantine(claim, "UnreadableMessage", reason)) from error


def wait_for_newer_code(queue: str, claim: Claim, missing: str) -> Commit:
    """Return the commit that lets a task wait, or quarantines it after too many waits."""
    reason = f"no consumer of queue {queue} has the code for it: {missing}"
    if claim.deliveries > WAITS:
        return _quarantine(claim, "UnknownCode", reason)
    log_wait(missing, task_id=claim.id)
    wait_s = min(FIRST_WAIT_S * claim.deliveries, LONGEST_WAIT_S)
    wait_ms = round(wait_s * random.uniform(1 - SPREAD, 1 + SPREAD) * 1000)
    return Commit(claim.id, claim.token, Ending.RELEASED, wait_ms, reason=reason)


def log_wait(missing: str, **extra: str) -> None:
    """Log that tasks wait because something is not known here; seldom, for each thing."""
    now = time.monotonic()
    if now - _logged_at.get(missing, -LOG_AGAIN_S) >= LOG_AGAIN_S:
        _logged_at[missing] = now
        logger.warning("tasks wait for newer code: %s", missing, extra=extra)


def _quarantine(claim: Claim, error_type: str, reason: str) -> Commit:
    cause = cause_without_code(error_type, reason, "")
    return Commit(claim.id, claim.token, Ending.DEAD, reason=reason, cause=cause)


def _results_of(outcomes: Outcomes, argument: Any) -> Any:
    """Replace the chord in a callback's arguments by the list of its results."""
    if isinstance(argument, NodeResult):
        return _result_of(outcomes, argument)
    if not isinstance(argument, ChordResults):
        return argument
    found = outcomes(argument.task_ids)
    return [SKIPPED if value is EmptyData else value for value in found]


def _result_of(outcomes: Outcomes, node: NodeResult) -> Any:
    """Return what a node has returned, or for a rescue the text of its error."""
    (value,) = outcomes([node])
    if not isinstance(value, Error) and value is not EmptyData:
        return value
    if not node.or_error:
        raise _ResultGone(f"the result of node '{node.name}' is gone")
    return _NO_RESULT if value is EmptyData else str(value.metadata.get("error", ""))
