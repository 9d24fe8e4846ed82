"""How many tasks may wait, and how much memory they may fill, before a queue takes no more of them.

Written once for each process; `lua/lib/room.lua` judges by it. The least urgent queue is refused
first, so that urgent tasks are accepted for as long as there is room at all.
"""

from collections.abc import Mapping, Sequence

#: The share of a common bound at which the least urgent queue is refused; the most urgent one has
#: all of it, and those between them are at even steps.
LOWEST = 0.8

#: The bounds of a process that refuses nothing by them.
NO_BOUNDS = "0"


def as_text(
    queues: Sequence[str],
    waiting: int | None,
    own: Mapping[str, int],
    memory: float,
    redis_bytes: int,
) -> str:
    """Return the bounds of `queues`, the most urgent first, as the scripts read them.

    `waiting`: how many tasks may wait in all of them together; `own`: in one queue. `memory`: the
    share of Redis' memory that may be used, 0 for any; `redis_bytes`: how much that is if Redis has
    no limit itself, 0 if nobody knows.
    """
    lines = [str(redis_bytes)]
    for place, queue in enumerate(queues):
        share = 1 - (1 - LOWEST) * place / max(len(queues) - 1, 1)
        in_all = 0 if waiting is None else max(round(waiting * share), 1)
        lines.append(f"{queue} {in_all} {own.get(queue, 0)} {memory * share:.4f}")
    return "\n".join(lines)
