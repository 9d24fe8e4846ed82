"""The failure groups in Redis: their samples, and which of their tasks can be retried."""

from collections.abc import Sequence
from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.records import outcomes


class Sample(NamedTuple):
    """A task of a group: "" for what is not kept any more; its last outcome, encoded."""

    state: str
    reason: str
    outcome: bytes | None


def samples(brokers: Brokers, places: Sequence[tuple[str, str]]) -> list[Sample]:
    """Return state, error and last outcome of (queue, id) pairs, in two round trips."""
    with brokers.pipeline() as pipe:
        for queue, task_id in places:
            pipe.hmget(keys.task(queue, task_id), ["state", "reason", "outcome"])
        rows = [
            [(text or b"").decode("utf-8", "replace") for text in row] for row in pipe.execute()
        ]
    attempts = [(task_id, token) for (_, task_id), (_, _, token) in zip(places, rows, strict=True)]
    blobs = outcomes.in_order(brokers.first, attempts)
    return [
        Sample(state, reason, blob) for (state, reason, _), blob in zip(rows, blobs, strict=True)
    ]


def retryable(brokers: Brokers, fingerprint: str, until_ms: int) -> int:
    """Return how many tasks of a group that failed until `until_ms` can be retried."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            pipe.zcount(keys.failed(queue, fingerprint), 1, until_ms)
        return sum(pipe.execute())


def oldest(broker: Broker, fingerprint: str, until_ms: int, limit: int) -> list[tuple[float, str]]:
    """Return tasks that can be retried, as (time of failure in ms, id), the oldest first."""
    with redis_errors():
        found = broker.redis.zrangebyscore(
            keys.failed(broker.name, fingerprint), 1, until_ms, 0, limit, withscores=True
        )
    return [(score, task_id.decode()) for task_id, score in found]


def any_partial(brokers: Brokers, queues: Sequence[str], fingerprints: Sequence[str]) -> bool:
    """Return whether a group of these may lack some of its tasks."""
    with brokers.pipeline() as pipe:
        for queue in queues:
            for fingerprint in fingerprints:
                pipe.hexists(keys.failure(queue, fingerprint), "partial")
        return any(pipe.execute())
