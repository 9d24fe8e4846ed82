"""The failure groups in Redis: which of their tasks can be retried."""

from collections.abc import Sequence

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors


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
