"""Queues that Redis holds tasks of, but that QUEUES does not name: nobody runs these tasks."""

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.states import LIVE

_NAMED = b"queue."


def left_behind(broker: Broker) -> list[str]:
    """Return a sentence about each, with its number of tasks. Raises QueueUnavailable.

    The mark of the data set names each queue that a consumer has ever had in QUEUES.
    """
    with broker.pipeline() as pipe:
        fields = pipe.hkeys(keys.dataset(broker.name)).execute()[0]
    named = {field.removeprefix(_NAMED).decode() for field in fields if field.startswith(_NAMED)}
    unknown = sorted(named.difference(keys.queue_names()))
    if not unknown:
        return []
    with broker.pipeline() as pipe:
        for name in unknown:
            for state in LIVE:
                pipe.zcard(keys.index(name, state))
            pipe.zcard(keys.schedules(name))
        counts = pipe.execute()
    each = len(LIVE) + 1
    sums = [sum(counts[at : at + each]) for at in range(0, len(counts), each)]
    return [
        f"Queue '{name}' holds {number} tasks and schedules, and QUEUES does not name it."
        for name, number in zip(unknown, sums, strict=True)
        if number
    ]
