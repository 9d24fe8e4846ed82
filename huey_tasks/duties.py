"""What every consumer does for its queue, whoever has left it to be done: recover and prune."""

import logging
from typing import TYPE_CHECKING

from huey_tasks.crew import LOSSES_PER_CRASH
from huey_tasks.scripts import BATCH

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue

logger = logging.getLogger(__name__)


def recover_lost(queue: "TaskQueue", *, max_crashes: int) -> None:
    """Take back the tasks whose lease has ended: their consumer, or its machine, is lost.

    Raises QueueUnavailable.
    """
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


def prune(queue: "TaskQueue", *, cap: int) -> float | None:
    """Forget old records, a bite at a time; returns how soon the next one is due, in seconds."""
    storage = queue.storage
    pruned = storage.scripts.prune(queue.name, ttl_ms=storage.ttl_ms, cap=cap)
    return 0.05 if pruned >= BATCH else None
