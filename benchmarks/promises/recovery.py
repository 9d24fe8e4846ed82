"""How long a task waits to begin again after its worker, its consumer or its machine was lost.

From just before the signal to the begin of the next execution, as the task itself notes it.
"""

import os
import signal
import time

import huey_tasks as tq
from benchmarks.promises.arena import Arena, Begin, wait_until
from benchmarks.promises.promise import Promise, seconds_to_ms

#: Seconds. Far longer than any recovery: nobody comes to the end of a first execution.
HOLD_S = 600.0


def of_workers(arena: Arena, kills: int) -> list[Promise]:
    """SIGKILL the worker process, with an idle one beside it and without."""
    return [
        Promise("worker killed, another is idle", _kill_workers(arena, kills, workers=2)),
        Promise("worker killed, it was the only one", _kill_workers(arena, kills, workers=1)),
    ]


def _kill_workers(arena: Arena, kills: int, *, workers: int) -> tuple[float, ...]:
    start(arena, "one", workers=workers)
    waits: list[float] = []
    for _ in range(kills):
        wait_until(lambda: arena.grown("one") == workers, "all workers are there")
        first = _begun(arena)
        at = time.time()
        os.kill(first.pid, signal.SIGKILL)
        waits.append(arena.ledger.wait_for(first.task_id, 2).at - at)
    arena.stop_all()
    return seconds_to_ms(waits)


def of_consumers(arena: Arena, kills: int) -> list[Promise]:
    """SIGKILL a whole consumer, with another one alive, and with the same started again at once."""
    with_another: list[float] = []
    for name in ("one", "two"):
        start(arena, name)
    for number in range(kills):
        first = _begun(arena)
        lost = arena.consumer_of(first.pid)
        at = arena.kill(lost)
        with_another.append(arena.ledger.wait_for(first.task_id, 2).at - at)
        start(arena, f"{lost.split('-')[0]}-{number}")
    arena.stop_all()
    restarted: list[float] = []
    for number in range(kills):
        start(arena, f"one-{number}")
        first = _begun(arena)
        at = arena.kill(f"one-{number}")
        arena.start("again")
        restarted.append(arena.ledger.wait_for(first.task_id, 2).at - at)
        arena.stop_all()
    return [
        Promise("consumer killed, another is alive", seconds_to_ms(with_another)),
        Promise("consumer killed, started again", seconds_to_ms(restarted)),
    ]


def of_machines(arena: Arena, tasks: int) -> list[Promise]:
    """Freeze a whole consumer, as a machine that has gone: only the lease can tell."""
    start(arena, "lost", workers=tasks)
    begins = [_begun(arena) for _ in range(tasks)]
    start(arena, "other", workers=tasks)
    at = arena.freeze("lost")
    waits = [arena.ledger.wait_for(begin.task_id, 2).at - at for begin in begins]
    arena.stop_all()
    return [Promise(f"machine lost, lease {tq.CONFIG.lease_s:g} s", seconds_to_ms(waits))]


def start(arena: Arena, name: str, *, workers: int = 2, worker_type: str = "process") -> None:
    """Start a consumer and wait until its workers have run something."""
    known = {consumer.pid for consumer in tq.consumers()}
    arena.start(name, workers=workers, worker_type=worker_type)
    pid = arena.supervisor(name).pid
    wait_until(lambda: pid in {consumer.pid for consumer in tq.consumers()} - known, "it is online")
    arena.ledger.wait_for(tq.submit("begin", {}).task_id)


def _begun(arena: Arena) -> Begin:
    return arena.ledger.wait_for(tq.submit("be_killed", {"seconds": HOLD_S}).task_id)
