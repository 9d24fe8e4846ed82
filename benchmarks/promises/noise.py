"""How late this machine itself is, sampled while something is measured: the floor of every figure.

A timer in a plain process; and a bare wait for a list in Redis, pushed by that process, the least
that waking a worker can take. On a machine that others share, figures mean little where these two
are large.
"""

import multiprocessing
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import redis

from benchmarks.promises.promise import Promise, seconds_to_ms

#: Seconds between two samples.
PACE_S = 0.02

_LIST, _DATABASE = "promises:noise", 9


@contextmanager
def listening(to: str, port: int, into: list[Promise]) -> Generator[None]:
    """Sample while the body runs, and add two rows to a list."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    listener_ours, listener_theirs = context.Pipe()
    processes = [
        context.Process(target=_wait_for_pushes, args=(listener_theirs, port), daemon=True),
        context.Process(target=_keep_time, args=(theirs, port), daemon=True),
    ]
    for process, pipe in zip(processes, (listener_ours, ours), strict=True):
        process.start()
        pipe.recv()
    try:
        yield
    finally:
        ours.send("enough")
        timer, wakes = ours.recv(), listener_ours.recv()
        for process in processes:
            process.join()
        into += [
            Promise(f"({to}: meanwhile, a plain timer)", seconds_to_ms(timer)),
            Promise(f"({to}: meanwhile, a bare BLPOP)", seconds_to_ms(wakes)),
        ]


def _keep_time(driver: Connection, port: int) -> None:
    client = redis.Redis(port=port, db=_DATABASE)
    client.ping()
    late: list[float] = []
    driver.send("ready")
    while not driver.poll():
        begin = time.monotonic()
        time.sleep(PACE_S)
        late.append(time.monotonic() - begin - PACE_S)
        client.rpush(_LIST, repr(time.time()))
    client.rpush(_LIST, "enough")
    driver.send(late)


def _wait_for_pushes(driver: Connection, port: int) -> None:
    client = redis.Redis(port=port, db=_DATABASE, decode_responses=True)
    client.ping()
    late: list[float] = []
    driver.send("ready")
    while (row := client.blpop([_LIST])) and row[1] != "enough":
        late.append(time.time() - float(row[1]))
    driver.send(late)
