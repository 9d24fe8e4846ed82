"""The numbers of queues, from one consistent look at each into records."""

from typing import Any

from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.states import TERMINAL
from huey_tasks.records import losses, statistics
from huey_tasks.records.models import Kept, QueueStats, Refusing

#: What `room.lua` says, and the code of its error.
_REFUSALS: dict[str, Refusing] = {
    "full": "queue_full",
    "memory": "memory_low",
    "writes": "queue_unavailable",
}


def queue_stats(brokers: Brokers) -> list[QueueStats]:
    """Return the numbers of each queue, in one round trip."""
    found = brokers.first.scripts.stats(brokers)
    return [stats_of(*pair) for pair in zip(brokers, found, strict=True)]


def stats_of(queue: str, numbers: dict[str, Any]) -> QueueStats:
    """Return the numbers of one queue, from the reply of `stats`."""
    waiting_ms = numbers["oldest_waiting_ms"]
    stopped = bool(numbers["paused"] or numbers["draining"])
    at = numbers["mode_at"] if stopped else ""
    return QueueStats(
        queue=queue,
        queued=numbers["PENDING"],
        active=numbers["STARTED"],
        scheduled=numbers["SCHEDULED"],
        retry=numbers["RETRY"],
        success=numbers["SUCCESS"],
        failed=numbers["FAILURE"],
        revoked=numbers["REVOKED"],
        expired=numbers["EXPIRED"],
        kept=Kept(*(numbers[f"kept.{state}"] for state in TERMINAL)),
        consumers=numbers["consumers"],
        workers=numbers["workers"],
        paused=bool(numbers["paused"]),
        draining=bool(numbers["draining"]),
        set_aside=numbers["dead"],
        oldest_waiting_s=None if waiting_ms < 0 else waiting_ms / 1000,
        losses=tuple(losses.losses(queue, numbers)),
        open_breakers=tuple(numbers["breakers"].split()),
        refuses=_REFUSALS.get(numbers["refuses"]),
        last_minute=statistics.last_minute(numbers),
        stopped_by=(stopped and numbers["mode_by"]) or None,
        stopped_why=(stopped and numbers["mode_why"]) or None,
        stopped_at=task_hash.from_ms(at) if at else None,
    )
