"""Run one task here and now, in the calling thread, without Redis and without a time limit.

It is one attempt: the payload is checked, `current_task` works, and an exception is the caller's.
Nothing is stored; a progress goes to the log.
"""

import json
import logging
import uuid
from typing import Any, cast

from pydantic_core import to_json

from huey_tasks import serializer
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import Claim
from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.queues import QUEUES
from huey_tasks.registry import types

logger = logging.getLogger("duckline.task")


def run_here(task_type: str, payload: dict[str, Any]) -> str:
    """Run a task and return its result as JSON, as the API shows it.

    Raises UnknownTaskType, InvalidPayload, and whatever the task raises.
    """
    found = types.get(task_type)
    found.check(payload)
    queue = QUEUES[found.queue]
    for name, hook in huey_seams.startup_hooks(queue):
        logger.debug("startup hook %s", name)
        hook()
    task = found.wrappers[found.queue].task_class(kwargs=dict(payload))
    claim = Claim(str(uuid.uuid4()), "", b"", 1, 0, 0.0, 1)
    attempt = Attempt(claim, task_type, cast(Broker, _NoBroker(found.queue)), None)
    attempt.in_body = True
    reset = current_attempt.set(attempt)
    try:
        returned = task.execute()
    finally:
        current_attempt.reset(reset)
        attempt.in_body = False
    outcome = serializer.loads(serializer.dumps({"result": returned}))
    return to_json(outcome["result"], bytes_mode="base64").decode()


class _NoBroker:
    """What an attempt reports to when there is no Redis: the log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.scripts = self

    def progress(self, queue: str, task_id: str, token: str, progress: str) -> None:
        """Log a progress."""
        shown = json.loads(progress)
        logger.info("%.0f %% %s", shown["fraction"] * 100, shown["text"])
