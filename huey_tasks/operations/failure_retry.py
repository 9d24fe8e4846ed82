"""Retry the tasks of one failure group, the oldest first, in bounded pieces."""

import time
from dataclasses import dataclass
from itertools import groupby

from huey_tasks.audit.operation import Operation, begun_ms
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.operators import DONE, FULL
from huey_tasks.monitoring import failure_groups
from huey_tasks.operations.bulk import retry_tasks
from huey_tasks.records import failures as failure_records

#: Tasks that are retried between two reads of the group, and seconds that one call takes.
CHUNK, BUDGET_S = 100, 1.0


@dataclass(frozen=True)
class GroupRetry:
    """How many tasks one call has retried, and how many of the group it has left."""

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
    """Retry tasks of a group, the oldest first, each once, for at most `budget_s` seconds.

    Only those that had failed when the operation began: a retry that fails joins the same group,
    and the operation would never end. The next call continues with the tasks that are left.

    Raises FailuresNotFound, QueueUnavailable.
    """
    failure_groups.require(brokers, fingerprint)
    stop_at, retried = time.monotonic() + budget_s, 0
    until_ms = begun_ms(operation.id)
    while chunk := _oldest(
        brokers, fingerprint, until_ms, CHUNK if limit is None else limit - retried
    ):
        replies = [
            reply
            for queue, places in groupby(chunk, key=lambda place: place[0])
            for reply in retry_tasks(brokers[queue], [task_id for _, task_id in places], operation)
        ]
        retried += replies.count(DONE)
        if time.monotonic() >= stop_at or FULL in replies:
            break
    left = failure_records.retryable(brokers, fingerprint, until_ms)
    return GroupRetry(fingerprint, retried, left, operation.id)


def _oldest(brokers: Brokers, fingerprint: str, until_ms: int, most: int) -> list[tuple[str, str]]:
    """Return queue and id of up to `most` tasks that can be retried, the first failed first."""
    rows: list[tuple[float, str, str]] = []
    for queue, broker in brokers.items() if most > 0 else ():
        found = failure_records.oldest(broker, fingerprint, until_ms, CHUNK)
        rows += [(score, queue, task_id) for score, task_id in found]
    return [(queue, task_id) for _, queue, task_id in sorted(rows)[: min(most, CHUNK)]]
