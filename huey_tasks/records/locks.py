"""Locks and rate limits of tasks, as Redis keeps them. Scripts take and free them."""

from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors


class LockHolder(NamedTuple):
    """Who holds a lock: `task_id` is "" for one that was locked outside of any task.

    `holds`: whether it still holds it. After the end of the lease only the key is left.
    """

    task_id: str
    token: str
    holds: bool


class LimitWindow(NamedTuple):
    """The current window of a rate limit: its uses, refused ones too, and the ms that are left."""

    used: int
    left_ms: int


def lock_holder(broker: Broker, name: str) -> LockHolder:
    """Return who holds a lock, or held it last.

    A cancelled attempt keeps its lock until its worker is free (`lock.lua`).
    """
    with redis_errors():
        lock = broker.redis.hmget(keys.lock(name), ["id", "token", "home"])
        task_id, token, home = [(part or b"").decode() for part in lock]
        if not task_id:
            return LockHolder("", token, lock[0] is not None)
        state, now, stopping, stopped = broker.redis.hmget(
            keys.task_below(home, task_id), ["state", "token", "stopping", "stopped_at"]
        )
    held_with = now if state == b"STARTED" else None if stopped else stopping
    return LockHolder(task_id, token, lock[1] == held_with)


def is_locked(broker: Broker, name: str) -> bool:
    """Return whether a lock is taken by an attempt that runs, or from outside of any task."""
    with redis_errors():
        lock = broker.redis.hmget(keys.lock(name), ["id", "token", "home"])
        task_id, _, home = [(part or b"").decode() for part in lock]
        if not task_id:
            return lock[0] is not None
        state, held_with = broker.redis.hmget(keys.task_below(home, task_id), ["state", "token"])
    return state == b"STARTED" and held_with == lock[1]


def limit_window(broker: Broker, name: str) -> LimitWindow | None:
    """Return the current window of a rate limit; None if it has had no use."""
    with broker.pipeline() as pipe:
        used, left_ms = (
            pipe.hget(keys.limit(broker.name, name), "used")
            .pttl(keys.limit(broker.name, name))
            .execute()
        )
    return None if used is None or left_ms < 0 else LimitWindow(int(used), left_ms)


def limit_uses(broker: Broker, name: str) -> int:
    """Return how many uses the current window of a rate limit has seen, refused ones too."""
    with redis_errors():
        return int(broker.redis.hget(keys.limit(broker.name, name), "used") or 0)


def reset_limit(broker: Broker, name: str) -> None:
    """End the current window of a rate limit."""
    with redis_errors():
        broker.redis.delete(keys.limit(broker.name, name))
