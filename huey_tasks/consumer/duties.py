"""What every consumer does for its queue and for the consumers that are lost."""

import logging

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.tasks import BATCH
from huey_tasks.consumer.worker_pool import LOSSES_PER_CRASH
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.schedules import declared

logger = logging.getLogger(__name__)


def recover_lost(queue: TaskQueue, *, max_crashes: int) -> None:
    """Recover the tasks whose lease has ended: their consumer, or its machine, is lost.

    Raises QueueUnavailable.
    """
    broker = queue.broker
    recovered = broker.scripts.recover(
        queue.name,
        max_losses=max_crashes * LOSSES_PER_CRASH,
        ttl_ms=broker.ttl_ms,
        lease_ms=broker.lease_ms,
    )
    for task_id, state in recovered:
        logger.warning("lease ended, task recovered", extra={"task_id": task_id, "state": state})
        if state == "FAILURE":
            queue.report_failure(task_id)


def prune(broker: Broker, *, cap: int) -> float | None:
    """Remove one batch of old records; returns the seconds until the next one is due."""
    pruned = broker.scripts.prune(broker.name, ttl_ms=broker.ttl_ms, cap=cap)
    return 0.05 if pruned >= BATCH else None


class DeclaredSchedules:
    """Stores the schedules that the code declares for a queue, once, when Redis answers."""

    def __init__(self, queue: str) -> None:
        self._queue, self._is_done = queue, False

    def store(self) -> None:
        """Store them, if that is not done. Raises QueueUnavailable."""
        if not self._is_done:
            declared.apply(self._queue)
            self._is_done = True
