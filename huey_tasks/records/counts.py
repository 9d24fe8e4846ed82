"""What a queue has counted, as Redis keeps it: the current minute, and the hours before."""

from collections.abc import Sequence
from typing import NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker


class HourSums(NamedTuple):
    """The sums of some task types over one hour, each JSON; `is_kept`: the hour was counted."""

    of_types: list[bytes | None]
    is_kept: bool


class Counted(NamedTuple):
    """The current minute (since the epoch), its counts of some types, and the hours."""

    minute: int
    present: list[bytes | None]
    hours: list[HourSums]


def hours_of(broker: Broker, types: Sequence[str], what: str, hours: Sequence[int]) -> Counted:
    """Return the counts of these types, in the current minute (only `what`) and in these hours.

    Reads the current minute first: if a script folds it meanwhile, its hour has it.
    """
    with broker.pipeline() as pipe:
        noted = [f"{task_type}|{what}" for task_type in types]
        pipe.hmget(keys.noted(broker.name), ["minute", *noted])
        for number in hours:
            key = keys.history(broker.name, "hour", number)
            pipe.hmget(key, types).exists(key)
        (minute, *present), *replies = pipe.execute()
    sums = zip(replies[::2], replies[1::2], strict=True)
    return Counted(
        int(minute or 0), present, [HourSums(found, bool(there)) for found, there in sums]
    )
