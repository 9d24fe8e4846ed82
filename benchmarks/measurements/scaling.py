"""Scaling: the drain of no-op tasks with 2, 4 and 8 worker processes.

The same runs as `drain`, system by system for each number of processes, so that what else the
machine does meets them alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.arithmetic import spread, times
from benchmarks.measurements import drain
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import System

PROCESSES = (2, 4, 8)

PLAN = drain.Plan(seconds=3.0, repeats=3)
QUICK = drain.Plan(seconds=1.5, repeats=1, first_count=500)


@dataclass(frozen=True)
class Outcome:
    """One run of one system with a number of worker processes."""

    system: str
    processes: int
    tasks: int
    per_second: float
    cpu_us: float  # microseconds of processor time a task, workers and Redis together


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Find out how many tasks suit each system; then run them in turn, several times."""
    plan, systems = QUICK if options.quick else PLAN, chosen(names)
    counts = {system.name: drain.count_that_lasts(system, plan) for system in systems}
    for _ in range(options.repeats or plan.repeats):
        for processes in PROCESSES:
            for system in systems:
                yield run(system, counts[system.name], processes)


def run(system: System, count: int, processes: int) -> Outcome:
    """Let a number of worker processes finish `count` tasks from a full queue."""
    drained = drain.run(system, count, drain.Work(processes=processes))
    return Outcome(system.name, processes, count, drained.per_second, drained.cpu_us)


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians and spread; ours beside each peer, and each system beside itself with fewest."""
    groups = _groups(outcomes)
    middles = {key: median(o.per_second for o in group) for key, group in groups.items()}
    fewest = min(processes for _, processes in groups)
    table = [["system", "processes", "tasks/s", "spread", "ours is"]]
    table[0] += [f"beside {fewest}", "CPU a task"]
    for (name, processes), group in groups.items():
        middle = middles[name, processes]
        row = [SYSTEMS[name].title, str(processes), f"{middle:,.0f}"]
        row += [spread([outcome.per_second for outcome in group])]
        row += [times(middles.get(("duckline", processes), 0.0), middle)]
        row += [times(middle, middles.get((name, fewest), 0.0))]
        table.append([*row, f"{median(outcome.cpu_us for outcome in group):,.0f} µs"])
    return table


def _groups(outcomes: Sequence[Outcome]) -> dict[tuple[str, int], list[Outcome]]:
    """The runs of each system with each number of processes, system by system."""
    names = list(dict.fromkeys(outcome.system for outcome in outcomes))
    groups: dict[tuple[str, int], list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda o: (names.index(o.system), o.processes)):
        groups.setdefault((outcome.system, outcome.processes), []).append(outcome)
    return groups


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Tasks per second."""
    bars: list[Bar] = []
    for (name, processes), group in _groups(outcomes).items():
        rates = [outcome.per_second for outcome in group]
        label = f"{SYSTEMS[name].title}, {processes}"
        bars.append(Bar(label, median(rates), min(rates), max(rates)))
    return [Plot("Throughput with 2, 4 and 8 worker processes", "tasks/s", bars)]


MEASUREMENT = Measurement(
    name="scaling",
    title="Throughput with more processes",
    explanation=(
        "The drain of the first table with 2, 4 and 8 worker processes: the same no-op tasks from "
        "a full queue, as many as last each system for about three seconds with 2 processes. Where "
        "there are more processes than cores they share them, so the rate stays or falls; *beside "
        "2* is how it changes, and *CPU a task* what the others cost."
    ),
    systems=("duckline", "bullmq", "huey", "celery"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "The two cores of this machine, which also slow each other down. More processes "
        "than cores only take turns; what they add is that one works while another waits "
        "for its step."
    ),
)
