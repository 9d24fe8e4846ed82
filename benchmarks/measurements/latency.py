"""From submitting to starting, on a system that has nothing else to do.

One task at a time, with random pauses between them, so that polling and blocking both show. The
task returns the time at which it began; both clocks are this machine's.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.arithmetic import percentile
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.run import Run, a_run
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

PROCESSES = 2

#: Tasks before the clock runs: connections are made, code is imported.
WARM_UP = 20

#: Seconds between two tasks: from, to.
PAUSE_S = (0.02, 0.08)

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """One run of one system; milliseconds."""

    system: str
    settings: str
    tasks: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    submit_p50_ms: float  # of it, until the system's own client had accepted the task


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run the systems in turn, several times."""
    count, repeats = (100, 2) if options.quick else (400, 3)
    for repeat in range(options.repeats or repeats):
        for system in chosen(names):
            yield run(system, count, options.seed + repeat)


def run(system: System, count: int, seed: int) -> Outcome:
    """Submit a number of tasks one by one to an idle system."""
    chance = random.Random(seed)
    with a_run(system, PROCESSES, Profile.SHORT) as running:
        running.workers.start()
        running.driver.fill("noop", WARM_UP)
        running.wait_until_finished(WARM_UP, TIMEOUT_S)
        pauses = [chance.uniform(*PAUSE_S) for _ in range(count)]
        waits_ms, submits_ms = stamps(running, pauses, [0.0] * count, WARM_UP)
    return Outcome(
        system=system.name,
        settings=system.settings(Profile.SHORT),
        tasks=count,
        p50_ms=round(median(waits_ms), 2),
        p99_ms=round(percentile(waits_ms, 0.99), 2),
        worst_ms=round(max(waits_ms), 2),
        submit_p50_ms=round(median(submits_ms), 2),
    )


def stamps(
    running: Run, pauses_s: Sequence[float], seconds: Sequence[float], before: int
) -> tuple[list[float], list[float]]:
    """Submit `stamp` tasks; returns the milliseconds until each began, and until it was accepted.

    `before` is how many tasks this run has submitted already.
    """
    sent = running.driver.submit("stamp", pauses_s, seconds)
    running.wait_until_finished(before + len(sent), TIMEOUT_S)
    began = running.driver.results([submission.task_id for submission in sent])
    waits_ms = [1000 * (at - one.sent_at) for at, one in zip(began, sent, strict=True)]
    return waits_ms, [1000 * (one.accepted_at - one.sent_at) for one in sent]


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians over the runs."""
    table = [["system", "p50", "p99", "worst", "of it submitting (p50)"]]
    for name in dict.fromkeys(outcome.system for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.system == name]
        middles = [
            median(o.p50_ms for o in own),
            median(o.p99_ms for o in own),
            max(o.worst_ms for o in own),
            median(o.submit_p50_ms for o in own),
        ]
        table.append([SYSTEMS[name].title, *(f"{ms:,.1f} ms" for ms in middles)])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """The median and, as its spread, the 99th percentile."""
    bars: list[Bar] = []
    for name in dict.fromkeys(outcome.system for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.system == name]
        middle = median(o.p50_ms for o in own)
        bars.append(Bar(SYSTEMS[name].title, middle, middle, median(o.p99_ms for o in own)))
    return [Plot("Submit to start on an idle system: p50, line to p99", "ms", bars)]


MEASUREMENT = Measurement(
    name="latency",
    title="Latency",
    explanation=(
        "From submitting (the system's own client) to the first line of the task, 2 idle worker "
        "processes, one task at a time with random pauses of 20 to 80 ms."
    ),
    systems=("duckline", "bullmq", "huey", "dramatiq", "taskiq", "arq", "rq", "celery"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    overview=("duckline", "bullmq", "huey", "celery"),
    limit=("Two round trips, the submit and the claim of the worker that its bell wakes."),
)
