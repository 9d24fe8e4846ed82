"""What Redis keeps of the task of a function alone."""

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors


def ready_at(broker: Broker, task_id: str) -> float | None:
    """Return when the task could first run, epoch seconds; None if that is not known.

    That is later than its submit if it was put off. Raises QueueUnavailable.
    """
    with redis_errors():
        found = broker.redis.hget(keys.task(broker.name, task_id), "ready_at")
    return None if found is None else float(found) / 1000
