"""Takes back the tasks whose lease has ended: their consumer, or its machine, is lost."""

import logging
from typing import TYPE_CHECKING

from huey_tasks.crew import LOSSES_PER_CRASH

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

logger = logging.getLogger(__name__)


def recover_lost(queue: "TaskQueue", *, max_crashes: int) -> None:
    """Recover them, and log each. Raises QueueUnavailable."""
    storage = queue.storage
    recovered = storage.scripts.recover(
        queue.name,
        max_losses=max_crashes * LOSSES_PER_CRASH,
        ttl_ms=storage.ttl_ms,
        lease_ms=storage.lease_ms,
    )
    for task_id, state in recovered:
        logger.warning("lease ended, task recovered", extra={"task_id": task_id, "state": state})
        if state == "FAILURE":
            queue.report_failure(task_id)
