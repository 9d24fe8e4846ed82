"""Operations as each queue keeps its part of them, and the lists of what can still be undone."""

from collections.abc import Sequence
from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.task_hash import Hash


class OperationPart(NamedTuple):
    """What a queue says of an operation that has changed something in it."""

    action: str
    who: str
    undone: bool
    key_id: str  # of the API key that began it, "" without one


def parts_of(brokers: Brokers, operation_id: str) -> tuple[int, list[OperationPart]]:
    """Return the time of Redis' clock in ms, and the parts of an operation."""
    with brokers.pipeline() as pipe:
        pipe.time()
        for queue in brokers:
            pipe.hmget(keys.operation(queue, operation_id), "action", "who", "undone_at", "key_id")
        (seconds, microseconds), *rows = pipe.execute()
    parts = [
        OperationPart(action.decode(), who.decode(), bool(undone_at), (key_id or b"").decode())
        for action, who, undone_at, key_id in rows
        if action is not None
    ]
    return seconds * 1000 + microseconds // 1000, parts


def ids_behind(brokers: Brokers, behind: str | None, limit: int) -> list[str]:
    """Return the newest ids of all queues behind `behind`; they sort by time."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            top = f"({behind}" if behind else "+"
            pipe.zrevrangebylex(keys.audit(queue), top, "-", 0, limit)
        rows = pipe.execute()
    return sorted({found.decode() for row in rows for found in row}, reverse=True)[:limit]


def entries(brokers: Brokers, ids: Sequence[str]) -> list[tuple[str, str, Hash]]:
    """Return the id, the queue and the fields of every part of these operations, in their order."""
    with brokers.pipeline() as pipe:
        for operation_id in ids:
            for queue in brokers:
                pipe.hgetall(keys.operation(queue, operation_id))
        hashes = [Hash.of(found) for found in pipe.execute()]
    places = ((operation_id, queue) for operation_id in ids for queue in brokers)
    return [(*place, fields) for place, fields in zip(places, hashes, strict=True) if fields]


def left_to_undo(brokers: Brokers, undo_id: str) -> dict[str, int]:
    """Return how many tasks of each queue an undo can still restore."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            pipe.llen(keys.undo(queue, undo_id))
        return dict(zip(brokers, pipe.execute(), strict=True))


def action_in(broker: Broker, operation_id: str) -> str | None:
    """Return the action of an operation in a queue; None if the queue has no part of it."""
    with redis_errors():
        action = broker.redis.hget(keys.operation(broker.name, operation_id), "action")
    return None if action is None else action.decode()


def next_to_undo(broker: Broker, undo_id: str, limit: int) -> list[str]:
    """Return the ids of the next tasks that an undo restores."""
    with redis_errors():
        head = broker.redis.lrange(keys.undo(broker.name, undo_id), 0, limit - 1)
    return [task_id.decode() for task_id in head]
