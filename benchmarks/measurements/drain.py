"""Throughput: tasks per second from a full queue, no-op bodies, every result stored and readable.

The queue is filled before the workers start. The rate is taken from the moment when a tenth is
done until the last result is stored, so that starting processes does not count.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.driver import Driver
from benchmarks.private_redis import PrivateRedis
from benchmarks.processes import ProcessGroup
from benchmarks.systems.system import Place, Profile, System

NAME = "drain"

PROCESSES = 2

#: The share of the tasks after which the clock starts.
WARM_UP = 0.1

#: Seconds between two looks, and after which a system that finishes nothing is given up.
LOOK_S = 0.01
STUCK_S = 30.0

#: How many results are read back through the system's own client and compared.
SAMPLE = 50


@dataclass(frozen=True)
class Plan:
    """How long a run should last and how often it is repeated."""

    seconds: float = 6.0
    repeats: int = 5
    first_count: int = 1000  # of the run that finds out how fast a system is
    at_most: int = 60_000


QUICK = Plan(seconds=2.0, repeats=2, first_count=500, at_most=25_000)


@dataclass(frozen=True)
class Sample:
    """So many tasks were finished at this moment (seconds of a monotonic clock)."""

    at: float
    finished: int


@dataclass(frozen=True)
class Outcome:
    """One run of one system."""

    system: str
    settings: str
    tasks: int
    per_second: float
    redis_cpu: float  # share of one core that the server took while the clock ran


def count_for(per_second: float, plan: Plan) -> int:
    """How many tasks last for the plan's seconds, in round numbers."""
    count = round(per_second * plan.seconds, -2)
    return int(min(max(count, plan.first_count), plan.at_most))


def rate(samples: Sequence[Sample], count: int) -> float:
    """Tasks per second from a tenth of `count` to all of it."""
    first = next(sample for sample in samples if sample.finished >= WARM_UP * count)
    last = next(sample for sample in samples if sample.finished >= count)
    return (last.finished - first.finished) / max(last.at - first.at, LOOK_S)


def run(system: System, count: int) -> Outcome:
    """Let a system finish `count` tasks from a full queue."""
    with tempfile.TemporaryDirectory(prefix="bench-drain-") as name, PrivateRedis(
        Path(name)
    ) as redis:
        place = Place(redis, Path(name))
        group = ProcessGroup(
            system.workers(place, PROCESSES, Profile.SHORT), place.folder / "workers.log"
        )
        with Driver(system.driver(place), place.folder / "driver.log") as driver:
            ids = driver.fill("noop", count)
            cpu_before_s, begun_at = redis.cpu_s(), time.monotonic()
            group.start()
            try:
                samples = _watch(system, place, group, count)
                cpu_s = redis.cpu_s() - cpu_before_s
                _compare(driver, ids)
            finally:
                group.stop()
    return Outcome(
        system=system.name,
        settings=system.settings(Profile.SHORT),
        tasks=count,
        per_second=round(rate(samples, count), 1),
        redis_cpu=round(cpu_s / (samples[-1].at - begun_at), 3),
    )


def _watch(system: System, place: Place, group: ProcessGroup, count: int) -> list[Sample]:
    samples = [Sample(time.monotonic(), 0)]
    moved_at = samples[0].at
    while samples[-1].finished < count:
        time.sleep(LOOK_S)
        samples.append(Sample(time.monotonic(), system.finished(place)))
        if samples[-1].finished > samples[-2].finished:
            moved_at = samples[-1].at
        if samples[-1].at - moved_at > STUCK_S:
            group.require_alive()
            raise RuntimeError(
                f"{system.name} stays at {samples[-1].finished} of {count}:\n"
                + group.log.read_text()[-3000:]
            )
    return samples


def _compare(driver: Driver, ids: Sequence[str]) -> None:
    """Read some results back; raises RuntimeError when one is not what its task returned."""
    step = max(len(ids) // SAMPLE, 1)
    numbers = range(0, len(ids), step)
    results = driver.results([ids[n] for n in numbers])
    for n, result in zip(numbers, results, strict=True):
        if result != {"n": n}:
            raise RuntimeError(f"task {n} has the result {result!r}")


def rows(outcomes: Sequence[Outcome], ours: str = "duckline") -> list[list[str]]:
    """The table, headings first: medians, spread, and the ratio to ours."""
    systems = list(dict.fromkeys(outcome.system for outcome in outcomes))
    rates = {name: [o.per_second for o in outcomes if o.system == name] for name in systems}
    cpu = {name: median(o.redis_cpu for o in outcomes if o.system == name) for name in systems}
    table = [["system", "tasks/s", "lowest", "highest", "ours is", "Redis CPU"]]
    for name in systems:
        middle = median(rates[name])
        ratio = f"{median(rates[ours]) / middle:.1f} x" if ours in rates else ""
        numbers = [f"{number:,.0f}" for number in (middle, min(rates[name]), max(rates[name]))]
        table.append([name, *numbers, ratio, f"{cpu[name]:.0%}"])
    return table
