"""How long short tasks wait beside long ones: bursts of 100 short tasks with one long among them.

There are two workers and at most one long task at a time, so a worker is always free for the short
ones: what a short task waits longer than its burst takes is the queue's doing, not the load's.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.arithmetic import percentile
from benchmarks.measurements.latency import TIMEOUT_S, WARM_UP, stamps
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.run import a_run
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

WORKERS = 2

#: Short tasks for each long one.
SHORT = 100

#: From one burst to the next, in lengths of the long task; above 1, so that none overlap.
PERIOD = 1.5


@dataclass(frozen=True)
class Outcome:
    """One run of one system: the waits of the short tasks, in milliseconds."""

    system: str
    settings: str
    long_s: float
    short_tasks: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    stuck: int  # short tasks that waited half a long task or longer


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run the systems in turn."""
    long_s, bursts, repeats = (1.0, 5, 1) if options.quick else (5.0, 6, 2)
    for repeat in range(options.repeats or repeats):
        for system in chosen(names):
            yield run(system, long_s, bursts, options.seed + repeat)


def plan(long_s: float, bursts: int, seed: int) -> tuple[list[float], list[float]]:
    """The pause before each task and its seconds; the long one's place in a burst is random.

    There is one before the first burst, too: a group may have finished all warm-up tasks before
    the other one has started.
    """
    chance = random.Random(seed)
    pauses_s, seconds = list[float](), list[float]()
    for _ in range(bursts):
        burst = [0.0] * (SHORT + 1)
        burst[chance.randrange(SHORT + 1)] = long_s
        pauses_s += [PERIOD * long_s, *([0.0] * SHORT)]
        seconds += burst
    return pauses_s, seconds


def run(system: System, long_s: float, bursts: int, seed: int) -> Outcome:
    """Send a number of bursts."""
    pauses_s, seconds = plan(long_s, bursts, seed)
    with a_run(system, WORKERS, Profile.LONG) as running:
        running.workers.start()
        running.driver.fill("noop", WARM_UP)
        running.wait_until_finished(WARM_UP, TIMEOUT_S)
        waits_ms, _ = stamps(running, pauses_s, seconds, WARM_UP)
    short_ms = [ms for ms, s in zip(waits_ms, seconds, strict=True) if not s]
    return Outcome(
        system=system.name,
        settings=system.settings(Profile.LONG),
        long_s=long_s,
        short_tasks=len(short_ms),
        p50_ms=round(median(short_ms), 1),
        p99_ms=round(percentile(short_ms, 0.99), 1),
        worst_ms=round(max(short_ms), 1),
        stuck=sum(ms >= 500 * long_s for ms in short_ms),
    )


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians over the runs; the stuck ones of all runs."""
    table = [["system", "p50", "p99", "worst", "stuck", "of"]]
    for name in dict.fromkeys(outcome.system for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.system == name]
        middles = [
            median(o.p50_ms for o in own),
            median(o.p99_ms for o in own),
            max(o.worst_ms for o in own),
        ]
        stuck, short = sum(o.stuck for o in own), sum(o.short_tasks for o in own)
        cells = [*(f"{ms:,.0f} ms" for ms in middles), str(stuck), str(short)]
        table.append([SYSTEMS[name].title, *cells])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """The 99th percentile."""
    waits: dict[str, list[float]] = {}
    for outcome in outcomes:
        waits.setdefault(SYSTEMS[outcome.system].title, []).append(outcome.p99_ms)
    bars = [Bar(name, median(ms), min(ms), max(ms)) for name, ms in waits.items()]
    return [Plot("Wait of short tasks beside long ones, p99", "ms", bars)]


MEASUREMENT = Measurement(
    name="mixed",
    title="Short tasks beside long ones",
    explanation=(
        "Two workers; bursts of 100 tasks that take no time with one long task (5 s, quick run "
        "1 s) at a random place among them, the next burst after one and a half times as long. A "
        "worker is always free for the short ones. *Stuck*: waited half a long task or longer. "
        "*Two nodes* (two consumers) are two groups of one worker, as on two machines."
    ),
    systems=("duckline", "duckline-2", "bullmq", "huey", "celery", "celery-2"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "A worker claims short tasks for 5 ms of work at a time, and releases those that "
        "wait behind a long one after 8 ms."
    ),
)
