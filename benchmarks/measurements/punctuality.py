"""How late retries start, and how fast a cancel is answered and frees its worker. Duckline only.

Both are read from the times that tasks leave in the ledger; peers either cannot do it or poll once
a second.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks import ledger
from benchmarks.arithmetic import percentile
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.run import Run, a_run, wait
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

#: The delay of `fail_once` in apps/duckline_tasks/bench.py, in seconds.
RETRY_DELAY_S = 0.5

PAUSE_S = (0.02, 0.08)
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """One thing that was timed so many times; milliseconds."""

    system: str
    what: str
    times: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Time retries and cancels of each system."""
    count = 40 if options.quick else 200
    for system in chosen(names):
        yield _outcome(system, "retry: after its due time", retries_ms(system, count, options.seed))
        answers_ms, freed_ms = cancels_ms(system, count)
        yield _outcome(system, "cancel of a running task: answered", answers_ms)
        yield _outcome(system, "cancel: the worker has begun its next task", freed_ms)


def _outcome(system: System, what: str, values_ms: Sequence[float]) -> Outcome:
    return Outcome(
        system=system.name,
        what=what,
        times=len(values_ms),
        p50_ms=round(median(values_ms), 1),
        p99_ms=round(percentile(values_ms, 0.99), 1),
        worst_ms=round(max(values_ms), 1),
    )


def retries_ms(system: System, count: int, seed: int) -> list[float]:
    """How late the second attempts of tasks that fail once have begun."""
    chance = random.Random(seed)
    pauses_s = [chance.uniform(*PAUSE_S) for _ in range(count)]
    with a_run(system, 2, Profile.SHORT) as running:
        running.workers.start()
        running.driver.fill("noop", 1)
        running.wait_until_finished(1, TIMEOUT_S)
        running.driver.submit("fail_once", pauses_s, [0.0] * count)
        running.wait_until_finished(1 + count, TIMEOUT_S)
        lines = ledger.read(running.place.ledger)
    return [1000 * (lateness_s - RETRY_DELAY_S) for lateness_s in pauses_between(lines)]


def pauses_between(lines: Sequence[ledger.Line]) -> list[float]:
    """For each task the seconds from the end of its first attempt to the start of its second."""
    ended = {line.n: line.at for line in lines if line.what == "end"}
    last_begun = {line.n: line.at for line in lines if line.what == "begin"}
    return [last_begun[n] - at for n, at in ended.items()]


def cancels_ms(system: System, count: int) -> tuple[list[float], list[float]]:
    """Until a cancel is answered, and until its worker (the only one) runs what comes next."""
    answers_ms, freed_ms = list[float](), list[float]()
    with a_run(system, 1, Profile.LONG) as running:
        running.workers.start()
        running.driver.fill("nap", 1)
        running.wait_until_finished(1, TIMEOUT_S)
        for _ in range(count):
            begun = len(ledger.read(running.place.ledger))
            held = running.driver.submit("hold", [0.0], [0.0])[0].task_id
            _wait_for_line(running, begun)
            running.driver.submit("nap", [0.0], [0.0])  # waits behind it
            asked_at, answered_at = running.driver.cancel(held)
            _wait_for_line(running, begun + 2)  # begin and end of the nap
            lines = ledger.read(running.place.ledger)
            answers_ms.append(1000 * (answered_at - asked_at))
            freed_ms.append(1000 * (lines[begun + 1].at - asked_at))
    return answers_ms, freed_ms


def _wait_for_line(running: Run, number: int) -> None:
    """Wait until the ledger has a line of that number, counted from 0."""
    if not wait(lambda: len(ledger.read(running.place.ledger)) > number, TIMEOUT_S):
        raise RuntimeError(f"nothing happens:\n{running.workers.log.read_text()[-3000:]}")


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """One row for each thing that was timed."""
    table = [["what", "times", "p50", "p99", "worst"]]
    for outcome in outcomes:
        values = [outcome.p50_ms, outcome.p99_ms, outcome.worst_ms]
        name = f"{SYSTEMS[outcome.system].title}, {outcome.what}"
        table.append([name, str(outcome.times), *(f"{ms:,.1f} ms" for ms in values)])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """The median and, as its spread, the 99th percentile."""
    bars = [Bar(f"Duckline, {o.what}", o.p50_ms, o.p50_ms, o.p99_ms) for o in outcomes]
    return [Plot("Retries and cancels: p50, line to p99", "ms", bars)]


MEASUREMENT = Measurement(
    name="punctuality",
    title="Retries and cancels",
    explanation=(
        "Retries: tasks that fail once and are due again after half a second; the time from due to "
        "begun. Cancels: a running task is cancelled while another waits behind it for the only "
        "worker; the time until the call has returned (the task is REVOKED then), and until the "
        "worker has begun the next task."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
)
