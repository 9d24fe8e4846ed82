"""What is done to the stack and when: lists that follow from the seed alone.

`faults` hit processes from outside, `harms` come in as tasks. Every kind comes once before any
comes again, and no fault hits a part that is still down.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

CONSUMERS = ("consumer-1", "consumer-2")

#: Workers of each consumer.
CONCURRENCY = 3

#: Seconds. Leases are short, so that recovery shows.
LEASE_S = 2.0


class FaultKind(StrEnum):
    """What can happen."""

    KILL_WORKER = "kill worker"
    KILL_CONSUMER = "kill consumer"  # its supervisor only
    KILL_GROUP = "kill group"  # supervisor and workers
    FREEZE_GROUP = "freeze group"  # for several leases, then it goes on as a zombie
    STOP_CONSUMER = "stop consumer"  # SIGTERM: it releases what runs
    KILL_WEB = "kill web"
    KILL_REDIS = "kill redis"
    KILL_CLIENTS = "kill clients"  # every connection to Redis
    FLUSH_SCRIPTS = "flush scripts"
    LOSE_ANSWERS = "lose answers"  # scripts run, their answers do not arrive
    ENDLESS_BODY = "endless body"  # clients that push without end
    STALL_LOG = "stall log"  # nobody reads what a consumer logs
    FORK_AND_RETURN = "fork and return"  # from here on: what a task does to its worker
    TAKE_DESCRIPTORS = "take descriptors"
    LEAVE_PROCESS = "leave process"
    CHANGE_WORKER = "change worker"
    END_WORKER = "end worker"


@dataclass(frozen=True)
class Fault:
    """One fault: when, in seconds from the start, what, to whom, and for how long.

    Of what a task does the target is how it does that.
    """

    at_s: float
    kind: FaultKind
    target: str
    lasts_s: float


@dataclass(frozen=True)
class _Habit:
    """Which part a fault needs, how long it lasts, and how long the part then takes to be back."""

    targets: tuple[str, ...]
    shortest_s: float
    longest_s: float
    rest_s: float
    also: tuple[str, ...] = ()  # parts that must be up as well, or it would hit nothing


_WORKERS = tuple(f"{name}/{worker}" for name in CONSUMERS for worker in range(CONCURRENCY))
_HABITS = {
    FaultKind.KILL_WORKER: _Habit(_WORKERS, 0.0, 0.0, 0.5),
    FaultKind.KILL_CONSUMER: _Habit(CONSUMERS, 0.3, 1.5, 3.0),
    FaultKind.KILL_GROUP: _Habit(CONSUMERS, 0.3, 1.5, 3.0),
    FaultKind.FREEZE_GROUP: _Habit(CONSUMERS, 2 * LEASE_S, 3 * LEASE_S, 1.0),
    FaultKind.STOP_CONSUMER: _Habit(CONSUMERS, 0.3, 1.0, 4.0),
    FaultKind.KILL_WEB: _Habit(("web", "web/worker"), 0.2, 0.8, 3.0),
    FaultKind.KILL_REDIS: _Habit(("redis",), 0.2, 1.5, 1.0),
    FaultKind.KILL_CLIENTS: _Habit(("redis",), 0.0, 0.0, 0.2),
    FaultKind.FLUSH_SCRIPTS: _Habit(("redis",), 0.0, 0.0, 0.2),
    FaultKind.LOSE_ANSWERS: _Habit(("redis",), 0.6, 1.2, 0.2, also=CONSUMERS),
    FaultKind.ENDLESS_BODY: _Habit(("web",), 2.0, 3.0, 0.2),
    FaultKind.STALL_LOG: _Habit(CONSUMERS, 2.5, 3.5, 0.2, also=("web", "redis", *CONSUMERS)),
}

#: What tasks do to their worker, and how: the names of `harm` in `task_modules/harmful_tasks.py`.
HARMS = {
    FaultKind.FORK_AND_RETURN: ("waiting", "at once", "past Python"),
    FaultKind.TAKE_DESCRIPTORS: ("close 0 to 2", "a file over 1", "a socket over 1 and 2"),
    FaultKind.LEAVE_PROCESS: ("a program", "a program in its own session", "a fork", "a thread"),
    FaultKind.CHANGE_WORKER: ("folder", "variables", "timer", "signals", "loggers", "umask"),
    FaultKind.END_WORKER: ("exit", "memory", "SIGKILL", "consumer SIGKILL", "consumer SIGTERM"),
}

#: Seconds. The longest time between two harms.
HARM_PACE_S = 1.2


def faults(seed: int, seconds: float) -> tuple[Fault, ...]:
    """Draw the faults of a storm of a length in seconds."""
    chance = random.Random(f"faults {seed}")
    busy_until: dict[str, float] = defaultdict(float)
    drawn: list[Fault] = []
    deck: list[FaultKind] = []
    at_s = 1.0

    def idle(targets: Iterable[str]) -> bool:
        return all(busy_until[_part(target)] <= at_s for target in targets)

    while at_s < seconds:
        if not deck:
            deck = chance.sample(list(_HABITS), len(_HABITS))
        up = [(k, t) for k in deck for t in _HABITS[k].targets if idle((t, *_HABITS[k].also))]
        if up:
            kind = up[0][0]
            target = chance.choice([t for k, t in up if k is kind])
            habit = _HABITS[kind]
            lasts_s = round(chance.uniform(habit.shortest_s, habit.longest_s), 2)
            for part in (target, *habit.also):
                busy_until[_part(part)] = at_s + lasts_s + habit.rest_s
            drawn.append(Fault(round(at_s, 2), kind, target, lasts_s))
            deck.remove(kind)
        at_s += chance.uniform(0.4, 1.2) if up else 0.2
    return tuple(drawn)


def harms(seed: int, seconds: float) -> tuple[Fault, ...]:
    """Draw what tasks do to their workers; every way comes once before any comes again."""
    chance = random.Random(f"harms {seed}")
    ways: dict[FaultKind, list[str]] = defaultdict(list)
    drawn: list[Fault] = []
    deck: list[FaultKind] = []
    at_s = 1.0
    while at_s < seconds:
        deck = deck or chance.sample(list(HARMS), len(HARMS))
        kind = deck.pop()
        ways[kind] = ways[kind] or chance.sample(HARMS[kind], len(HARMS[kind]))
        drawn.append(Fault(round(at_s, 2), kind, ways[kind].pop(), 0.0))
        at_s += chance.uniform(0.4, HARM_PACE_S)
    return tuple(drawn)


def _part(target: str) -> str:
    return target.partition("/")[0]
