"""What a consumer without work asks of Redis.

A poll is one command sent to Redis, a script or a wait for the bell; what a script calls inside is
counted beside it, because the server has to run it.
"""

import time

import huey_tasks as tq
from benchmarks.promises.arena import Arena
from benchmarks.promises.promise import Promise
from benchmarks.promises.recovery import start

#: Polls a second.
GOAL = 10.0

#: What consumers send; all else in the server's statistics comes from inside of scripts.
SENT = ("evalsha", "eval", "script|load", "blpop", "subscribe", "ping", "client|setinfo", "hello")

#: What consumers are tried with: the default of a queue, and many workers.
CREWS = ((4, "process"), (2, "process"), (100, "greenlet"))


def of_consumers(arena: Arena, samples: int, sample_s: float) -> list[Promise]:
    """Count commands while nothing happens, in several spans of time."""
    found: list[Promise] = []
    for workers, worker_type in CREWS:
        start(arena, "one", workers=workers, worker_type=worker_type)
        time.sleep(2.5)  # until every worker waits
        polls: list[float] = []
        calls: list[float] = []
        for _ in range(samples):
            before = _calls()
            time.sleep(sample_s)
            after = _calls()
            spent = {name: number - before.get(name, 0) for name, number in after.items()}
            polls.append(sum(spent.get(name, 0) for name in SENT) / sample_s)
            calls.append(sum(spent.values()) / sample_s)
        name = f"idle, {workers} {worker_type} workers"
        found += [
            Promise(f"{name}: polls", tuple(polls), "per s", goal=GOAL),
            Promise(f"{name}: with what scripts call", tuple(calls), "per s"),
        ]
        arena.stop_all()
    return found


def _calls() -> dict[str, int]:
    """The calls of each command so far, without those for asking this."""
    info = tq.default.broker.redis.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): row["calls"] for name, row in info.items()}
    return {name: number for name, number in calls.items() if name != "info"}
