"""Retry the failed tasks of one cause, the oldest first, in bounded pieces."""

import time
from dataclasses import dataclass
from itertools import groupby

from huey_tasks.audit.operation import Operation, begun_ms
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.operators import DONE, FULL
from huey_tasks.monitoring import failure_groups
from huey_tasks.operations.bulk import retry_tasks
from huey_tasks.records import failures as failure_records

#: Tasks that are retried between two looks at the group, and seconds that one call goes on.
CHUNK, BUDGET_S = 100, 1.0


@dataclass(frozen=True)
class GroupRetry:
    """What one call has retried, and how many tasks of the group can still be."""

    fingerprint: str
    retried: int
    left: int
    operation_id: str


def retry(
    brokers: Brokers,
    fingerprint: str,
    operation: Operation,
    *,
    limit: int | None,
    budget_s: float = BUDGET_S,
) -> GroupRetry:
    """Submit tasks of a group once more, the oldest first, each once, for a bounded time.

    Only those that had failed when the operation began: a new task that fails again joins the
    group, and would be retried for ever.

    Raises FailuresNotFound, and QueueUnavailable; called again it goes on with what is left.
    """
    failure_groups.require(brokers, fingerprint)
    ends, retried = time.monotonic() + budget_s, 0
    until_ms = begun_ms(operation.id)
    while chunk := _oldest(
        brokers, fingerprint, until_ms, CHUNK if limit is None else limit - retried
    ):
        words = [
            word
            for queue, places in groupby(chunk, key=lambda place: place[0])
            for word in retry_tasks(brokers[queue], [task_id for _, task_id in places], operation)
        ]
        retried += words.count(DONE)
        if time.monotonic() >= ends or FULL in words:
            break
    left = failure_records.retryable(brokers, fingerprint, until_ms)
    return GroupRetry(fingerprint, retried, left, operation.id)


def _oldest(brokers: Brokers, fingerprint: str, until_ms: int, most: int) -> list[tuple[str, str]]:
    """The queues and ids of some tasks that can be retried, those that failed first."""
    rows: list[tuple[float, str, str]] = []
    for queue, broker in brokers.items() if most > 0 else ():
        found = failure_records.oldest(broker, fingerprint, until_ms, CHUNK)
        rows += [(score, queue, task_id) for score, task_id in found]
    return [(queue, task_id) for _, queue, task_id in sorted(rows)[: min(most, CHUNK)]]
