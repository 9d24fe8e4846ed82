"""Efficiency: how much of the ideal rate is reached with tasks that take 1, 10 and 100 ms.

Workers that do nothing but tasks finish `processes / seconds` of them a second. The tasks sleep, so
that the cores of the machine are not what limits them; each worker process runs one at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measurements import drain
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

TASK_MS = (1, 10, 100)
PROCESSES, PROCESSES_QUICK = (2, 4, 8), (2, 8)

PLAN = drain.Plan(seconds=3.0, repeats=1)
QUICK = drain.Plan(seconds=1.0, repeats=1, first_count=500)

#: The fewest tasks of each worker, so that its first and its last do not count for much.
EACH = 20


@dataclass(frozen=True)
class Outcome:
    """One run of one system."""

    system: str
    processes: int
    task_ms: int  # milliseconds that each task takes
    tasks: int
    per_second: float
    share: float  # of the ideal rate, 0 to 1
    cpu_us: float  # microseconds of processor time a task, workers and Redis together


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Find out how fast each system is at most; then run them in turn."""
    plan, systems = QUICK if options.quick else PLAN, chosen(names)
    most = {system.name: drain.count_that_lasts(system, plan) for system in systems}
    for _ in range(options.repeats or plan.repeats):
        for task_ms in TASK_MS:
            for processes in PROCESSES_QUICK if options.quick else PROCESSES:
                for system in systems:
                    count = count_for(processes, task_ms, plan.seconds, most[system.name])
                    yield run(system, count, processes, task_ms)


def ideal(processes: int, task_ms: int) -> float:
    """Tasks per second of workers that do nothing between two tasks."""
    return 1000 * processes / task_ms


def count_for(processes: int, task_ms: int, seconds: float, most: int) -> int:
    """How many tasks last for so long at the ideal rate, or at the system's own if that is less.

    `most` is how many tasks that take no time last the system for that long.
    """
    return max(min(round(ideal(processes, task_ms) * seconds), most), EACH * processes)


def run(system: System, count: int, processes: int, task_ms: int) -> Outcome:
    """Let a number of worker processes finish `count` tasks from a full queue."""
    work = drain.Work("rest", task_ms / 1000, processes, Profile.LONG)
    drained = drain.run(system, count, work)
    return Outcome(
        system=system.name,
        processes=processes,
        task_ms=task_ms,
        tasks=count,
        per_second=drained.per_second,
        share=round(drained.per_second / ideal(processes, task_ms), 4),
        cpu_us=drained.cpu_us,
    )


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """A row for each duration and system, a column for each number of processes: medians."""
    columns = sorted({outcome.processes for outcome in outcomes})
    table = [["system", "a task takes", *(f"{count} processes" for count in columns)]]
    for (task_ms, name), group in _groups(outcomes).items():
        row = [SYSTEMS[name].title, f"{task_ms} ms"]
        for count in columns:
            own = [outcome for outcome in group if outcome.processes == count]
            row.append(_cell(own) if own else "")
        table.append(row)
    return table


def _cell(runs: Sequence[Outcome]) -> str:
    share, rate = median(o.share for o in runs), median(o.per_second for o in runs)
    return f"{100 * share:.1f} % ({rate:,.0f}/s)"


def _groups(outcomes: Sequence[Outcome]) -> dict[tuple[int, str], list[Outcome]]:
    """The runs of each duration and system, the shortest tasks first."""
    groups: dict[tuple[int, str], list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda o: o.task_ms):
        groups.setdefault((outcome.task_ms, outcome.system), []).append(outcome)
    return groups


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """The share of the ideal for each duration."""
    found: list[Plot] = []
    for task_ms in sorted({outcome.task_ms for outcome in outcomes}):
        shares: dict[str, list[float]] = {}
        for outcome in outcomes:
            if outcome.task_ms == task_ms:
                label = f"{SYSTEMS[outcome.system].title}, {outcome.processes}"
                shares.setdefault(label, []).append(100 * outcome.share)
        bars = [Bar(label, median(each), min(each), max(each)) for label, each in shares.items()]
        found.append(Plot(f"Efficiency with tasks of {task_ms} ms", "% of the ideal", bars))
    return found


MEASUREMENT = Measurement(
    name="efficiency",
    title="Efficiency",
    explanation=(
        "Tasks that sleep for 1, 10 and 100 ms, drained from a full queue by 2, 4 and 8 worker "
        "processes (quick run 2 and 8), each of which runs one task at a time, set up as its guide "
        "advises for long tasks. The share is of the ideal rate, at which workers would do nothing "
        "between two tasks: 8 processes and tasks of 10 ms make 800 a second. The clock runs from "
        "the first tenth to the last result."
    ),
    systems=("duckline", "bullmq", "huey", "celery"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "For a task that is not short a worker claims one at a time, so that none waits "
        "behind it: between two tasks are a round trip and the look at what the task has "
        "left changed."
    ),
)
