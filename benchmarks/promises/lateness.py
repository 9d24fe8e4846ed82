"""How long after its due time a scheduled task, and a retry, begins.

A scheduled task is due when Redis says so. A retry is due its delay after the attempt has failed;
the commit of that failure counts as lateness. A task that is due goes to the end of its queue, so
the busy queue here is one whose workers are busy about half of the time: behind a backlog, what is
measured would be how long that is.
"""

import datetime as dt
import random
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from huey.utils import utcnow

import huey_tasks as tq
from benchmarks.promises.arena import Arena, wait_until
from benchmarks.promises.promise import Promise, seconds_to_ms
from benchmarks.promises.recovery import start
from huey_tasks.broker import keys

#: Milliseconds.
GOAL = 100.0

WORKERS = 4

#: The load: tasks a second, and seconds that each one takes.
LOAD_PER_S, LOAD_S = 70.0, 0.02

#: Seconds between two first attempts, so that their crowd is not what is measured.
FAIL_EVERY_S = 0.005

#: Seconds. Nothing is due before all has been submitted, and how far apart the last ones are.
FIRST_S, PER_TASK_S = 4.0, 0.02


def of_due_tasks(arena: Arena, tasks: int) -> list[Promise]:
    """Measure both kinds on a queue with nothing else to do, and on a busy one."""
    found: list[Promise] = []
    start(arena, "one", workers=WORKERS)
    for place, load in (("idle queue", 0.0), ("busy queue", LOAD_PER_S)):
        with _load(load):
            found += [
                Promise(f"scheduled task late, {place}", _scheduled(arena, tasks), goal=GOAL),
                Promise(f"retry late, {place}", _retries(arena, tasks), goal=GOAL),
            ]
    arena.stop_all()
    return found


def _delays(tasks: int) -> list[float]:
    chance = random.Random(tasks)
    return [FIRST_S + chance.uniform(0, tasks * PER_TASK_S) for _ in range(tasks)]


def _scheduled(arena: Arena, tasks: int) -> tuple[float, ...]:
    begin = next(one for one in tq.task_types() if one.name == "begin").wrappers["default"]
    ids: list[str] = []
    for delay_s in _delays(tasks):
        task = begin.task_class((), {}, eta=utcnow() + dt.timedelta(seconds=delay_s))
        tq.default.enqueue(task)
        ids.append(task.id)
    index = keys.index("default", "SCHEDULED")
    rows = tq.default.broker.redis.zrange(index, 0, -1, withscores=True)
    due_at = {task_id.decode(): due_ms / 1000 for task_id, due_ms in rows}
    return seconds_to_ms([arena.ledger.wait_for(i).at - due_at[i] for i in ids])


def _retries(arena: Arena, tasks: int) -> tuple[float, ...]:
    delays: dict[str, float] = {}
    for delay_s in _delays(tasks):
        delays[tq.submit("fail_once", {"delay_s": delay_s}).task_id] = delay_s
        time.sleep(FAIL_EVERY_S)
    late: list[float] = []
    for task_id, delay_s in delays.items():
        again = arena.ledger.wait_for(task_id, 2)
        late.append(again.at - arena.ledger.of(task_id)[0].at - delay_s)
    return seconds_to_ms(late)


@contextmanager
def _load(per_s: float) -> Generator[None]:
    """Submit other work meanwhile, at random moments."""
    over = threading.Event()

    def submit() -> None:
        chance = random.Random(per_s)
        while not over.wait(chance.expovariate(per_s)):
            tq.submit("keep_busy", {"seconds": LOAD_S})

    thread = threading.Thread(target=submit, name="load")
    if per_s:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if per_s:
            thread.join()
            wait_until(lambda: tq.stats().total("queued") == 0, "the load is done")
