"""The keys of limits, which are of all queues: `lua/lib/type_limits.lua` and `room.lua`."""

from huey_tasks.broker.keys import of_all_queues


def limits() -> str:
    """HASH of the limits of task types, by type, JSON. Each lives until somebody takes it away."""
    return of_all_queues("limits")


def tokens(name: str) -> str:
    """HASH: how many tasks of a type may start, and when that was so. Twice the limit's time."""
    return of_all_queues(f"tokens:{name}")


def memory() -> str:
    """STRING: the bytes that Redis uses and may use, as "used most". For a second."""
    return of_all_queues("memory")
