"""Greenlet workers: many tasks that wait for the network, in one process.

The workers are at rest and warm. They stand still (SIGSTOP) while the queue is filled and go on at
one moment, so that neither their start nor the speed of the client that submits counts.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import environments
from benchmarks.arithmetic import spread, times
from benchmarks.driver import Driver
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.private_redis import PrivateRedis, free_port
from benchmarks.processes import Command, ProcessGroup, cpu_s
from benchmarks.run import Run
from benchmarks.stacks import CELERY, install_celery
from benchmarks.systems import SYSTEMS
from benchmarks.systems.duckline import REPOSITORY, Duckline
from benchmarks.systems.system import APPS, Place

TASKS, WARM_UP, GREENLETS = 500, 200, 200
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """One run of one system."""

    system: str
    seconds: float  # until all results are stored
    per_second: float
    cpu_ms: float  # processor time a task, workers alone


@dataclass(frozen=True)
class _Pool:
    """A worker process with a number of greenlets, and a driver for its queue."""

    install: Callable[[], None]
    workers: Callable[[Place, str], Command]  # the string is the port of the slow server
    driver: Callable[[Place], Command]


def _duckline(place: Place, port: str) -> Command:
    settings = {"DEFAULT_WORKER_TYPE": "greenlet", "DEFAULT_CONCURRENCY": str(GREENLETS)}
    environment = Duckline().environment(place, BENCH_SERVER_PORT=port, **settings)
    return Command([sys.executable, "app.py", "consumer", "default"], environment, REPOSITORY)


def _celery(place: Place, port: str) -> Command:
    argv = [environments.program(CELERY, "celery"), "-A", "celery_app", "worker"]
    argv += ["--loglevel", "WARNING", "-P", "gevent", "-c", str(GREENLETS)]
    return Command(argv, place.environment(BENCH_SERVER_PORT=port))


def _celery_driver(place: Place) -> Command:
    return Command([environments.python(CELERY), "-m", "celery_app"], place.environment())


POOLS = {
    "duckline": _Pool(Duckline().install, _duckline, Duckline().driver),
    "celery": _Pool(install_celery, _celery, _celery_driver),
}


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Run the pools in turn."""
    for name in names:
        POOLS[name].install()
    for _ in range(options.repeats or (1 if options.quick else 3)):
        for name in names:
            yield run(name, POOLS[name])


def run(name: str, pool: _Pool) -> Outcome:
    """Let one pool finish its tasks."""
    port = str(free_port())
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-greenlets-{name}-") as folder,
        PrivateRedis(Path(folder)) as redis,
    ):
        place = Place(redis, Path(folder))
        server = ProcessGroup(
            [Command([sys.executable, str(APPS / "slow_server.py"), port])], place.folder / "server"
        )
        workers = ProcessGroup([pool.workers(place, port)], place.folder / "workers.log")
        server.start()
        try:
            with Driver(pool.driver(place), place.folder / "driver.log") as driver:
                return _timed(Run(SYSTEMS[name], place, workers, driver))
        finally:
            workers.stop()
            server.stop()


def _timed(running: Run) -> Outcome:
    running.workers.start()
    running.driver.fill("fetch", WARM_UP)
    running.wait_until_finished(WARM_UP, TIMEOUT_S)
    members = running.workers.members()
    for process in members:
        process.suspend()
    running.driver.fill("fetch", TASKS)
    before_s, begun_at = cpu_s(members), time.monotonic()
    for process in members:
        process.resume()
    running.wait_until_finished(WARM_UP + TASKS, TIMEOUT_S)
    seconds = time.monotonic() - begun_at
    return Outcome(
        system=running.system.name,
        seconds=round(seconds, 3),
        per_second=round(TASKS / seconds, 1),
        cpu_ms=round(1000 * (cpu_s(members) - before_s) / TASKS, 3),
    )


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians, spread, and how many times as fast ours is."""
    names = list(dict.fromkeys(outcome.system for outcome in outcomes))
    rates = {name: [o.per_second for o in outcomes if o.system == name] for name in names}
    ours = median(rates["duckline"]) if "duckline" in rates else 0.0
    table = [["system", "all done in", "tasks/s", "spread", "ours is", "CPU a task"]]
    for name in names:
        own = [outcome for outcome in outcomes if outcome.system == name]
        middle = median(rates[name])
        row = [SYSTEMS[name].title, f"{median(o.seconds for o in own):.2f} s", f"{middle:,.0f}"]
        row += [spread(rates[name]), times(ours, middle)]
        table.append([*row, f"{median(o.cpu_ms for o in own):.2f} ms"])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Tasks per second."""
    rates: dict[str, list[float]] = {}
    for outcome in outcomes:
        rates.setdefault(SYSTEMS[outcome.system].title, []).append(outcome.per_second)
    bars = [Bar(name, median(each), min(each), max(each)) for name, each in rates.items()]
    return [Plot("Tasks of 100 ms network wait, 200 greenlets", "tasks/s", bars)]


MEASUREMENT = Measurement(
    name="greenlets",
    title="Greenlets",
    explanation=(
        f"{TASKS} tasks that wait 100 ms for a server, on one worker process with {GREENLETS} "
        "greenlets: a Duckline consumer with `DEFAULT_WORKER_TYPE=greenlet`, and Celery's "
        "`-P gevent`. The clock runs from the moment at which warm workers find the full queue to "
        "the last result; all waits of 100 ms together take 0.3 s at best."
    ),
    systems=tuple(POOLS),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
)
