"""Submitting from code: tasks per second of each system's own client, one by one and in bulk.

No worker runs. One process submits in one thread, as a script or a request handler does. Afterwards
the broker is asked how many tasks it holds, and each that was submitted must be there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.arithmetic import spread, times
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.processes import cpu_s
from benchmarks.run import Run, a_run
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import Profile, System

#: Seconds that the client gets going in.
WARM_UP_S = 0.5


@dataclass(frozen=True)
class Outcome:
    """One run of one system; zeros in bulk where its client has no faster way than one by one."""

    system: str
    per_second: float
    cpu_us: float  # microseconds of processor time a task, client and Redis
    bulk_per_second: float
    bulk_cpu_us: float


@dataclass(frozen=True)
class _Rate:
    tasks: int
    per_second: float
    cpu_us: float


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run the systems in turn, several times."""
    systems = chosen(names)
    seconds, repeats = (2.0, 3) if options.quick else (5.0, 5)
    for _ in range(options.repeats or repeats):
        for system in systems:
            yield run(system, seconds)


def run(system: System, seconds: float) -> Outcome:
    """Submit for a number of seconds each way. Raises RuntimeError when a task is not there."""
    with a_run(system, 1, Profile.SHORT) as running:
        warm = _submit(running, WARM_UP_S, bulk=False)
        single = _submit(running, seconds, bulk=False)
        _require(running, submitted := warm.tasks + single.tasks)
        warm = _submit(running, WARM_UP_S, bulk=True)
        bulk = _submit(running, seconds if warm.tasks else 0.0, bulk=True)
        _require(running, submitted + warm.tasks + bulk.tasks)
    return Outcome(system.name, single.per_second, single.cpu_us, bulk.per_second, bulk.cpu_us)


def _submit(running: Run, seconds: float, *, bulk: bool) -> _Rate:
    redis = [running.place.redis.process]
    before_s = cpu_s(redis)
    answer = running.driver.ask(do="rate", task="noop", seconds=seconds, bulk=bulk)
    tasks, used_s = answer["tasks"], answer["cpu_s"] + cpu_s(redis) - before_s
    if not tasks:
        return _Rate(0, 0.0, 0.0)
    return _Rate(tasks, round(tasks / answer["seconds"], 1), round(1e6 * used_s / tasks, 1))


def _require(running: Run, submitted: int) -> None:
    held = running.system.held(running.place)
    if held != submitted:
        raise RuntimeError(f"{running.system.name}: {submitted} submitted, {held} in the broker")


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians, spread, and how many times as fast ours is."""
    names = list(dict.fromkeys(outcome.system for outcome in outcomes))
    table = [["system", "one by one/s", "spread", "ours is", "CPU a task"]]
    table[0] += ["in bulk/s", "spread", "ours is", "CPU a task"]
    for name in names:
        row = [SYSTEMS[name].title]
        row += _columns(outcomes, name, lambda o: o.per_second, lambda o: o.cpu_us)
        row += _columns(outcomes, name, lambda o: o.bulk_per_second, lambda o: o.bulk_cpu_us)
        table.append(row)
    return table


Figure = Callable[[Outcome], float]


def _columns(outcomes: Sequence[Outcome], name: str, rate: Figure, cpu_us: Figure) -> list[str]:
    own = [outcome for outcome in outcomes if outcome.system == name]
    rates = [rate(outcome) for outcome in own]
    if not any(rates):
        return ["–", "", "", ""]
    ours = [rate(outcome) for outcome in outcomes if outcome.system == "duckline"]
    ratio = times(median(ours) if ours else 0.0, median(rates))
    cpu = f"{median(cpu_us(outcome) for outcome in own):,.0f} µs"
    return [f"{median(rates):,.0f}", spread(rates), ratio, cpu]


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Tasks per second, one by one."""
    bars: list[Bar] = []
    for name in dict.fromkeys(outcome.system for outcome in outcomes):
        rates = [outcome.per_second for outcome in outcomes if outcome.system == name]
        bars.append(Bar(SYSTEMS[name].title, median(rates), min(rates), max(rates)))
    return [Plot("Submitting from code, one by one", "tasks/s", bars)]


MEASUREMENT = Measurement(
    name="client",
    title="Submitting from code",
    explanation=(
        "Tasks per second that one thread of one process submits with the system's own client, "
        "with a JSON payload of about 200 bytes and no worker: one by one (`submit`, `delay`, "
        "`enqueue`, `send`), and in bulk where the client has a way of its own (`starmap` of "
        "Duckline, `enqueue_many` of RQ). Every submitted task is counted in the broker "
        "afterwards. Duckline checks each payload against the type hints meanwhile. *CPU a task* "
        "is the processor time of the client and Redis."
    ),
    systems=("duckline", "huey", "dramatiq", "rq", "celery"),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "The script in Redis. Huey and Dramatiq store a task by one or two plain commands, "
        "whose text Redis need not run; ours also counts, looks whether the queue takes "
        "tasks, gives the task a place in its queue and a record that can be searched. One "
        "by one each submit waits for that answer. In bulk the script's cost is shared."
    ),
)
