"""The queues of this process: counts, consumers and Redis; pause, drain, resume and purge."""

from dataclasses import dataclass
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operation, Operator
from huey_tasks.broker import server_check
from huey_tasks.operations import undo as undoing
from huey_tasks.queues import BROKERS, broker_named
from huey_tasks.records import consumers as consumer_records
from huey_tasks.records import queues
from huey_tasks.records.left_behind import left_behind
from huey_tasks.records.models import ConsumerRecord, QueueStats, Stats


def ping() -> None:
    """Return when Redis answers. Raises QueueUnavailable."""
    BROKERS.first.ping()


def queue_stats() -> list[QueueStats]:
    """Return the counts of each queue, the most urgent queue first. Raises QueueUnavailable."""
    return queues.queue_stats(BROKERS)


def stats() -> Stats:
    """Return the counts of all queues. Raises QueueUnavailable."""
    return Stats(tuple(queue_stats()))


def consumers() -> list[ConsumerRecord]:
    """Return every live consumer. Raises QueueUnavailable."""
    return [
        consumer for broker in BROKERS.values() for consumer in consumer_records.consumers(broker)
    ]


def redis_info() -> dict[str, Any]:
    """Return what the broker reports about itself. Raises QueueUnavailable."""
    return BROKERS.first.info()


def server_troubles() -> list[str]:
    """Return what can make the broker lose tasks now, such as an evicting policy."""
    return server_check.troubles_of(BROKERS.first)


def left_behind_queues() -> list[str]:
    """Return a sentence about each queue that holds tasks, but that QUEUES does not name."""
    return left_behind(BROKERS.first)


def pause(queue: str, by: Operator | None = None) -> None:
    """Let a queue start no tasks; running tasks go on, and new tasks are accepted.

    It replaces a drain.
    `by`: the author for the audit trail, which records nothing without one. Raises UnknownQueue,
    QueueUnavailable.
    """
    _steer(queue, "paused", Action.PAUSE, by)


def drain(queue: str, by: Operator | None = None) -> None:
    """Let a queue accept no tasks from callers and run those it has.

    It replaces a pause: waiting tasks start again.
    Raises UnknownQueue, QueueUnavailable.
    """
    _steer(queue, "draining", Action.DRAIN, by)


def resume(queue: str, by: Operator | None = None) -> None:
    """Let a paused or draining queue accept and start tasks again.

    Raises UnknownQueue, QueueUnavailable.
    """
    _steer(queue, "flowing", Action.RESUME, by)


def _steer(queue: str, mode: str, action: Action, by: Operator | None) -> None:
    broker = broker_named(queue)
    operation = trail.as_argument(BROKERS, action, by)
    broker.scripts.mode(queue, mode, operation=operation)


@dataclass(frozen=True)
class Purged:
    """How many tasks a purge has cancelled; `operation` can be undone, None without an author."""

    purged: int
    operation: Operation | None


def purge(
    queue: str,
    reason: str = "purged",
    by: Operator | None = None,
    *,
    at_most: int | None = None,
) -> Purged:
    """Cancel the PENDING tasks of a queue, of more than `at_most` those that would start first.

    Raises UnknownQueue, QueueUnavailable.
    """
    broker = broker_named(queue)
    operation = None if by is None else trail.begin(BROKERS, Action.PURGE, by)
    return Purged(undoing.purge(broker, reason, operation, at_most), operation)
