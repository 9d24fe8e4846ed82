"""The outcomes of attempts, out of the result backend: what each returned, or raised."""

from collections.abc import Iterable, Sequence

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors

#: An attempt: the id of its task, and the token of its claim (None: it has no outcome).
Attempt = tuple[str, str | None]


def read(brokers: Brokers, attempts: Iterable[Attempt]) -> dict[Attempt, bytes | None]:
    """Return the encoded outcomes of attempts, in one round trip; None for one that is gone."""
    wanted = list(dict.fromkeys(pair for pair in attempts if pair[1]))
    return dict(zip(wanted, in_order(brokers.first, wanted), strict=True))


def in_order(broker: Broker, attempts: Sequence[Attempt]) -> list[bytes | None]:
    """Return the outcome of each attempt, encoded."""
    if not attempts:
        return []
    with redis_errors():
        return broker.results.mget(
            [keys.outcome(task_id, token or "") for task_id, token in attempts]
        )


def ends_of(
    broker: Broker, elsewhere: Sequence[Broker], task_ids: Sequence[str]
) -> list[tuple[str, str, bytes | None]]:
    """Return state, reason and last outcome (encoded) of each task; "" for what is not set.

    Tasks that this queue does not have are looked for `elsewhere`.
    """
    found = _facts_of(broker, task_ids)
    for other in elsewhere:
        missing = [task_id for task_id, (state, *_) in found.items() if not state]
        if missing:
            found |= _facts_of(other, missing)
    blobs = in_order(broker, [(task_id, found[task_id][1]) for task_id in task_ids])
    return [
        (found[task_id][0], found[task_id][2], blob)
        for task_id, blob in zip(task_ids, blobs, strict=True)
    ]


def _facts_of(broker: Broker, task_ids: Sequence[str]) -> dict[str, list[str]]:
    with broker.pipeline() as pipe:
        for task_id in task_ids:
            pipe.hmget(keys.task(broker.name, task_id), ["state", "outcome", "reason"])
        rows = pipe.execute()
    return {
        task_id: [(part or b"").decode() for part in row]
        for task_id, row in zip(task_ids, rows, strict=True)
    }
