"""The outcomes of attempts: what each returned, or raised.

A small one that ended its task is in the record of the task, all others are in the result backend.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.task_hash import TaskHash

#: What `ends` reads of a task.
_END = ("state", "reason", "token", "outcome", "blob")

#: What names an attempt: the id of its task, the token of its claim (None: it has no outcome).
AttemptId = tuple[str, str | None]


class End(NamedTuple):
    """How a task ended: "" for what is not set; its last outcome, encoded."""

    state: str
    reason: str
    outcome: bytes | None


def read(
    brokers: Brokers, tasks: Iterable[tuple[str, TaskHash]], attempts: Iterable[AttemptId] = ()
) -> dict[AttemptId, bytes | None]:
    """Return the encoded outcomes of tasks, by ids, and of further attempts; None: it is gone.

    In one round trip, or none if the tasks have them all.
    """
    last = {(task_id, task.outcome): task.blob for task_id, task in tasks}
    found: dict[AttemptId, bytes | None] = {at: blob.encode() for at, blob in last.items() if blob}
    apart = list(dict.fromkeys(at for at in (*last, *attempts) if at[1] and at not in found))
    return found | dict(zip(apart, in_order(brokers.first, apart), strict=True))


def in_order(broker: Broker, attempts: Sequence[AttemptId]) -> list[bytes | None]:
    """Return what the result backend has of each attempt, encoded."""
    if not attempts:
        return []
    with redis_errors():
        return broker.results.mget(
            [keys.outcome(task_id, token or "") for task_id, token in attempts]
        )


def ends(broker: Broker, places: Sequence[tuple[str, str]]) -> list[End]:
    """Return how the tasks of (queue, id) pairs ended, in two round trips."""
    with broker.pipeline() as pipe:
        for queue, task_id in places:
            pipe.hmget(keys.task(queue, task_id), _END)
        tasks = [TaskHash.of_reply(_END, values) for values in pipe.execute()]
    known = zip((task_id for _, task_id in places), tasks, strict=True)
    last = [
        (task_id, task.outcome) if "state" in task and not task.blob else None
        for task_id, task in known
    ]
    apart = [at for at in last if at and at[1]]
    found = dict(zip(apart, in_order(broker, apart), strict=True))
    return [
        End(
            task.get("state") or "",
            task.reason or "",
            task.blob.encode() if task.blob else found.get(at) if at else None,
        )
        for at, task in zip(last, tasks, strict=True)
    ]


def ends_of(broker: Broker, elsewhere: Sequence[Broker], task_ids: Sequence[str]) -> list[End]:
    """Return how tasks ended; those that this queue does not have are looked for `elsewhere`."""
    found: dict[str, End] = {}
    for each in (broker, *elsewhere):
        missing = [task_id for task_id in task_ids if task_id not in found or not found[task_id][0]]
        if missing:
            here = ends(each, [(each.name, task_id) for task_id in missing])
            found |= dict(zip(missing, here, strict=True))
    return [found[task_id] for task_id in task_ids]
