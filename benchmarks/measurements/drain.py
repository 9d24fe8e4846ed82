"""Throughput: tasks per second from a full queue, no-op bodies, every result stored and readable.

The queue is filled before the workers start. The rate is taken from the moment when a tenth is
done until the last result is stored, so that starting processes does not count.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.arithmetic import spread, times
from benchmarks.driver import Driver
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.processes import cpu_s
from benchmarks.run import LOOK_S, Run, a_run
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

PROCESSES = 2

#: The share of the tasks after which the clock starts.
WARM_UP = 0.1

#: Seconds without a finished task after which a system is given up.
STUCK_S = 30.0

#: How many results are read back through the system's own client and compared.
SAMPLE = 50


@dataclass(frozen=True)
class Plan:
    """How long a run should last and how often it is repeated."""

    seconds: float = 5.0
    repeats: int = 5
    first_count: int = 1000  # of the first run that finds out how fast a system is, and the fewest
    at_most: int = 100_000


QUICK = Plan(seconds=2.0, repeats=2, first_count=500, at_most=40_000)


@dataclass(frozen=True)
class Work:
    """What the queue is filled with, and how many worker processes drain it."""

    task: str = "noop"
    seconds: float = 0.0  # that each task takes, where it is a `rest`
    processes: int = PROCESSES
    profile: Profile = Profile.SHORT


NOTHING = Work()


@dataclass(frozen=True)
class Sample:
    """The number of finished tasks at one moment (seconds of a monotonic clock)."""

    at: float
    finished: int


@dataclass(frozen=True)
class Outcome:
    """One run of one system."""

    system: str
    settings: str
    tasks: int
    per_second: float
    cpu_us: float  # microseconds of processor time a task, workers and Redis together
    redis_cpu_us: float  # of that, what Redis took


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Find out how many tasks suit each system; then run them in turn, several times."""
    plan, systems = QUICK if options.quick else Plan(), chosen(names)
    counts = {system.name: count_that_lasts(system, plan) for system in systems}
    for _ in range(options.repeats or plan.repeats):
        for system in systems:
            yield run(system, counts[system.name])


def count_that_lasts(system: System, plan: Plan) -> int:
    """Find out how many tasks last for the plan's seconds.

    Two runs, because a short one sees no more of a fast system than how it gets going.
    """
    first = count_for(run(system, plan.first_count).per_second, plan)
    return count_for(run(system, first).per_second, plan)


def count_for(per_second: float, plan: Plan) -> int:
    """How many tasks last for the plan's seconds, in round numbers."""
    count = round(per_second * plan.seconds, -2)
    return int(min(max(count, plan.first_count), plan.at_most))


def run(system: System, count: int, work: Work = NOTHING) -> Outcome:
    """Let a system finish `count` tasks from a full queue."""
    with a_run(system, work.processes, work.profile) as running:
        ids = running.driver.fill(work.task, count, work.seconds)
        running.workers.start()
        samples, cpu = _watch(running, count)
        _compare(running.driver, ids)
    return Outcome(
        system=system.name,
        settings=system.settings(work.profile),
        tasks=count,
        per_second=round(rate(samples, count), 1),
        cpu_us=round(cpu.workers_us + cpu.redis_us, 1),
        redis_cpu_us=round(cpu.redis_us, 1),
    )


def rate(samples: Sequence[Sample], count: int) -> float:
    """Tasks per second from a tenth of `count` to all of it."""
    first = next(sample for sample in samples if sample.finished >= WARM_UP * count)
    last = next(sample for sample in samples if sample.finished >= count)
    return (last.finished - first.finished) / max(last.at - first.at, LOOK_S)


@dataclass(frozen=True)
class _Cpu:
    """Microseconds of processor time a task. Others on the machine change it less than the rate."""

    workers_us: float
    redis_us: float


def _watch(running: Run, count: int) -> tuple[list[Sample], _Cpu]:
    """Look until all is finished; returns the samples, and what each task has cost meanwhile."""
    samples = _look(running, count, math.ceil(WARM_UP * count), [Sample(time.monotonic(), 0)])
    members, redis = running.workers.members(), [running.place.redis.process]
    warm, before = running.finished(count), (cpu_s(members), cpu_s(redis))
    samples = _look(running, count, count, samples)
    after, tasks = (cpu_s(members), cpu_s(redis)), max(count - warm, 1)
    workers_s, redis_s = after[0] - before[0], after[1] - before[1]
    return samples, _Cpu(1e6 * workers_s / tasks, 1e6 * redis_s / tasks)


def _look(running: Run, count: int, until: int, samples: list[Sample]) -> list[Sample]:
    """Add samples until this number of tasks is finished."""
    samples, moved_at = list(samples), time.monotonic()
    while samples[-1].finished < until:
        time.sleep(LOOK_S)
        samples.append(Sample(time.monotonic(), running.finished(count)))
        if samples[-1].finished > samples[-2].finished:
            moved_at = samples[-1].at
        if samples[-1].at - moved_at > STUCK_S:
            running.wait_until_finished(count, 0)  # raises, with the log
    return samples


def _compare(driver: Driver, ids: Sequence[str]) -> None:
    """Read some results back; raises RuntimeError when one is not what its task returned."""
    numbers = range(0, len(ids), max(len(ids) // SAMPLE, 1))
    results = driver.results([ids[n] for n in numbers])
    for n, result in zip(numbers, results, strict=True):
        if result != {"n": n}:
            raise RuntimeError(f"task {n} has the result {result!r}")


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians, spread, and how many times as fast ours is."""
    rates = _rates(outcomes)
    ours = median(rates["duckline"]) if "duckline" in rates else 0.0
    table = [["system", "tasks/s", "spread", "ours is", "CPU a task", "of it Redis"]]
    for name, values in rates.items():
        middle = median(values)
        cpu = [median(o.cpu_us for o in outcomes if o.system == name)]
        cpu += [median(o.redis_cpu_us for o in outcomes if o.system == name)]
        row = [SYSTEMS[name].title, f"{middle:,.0f}", spread(values), times(ours, middle)]
        table.append([*row, *(f"{us:,.0f} µs" for us in cpu)])
    return table


def _rates(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {}
    for outcome in outcomes:
        rates.setdefault(outcome.system, []).append(outcome.per_second)
    return rates


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Tasks per second."""
    bars = [
        Bar(SYSTEMS[name].title, median(values), min(values), max(values))
        for name, values in _rates(outcomes).items()
    ]
    return [Plot("Throughput from a full queue", "tasks/s", bars)]


MEASUREMENT = Measurement(
    name="drain",
    title="Throughput",
    explanation=(
        "Tasks per second from a full queue: a JSON payload of about 200 bytes, a body that does "
        "nothing, the result stored (a sample is read back and compared), 2 worker processes or "
        "the peer's best documented setting. Each system gets as many tasks as last it for about "
        "five seconds; the clock runs from the first tenth to the last result. *CPU a task* is the "
        "processor time of workers and Redis, which other programs on the machine distort less "
        "than the rate."
    ),
    systems=("duckline", "bullmq", "huey", "dramatiq", "taskiq", "arq", "rq", "celery"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    overview=("duckline", "bullmq", "huey", "celery"),
    limit=(
        "Redis. It runs one thread, and two fifths of the time of a task are its: two reads and "
        "two writes of the task's record, each written to the append-only file as well, and moves "
        "between four sorted sets. While it works for one worker, the other waits or runs its "
        "batch. The Python of the workers is the rest."
    ),
)
