"""The keys by which a repeated request is found; `lua/lib/once.lua` and `answered.lua` write them.

Those of submits are of all queues: the same submit may come for another one.
"""

from huey_tasks.broker.keys import of_all_queues, root


def idempotency(digest: str) -> str:
    """HASH, the first answer to an idempotency key, and a digest of what it came with. 24 hours."""
    return of_all_queues(f"idempotency:{digest}")


def unique(digest: str) -> str:
    """STRING, the queue and the id of a unique task. Lives as long as the caller said."""
    return of_all_queues(f"unique:{digest}")


def answered(queue: str, request: str) -> str:
    """STRING: what a script has answered, for the same request that is sent again. A minute.

    Of a change that leaves nothing behind, by which it would be known.
    """
    return f"{root(queue)}:answered:{request}"
