"""What a running task sees of itself, and says of how far it is."""

import json
import logging
import math
from typing import Any

from huey.exceptions import CancelExecution, TaskTimeout

from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.attempt import LINE_CHARS, Attempt, current_attempt
from huey_tasks.execution.partials import partial_result
from huey_tasks.values.safe_repr import type_name
from huey_tasks.values.storable import clean

logger = logging.getLogger(__name__)

_NO_TASK = (
    "current_task is there only while a task runs: submit the function, in a test with the fixture "
    "`eager`, instead of calling it"
)


class CurrentTask:
    """The task that the calling code runs in; outside of one, every use raises RuntimeError."""

    @property
    def _attempt(self) -> Attempt:
        attempt = current_attempt.get()
        if attempt is None:
            raise RuntimeError(_NO_TASK)
        return attempt

    @property
    def id(self) -> str:
        """The task's id: stable over retries and repeats, the idempotency key of side effects."""
        return self._attempt.claim.id

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._attempt.claim.attempt

    @property
    def queue(self) -> str:
        """`high`, `default` or `low`."""
        return self._attempt.broker.name

    @property
    def cancel_requested(self) -> bool:
        """Whether the task is to stop, for code that catches every exception.

        Someone cancelled it, or its time limit or its lease is over; what it returns is not kept.
        """
        return self._attempt.stop_reason.is_final

    def progress(self, fraction: float, text: str = "") -> None:
        """Say how far the task is: `fraction` from 0 to 1, and a short text.

        A courtesy that never fails the task: a number outside is moved to the nearest end, what is
        no number changes nothing, and while Redis is away nothing is shown.
        """
        try:
            share, text = min(max(float(fraction), 0.0), 1.0), str(text)
        except (TaskTimeout, CancelExecution):  # raised by a signal that came meanwhile
            raise
        except Exception as error:  # a number, or a text, of the task's own making
            logger.debug("progress is not shown: %s", type_name(type(error)))
            return
        if math.isnan(share):
            return
        attempt, broker = self._attempt, self._attempt.broker
        progress = json.dumps({"fraction": share, "text": clean(text[:LINE_CHARS])})
        try:
            broker.scripts.progress(broker.name, attempt.claim.id, attempt.claim.token, progress)
        except QueueUnavailable as error:
            logger.debug("progress is not shown: %s", error.cause)

    def emit(self, value: Any) -> None:
        """Show a partial result to those who watch the task; the last 500 are kept with its log.

        The value is kept as JSON, as a result is: what JSON cannot carry is replaced, and a note
        says so. One of more than 4,096 bytes is replaced by null. As `progress`, it never fails the
        task for a Redis that is away; what an iterator in the value raises is the task's own error.
        """
        attempt, broker = self._attempt, self._attempt.broker
        partial = partial_result(attempt.claim.attempt, value)
        try:
            broker.scripts.emit(broker.name, attempt.claim.id, attempt.claim.token, partial)
        except QueueUnavailable as error:
            logger.debug("a partial result is not kept: %s", error.cause)


current_task = CurrentTask()
