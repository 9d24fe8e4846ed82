"""Growth: what the verbs take with 10, 10,000 and a million tasks in the queue, or `--tasks`.

Every size has a Redis and a client of its own, and they are asked in turn call by call: what
else the machine does meets them alike, so the ratios hold where the times do not.
"""

import contextlib
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.driver import Driver
from benchmarks.measurements.measurement import Measurement, Options, Plot
from benchmarks.measurements.memory import used_bytes
from benchmarks.measurements.slowlog import SLOW_MS, filler, slow_commands, watch
from benchmarks.private_redis import PrivateRedis
from benchmarks.systems.system import Place

FEW, SOME, MANY, MANY_QUICK = 10, 10_000, 1_000_000, 100_000

#: Calls of each verb in each case; the largest scripts run in one of 10 rounds.
CALLS, LARGE_EVERY = 300, 10

#: Tasks whose memory is extrapolated from what was measured: too many for most machines to try.
EXTRAPOLATED = 10_000_000

#: How many times as slow as with 10,000 tasks a verb may be with the most.
GOAL = 1.2


@dataclass(frozen=True)
class Outcome:
    """One verb in one case."""

    case: str  # such as "1,000,000 waiting"
    verb: str
    calls: int
    p50_ms: float
    ratio: float  # to ten tasks waiting, in the same rounds
    redis_us: float  # processor time of Redis, p50
    redis_ratio: float
    bytes_per_task: float  # of Redis, with index entries and, where finished, results
    slow: int  # commands in SLOWLOG during the rounds
    slowest: Sequence[str]  # of them: milliseconds, first words


@dataclass(frozen=True)
class _Case:
    """A Redis with so much in it."""

    name: str
    redis: PrivateRedis
    driver: Driver
    bytes_per_task: float


def measure(names: Sequence[str], options: Options) -> Iterator[Outcome]:
    """Measure what waits at three sizes; then let the most of it be finished and measure again."""
    many = options.tasks or (MANY_QUICK if options.quick else MANY)
    with contextlib.ExitStack() as stack:
        cases = [stack.enter_context(_case(count)) for count in (FEW, SOME, many)]
        yield from _compare(cases)
        last = cases[-1]
        base = used_bytes(last.redis) - last.bytes_per_task * many
        _load(last.redis, last.driver, do="finish", count=many - FEW)
        each = (used_bytes(last.redis) - base) / many
        finished = _Case(f"{many:,} finished", last.redis, last.driver, each)
        yield from _compare([cases[0], finished])


@contextlib.contextmanager
def _case(count: int) -> Generator[_Case]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-growth-") as name,
        PrivateRedis(Path(name), appendfsync="always") as redis,
    ):
        place = Place(redis, Path(name))
        with Driver(filler(place), place.folder / "driver.log") as driver:
            # A rewrite of the file would fork in the middle of one case and not of the others.
            redis.client().config_set("auto-aof-rewrite-percentage", 0)
            driver.ask(do="rounds", count=2)  # what there is only once: scripts, indexes, counters
            base = used_bytes(redis)
            _load(redis, driver, do="fill", count=count)
            yield _Case(f"{count:,} waiting", redis, driver, (used_bytes(redis) - base) / count)


def _load(redis: PrivateRedis, driver: Driver, *, do: str, count: int) -> None:
    """Let the driver write much, without the fsync after each command."""
    redis.client().config_set("appendfsync", "no")
    driver.ask(do=do, count=count)
    redis.client().config_set("appendfsync", "always")


#: (milliseconds, microseconds of Redis) of each call, by verb.
_Took = dict[str, list[tuple[float, float]]]


def _compare(cases: Sequence[_Case]) -> Iterator[Outcome]:
    """Time the verbs in each case in turn; the first is what the others are compared with."""
    took: list[_Took] = [{} for _ in cases]
    for case in cases:
        case.driver.ask(do="rounds", count=10)
        watch(case.redis)
    for number in range(CALLS):
        for case, own in zip(cases, took, strict=True):
            timings = case.driver.ask(do="rounds", count=1)
            if number % LARGE_EVERY == 0:
                timings |= case.driver.ask(do="large")
            for verb, pairs in timings.items():
                own.setdefault(verb, []).extend((ms, us) for ms, us in pairs)
    for case, own in zip(cases, took, strict=True):
        slow = slow_commands(case.redis)
        for verb in own:
            yield _outcome(case, verb, own, took[0], slow)


def _outcome(case: _Case, verb: str, own: _Took, few: _Took, slow: Sequence[str]) -> Outcome:
    ms, us = (median(pair[i] for pair in own[verb]) for i in (0, 1))
    few_ms, few_us = (median(pair[i] for pair in few[verb]) for i in (0, 1))
    return Outcome(
        case=case.name,
        verb=verb,
        calls=len(own[verb]),
        p50_ms=round(ms, 3),
        ratio=round(ms / few_ms, 3),
        redis_us=round(us, 1),
        redis_ratio=round(us / few_us, 3),
        bytes_per_task=round(case.bytes_per_task, 1),
        slow=len(slow),
        slowest=tuple(slow[:3]),
    )


def rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """A row for each verb, a column for each case; below them memory and SLOWLOG.

    The last column says how many times as long a verb takes with the most that waits as with the
    case before it, 10,000.
    """
    cases = by_case(outcomes)
    waiting = [case for case in cases if case[0].case.endswith(" waiting")][:3]
    table = [["", *(case[0].case for case in cases), _compared(waiting)]]
    for verb in dict.fromkeys(outcome.verb for outcome in outcomes):
        found = [_of(case, verb) for case in cases]
        grown = [_of(case, verb) for case in waiting[-2:]]
        row = [verb, *(f"{o.p50_ms:,.2f} ms ({o.ratio:.2f} x)" for o in found)]
        table.append([*row, _ratio(grown[0].p50_ms, grown[-1].p50_ms)])
        row = [f"{verb}, CPU of Redis"]
        row += [f"{o.redis_us:,.0f} µs ({o.redis_ratio:.2f} x)" for o in found]
        table.append([*row, _ratio(grown[0].redis_us, grown[-1].redis_us)])
    # Ten tasks say nothing of what grows by doubling.
    few = f"{FEW} waiting"
    sizes = ["" if case[0].case == few else f"{case[0].bytes_per_task:,.0f} B" for case in cases]
    table.append(["memory of Redis a task", *sizes, ""])
    table.append([f"of {EXTRAPOLATED:,}, extrapolated", *map(_extrapolated, cases), ""])
    table.append([f"commands over {SLOW_MS} ms", *(str(case[0].slow) for case in cases), ""])
    return table


def _of(case: Sequence[Outcome], verb: str) -> Outcome:
    return next(outcome for outcome in case if outcome.verb == verb)


def _compared(waiting: Sequence[Sequence[Outcome]]) -> str:
    """The head of the last column, such as "1,000,000 beside 10,000"."""
    few, many = (case[0].case.removesuffix(" waiting") for case in (waiting[-2], waiting[-1]))
    return f"{many} beside {few} (goal {GOAL} x)"


def _ratio(few: float, many: float) -> str:
    return f"{many / few:.2f} x"


def _extrapolated(case: Sequence[Outcome]) -> str:
    """What EXTRAPOLATED tasks would take by the bytes of each, GiB; "" where there are too few."""
    if case[0].case == f"{FEW} waiting":
        return ""
    return f"{case[0].bytes_per_task * EXTRAPOLATED / 2**30:.1f} GiB"


def by_case(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """The outcomes of each case, as they were measured; the first stands there twice."""
    cases = list[list[Outcome]]()
    for outcome in outcomes:
        if not cases or cases[-1][0].case != outcome.case:
            cases.append([])
        cases[-1].append(outcome)
    return cases


def plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """None: the ratios are all near 1."""
    return []


MEASUREMENT = Measurement(
    name="growth",
    title="Growth",
    explanation=(
        "p50 of Duckline's verbs with 10, 10,000 and 1,000,000 (quick run 100,000) tasks in one "
        "queue, and in brackets the ratio to 10 tasks. Redis as `make run` starts it "
        "(`appendfsync always`). Each size has a Redis and a client of its own, all asked in turn "
        "call by call, 300 times. Then all but ten of the many are finished "
        "with results, and they are compared with the ten once more. *Claim* commits a task and "
        "claims the next; *submit of 100* and *step of 128* are the largest scripts that the "
        "engine sends. The last column compares the most that waits with 10,000. What ten "
        "million tasks would take of memory is extrapolated from the bytes measured for each, "
        "not tried; `--tasks` tries any number. The last row counts what SLOWLOG held afterwards."
    ),
    systems=("duckline",),
    outcome=Outcome,
    measure=measure,
    rows=rows,
    plots=plots,
    limit=(
        "The depth of Redis' sorted sets, which grows with the logarithm of the number of tasks."
    ),
)
