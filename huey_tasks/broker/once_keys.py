"""The keys by which a repeated submit is found; `lua/lib/once.lua` writes and reads them.

They are of all queues: the same submit may come for another one.
"""

from huey_tasks.broker.keys import of_all_queues


def idempotency(digest: str) -> str:
    """HASH, the first answer to an idempotency key, and a digest of what it came with. 24 hours."""
    return of_all_queues(f"idempotency:{digest}")


def unique(digest: str) -> str:
    """STRING, the queue and the id of a unique task. Lives as long as the caller said."""
    return of_all_queues(f"unique:{digest}")
