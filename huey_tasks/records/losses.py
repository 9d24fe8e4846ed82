"""Which accepted tasks are lost, in sentences, from one consistent look at a queue.

Knows no Redis: it reads the numbers of `lua/stats.lua`.
"""

from collections.abc import Iterator, Mapping

from huey_tasks.broker import task_hash
from huey_tasks.records.models import TaskState


def missing(numbers: Mapping[str, int]) -> int:
    """Return how many accepted tasks are in no state and not written off; negative: too many."""
    accounted = sum(numbers[state] for state in TaskState)
    return numbers["SUBMITTED"] - accounted - numbers["written_off"]


def losses(queue: str, numbers: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence for each loss that no operator has written off yet."""
    if at := numbers["vanished_at"]:
        yield f"The tasks of queue '{queue}' were erased from Redis; it was seen at {_time(at)}."
    if at := numbers["results_vanished_at"]:
        yield f"The results of queue '{queue}' were erased; it was seen at {_time(at)}."
    if (tasks := missing(numbers)) > 0:
        yield f"Accepted tasks of queue '{queue}' are missing: {tasks}."
    elif tasks < 0:
        yield f"Queue '{queue}' has {-tasks} tasks more than it counts: its counters were erased."


def _time(ms: int) -> str:
    return task_hash.from_ms(ms).isoformat(" ", "seconds")
