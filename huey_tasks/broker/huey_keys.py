"""The keys of Huey's own API: what it keeps and counts, and what was revoked in its way."""

from huey_tasks.broker.keys import of_all_queues, root


def revocations(queue: str, kind: str) -> str:
    """STRING: there are revocations of Huey's, of `tasks` or `types`; the storage sets it.

    They themselves are in the result backend. Life time: as the last of those of tasks; for ever.
    """
    return f"{root(queue)}:revocations:{kind}"


def result(queue: str, name: str) -> str:
    """STRING in the result backend: what Huey's own API keeps of a queue, such as a revocation."""
    return of_all_queues(f"huey.r.{queue}.{name}")


def counter(queue: str, name: str) -> str:
    """STRING in the result backend: a counter of Huey's own API. RESULT_TTL_S."""
    return of_all_queues(f"huey.c.{queue}.{name}")
