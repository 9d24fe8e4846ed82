"""A crowd of callers: `POST /api/tasks/submit` from 16 to 2,000 connections at once.

A request that is not accepted ends the measurement: there is none, however many come.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.arithmetic import spread
from benchmarks.measurements.measurement import Bar, Measurement, Options, Plot
from benchmarks.measurements.submit import START_S, WARM_UP_S, answers, load
from benchmarks.private_redis import PrivateRedis, free_port
from benchmarks.processes import ProcessGroup
from benchmarks.run import wait
from benchmarks.services import SERVICES
from benchmarks.systems.system import Place

CALLERS = (16, 200, 400, 2000)


@dataclass(frozen=True)
class Outcome:
    """One run with one number of callers."""

    system: str
    callers: int
    accepted: int
    per_second: float
    p50_ms: float
    p99_ms: float


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Let each number of callers come in turn, several times, to one service."""
    seconds, repeats = (4, 1) if options.quick else (10, 3)
    for name in names:
        service = SERVICES[name]
        service.install()
        with (
            tempfile.TemporaryDirectory(prefix="bench-crowd-") as folder,
            PrivateRedis(Path(folder)) as redis,
        ):
            place, port = Place(redis, Path(folder)), free_port()
            web = ProcessGroup([service.command(place, port)], place.folder / "web.log")
            web.start()
            try:
                if not wait(lambda port=port: answers(port), START_S):
                    raise RuntimeError(f"{name} does not answer:\n{web.log.read_text()}")
                for callers in CALLERS * (options.repeats or repeats):
                    load(port, WARM_UP_S, callers)  # what the crowd before has left is over, too
                    yield _outcome(name, callers, load(port, seconds, callers))
            finally:
                web.stop()


def _outcome(name: str, callers: int, loaded: dict[str, float]) -> Outcome:
    return Outcome(
        system=name,
        callers=callers,
        accepted=int(loaded["requests"]),
        per_second=round(loaded["requests"] / loaded["seconds"], 1),
        p50_ms=round(loaded["p50_ms"], 1),
        p99_ms=round(loaded["p99_ms"], 1),
    )


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Medians by service and callers."""
    table = [["service", "callers", "requests/s", "spread", "p50", "p99", "refused"]]
    for name, callers in dict.fromkeys((o.system, o.callers) for o in outcomes):
        own = [o for o in outcomes if (o.system, o.callers) == (name, callers)]
        rates = [o.per_second for o in own]
        p50, p99 = median(o.p50_ms for o in own), median(o.p99_ms for o in own)
        row = [SERVICES[name].title, f"{callers:,}", f"{median(rates):,.0f}", spread(rates)]
        table.append([*row, f"{p50:,.0f} ms", f"{p99:,.0f} ms", "0"])
    return table


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Requests per second by callers."""
    rates: dict[str, list[float]] = {}
    for outcome in outcomes:
        rates.setdefault(f"{outcome.callers:,} callers", []).append(outcome.per_second)
    bars = [Bar(name, median(each), min(each), max(each)) for name, each in rates.items()]
    return [Plot("Submitting in a crowd", "requests/s", bars)]


MEASUREMENT = Measurement(
    name="crowd",
    title="A crowd of callers",
    explanation=(
        "`POST /api/tasks/submit` of a `send_email` from 16, 200, 400 and 2,000 connections "
        "at once (wrk) on 2 web processes: each process shares 64 connections to Redis among "
        "its callers, who wait in line for one. A single request that is not accepted would "
        "end the run."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "The two web processes, as above: with more callers each waits longer in line, and "
        "none is refused."
    ),
)
