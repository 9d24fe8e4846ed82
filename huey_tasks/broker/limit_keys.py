"""The keys of limits and of their clock, which are of all queues.

`lua/lib/type_limits.lua`, `room.lua` and `clock_back.lua` build them too.
"""

from huey_tasks.broker.keys import of_all_queues, root


def limits() -> str:
    """HASH of the limits of task types: JSON by type, {"operator": …, "code": …}. Each lives until
    an operator takes it away, or the code declares it no more."""
    return of_all_queues("limits")


def tokens(name: str) -> str:
    """HASH: how many tasks of a type may start, and when that was so. Twice the limit's time."""
    return of_all_queues(f"tokens:{name}")


def waking(queue: str) -> str:
    """HASH of what more tasks of a queue may go on for than one `promote` wakes: how many more."""
    return f"{root(queue)}:waking"


def memory() -> str:
    """STRING: the bytes that Redis uses and may use, as "used most". For a second."""
    return of_all_queues("memory")


def open_queues() -> str:
    """HASH of the queues that take any number of tasks now, by the start of their keys.

    The second in which that was so, and by which bounds; ` watched` or ` turns` behind it when a
    submit is not plain, because somebody watches or some type takes turns.
    """
    return of_all_queues("open")


def breakers() -> str:
    """ZSET: the breakers that are not closed, by when they are forgotten; gone with the last."""
    return of_all_queues("breakers")


def breaker(name: str) -> str:
    """HASH: until when a breaker is open, and the tries that succeeded since. For a day at most."""
    return of_all_queues(f"breaker:{name}")


def recent(name: str) -> str:
    """LIST: how the last attempts of a type with a breaker ended, and when. For its `within_s`."""
    return of_all_queues(f"recent:{name}")


def clock() -> str:
    """STRING: the last time of Redis' clock that a consumer of any queue has seen, in ms.

    `heartbeat` writes it. When the clock goes back, what the queues share goes back with it, once.
    """
    return of_all_queues("clock")


def fair() -> str:
    """HASH: the payload field by which tasks of a type take turns, as `limits` has it."""
    return of_all_queues("fair")


def fair_rounds(queue: str, task_type: str) -> str:
    """ZSET of the places of the rounds of a type that have not begun. `lib/fair.lua`; a day."""
    return f"{root(queue)}:fair-rounds:{task_type}"


def fair_turns(queue: str, task_type: str) -> str:
    """ZSET of the values of the field, each behind its priority, by the place of its last round.

    As `fair_rounds`.
    """
    return f"{root(queue)}:fair-turns:{task_type}"


def stopping(queue: str) -> str:
    """ZSET of the cancelled tasks that a worker may still run; score: when its lease ends, in ms.

    `cancel` adds, the confirmation of the stop or `recover` removes; limits count them.
    """
    return f"{root(queue)}:stopping"
