"""How late this machine itself is: a timer in a plain process, sampled while something is measured.

On a machine that others share, the figures beside it mean little when this one is large.
"""

import multiprocessing
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from benchmarks.promises.promise import Promise, seconds_to_ms

#: Seconds between two samples.
PACE_S = 0.02


@contextmanager
def listening(to: str, into: list[Promise]) -> Generator[None]:
    """Sample while the body runs, and add the row to a list."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    sampler = context.Process(target=_sample, args=(theirs,), daemon=True)
    sampler.start()
    ours.recv()
    try:
        yield
    finally:
        ours.send("enough")
        late: list[float] = ours.recv()
        sampler.join()
        into.append(Promise(f"(a plain timer meanwhile, {to})", seconds_to_ms(late)))


def _sample(driver: Connection) -> None:
    late: list[float] = []
    driver.send("ready")
    while not driver.poll():
        begin = time.monotonic()
        time.sleep(PACE_S)
        late.append(time.monotonic() - begin - PACE_S)
    driver.send(late)
