"""The keys of sums that only grow, as `keys.py` has those of the history."""

from huey_tasks.broker.keys import root


def totals(queue: str) -> str:
    """HASH of sums by type since the beginning, without end, for `/metrics`; they only grow.

    A sum is JSON, as in `history`. The script that folds a minute writes it. Of 100 types each has
    its own; later ones share the field "other": at most 0.7 MB a queue.
    """
    return f"{root(queue)}:totals"
