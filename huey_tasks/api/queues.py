"""The queues of this process: their numbers, their consumers, their Redis; how they are steered."""

from dataclasses import dataclass
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operation, Operator
from huey_tasks.broker import server_check
from huey_tasks.operations import undo as undoing
from huey_tasks.queues import BROKERS, broker_named
from huey_tasks.records import consumers as consumer_records
from huey_tasks.records import queues
from huey_tasks.records.models import ConsumerRecord, QueueStats, Stats


def ping() -> None:
    """Return when Redis answers. Raises QueueUnavailable."""
    BROKERS.first.ping()


def queue_stats() -> list[QueueStats]:
    """The numbers of each queue, most urgent first."""
    return queues.queue_stats(BROKERS)


def stats() -> Stats:
    """The numbers of all queues."""
    return Stats(tuple(queue_stats()))


def consumers() -> list[ConsumerRecord]:
    """Every live consumer."""
    return [
        consumer for broker in BROKERS.values() for consumer in consumer_records.consumers(broker)
    ]


def redis_info() -> dict[str, Any]:
    """What the broker says of itself."""
    return BROKERS.first.info()


def server_troubles() -> list[str]:
    """What speaks against trusting the broker with tasks now, such as an evicting policy."""
    return server_check.troubles_of(BROKERS.first)


def pause(queue: str, by: Operator | None = None) -> None:
    """Let a queue give out no tasks; what runs goes on, submits are taken.

    `by`: whose doing the audit trail tells it to be. Raises UnknownQueue, QueueUnavailable.
    """
    _steer(queue, "paused", Action.PAUSE, by)


def drain(queue: str, by: Operator | None = None) -> None:
    """Let a queue take no tasks from outside and work off what it has. Raises UnknownQueue."""
    _steer(queue, "draining", Action.DRAIN, by)


def resume(queue: str, by: Operator | None = None) -> None:
    """Let a paused or draining queue flow again. Raises UnknownQueue."""
    _steer(queue, "flowing", Action.RESUME, by)


def _steer(queue: str, mode: str, action: Action, by: Operator | None) -> None:
    broker = broker_named(queue)
    operation = trail.as_argument(BROKERS, action, by)
    broker.scripts.mode(queue, mode, operation=operation)


@dataclass(frozen=True)
class Purged:
    """How many tasks a purge has revoked; `operation` is what can be undone, if somebody's."""

    purged: int
    operation: Operation | None


def purge(queue: str, reason: str = "purged", by: Operator | None = None) -> Purged:
    """Revoke every task that waits in a queue. Raises UnknownQueue, QueueUnavailable."""
    broker = broker_named(queue)
    operation = None if by is None else trail.begin(BROKERS, Action.PURGE, by)
    return Purged(undoing.purge(broker, reason, operation), operation)
