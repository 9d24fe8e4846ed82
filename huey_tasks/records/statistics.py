"""What was counted in some time, and what follows from it: totals, rates, percentiles.

Waits, run times and imports are counted in buckets, four to each doubling of milliseconds, so a
percentile is off by less than a fifth. Asks Redis nothing; which times are asked for is
`history`'s.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from huey_tasks.broker.states import TERMINAL

#: What is not a sum but the most that was seen.
_MOST = "oldest"

#: The names of the buckets of each kind, by their number.
BUCKETS = {
    kind: tuple(f"{kind}.{number}" for number in range(128)) for kind in ("wait", "run", "init")
}

_PARTS = (0.5, 0.95, 0.99)


class Percentiles(NamedTuple):
    """Seconds; None when nothing was counted."""

    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None


class Counts:
    """How often what happened in some time; grows by `add`."""

    def __init__(self, numbers: Mapping[str, int] | None = None) -> None:
        self.numbers = dict(numbers or {})

    @classmethod
    def read(cls, sums: bytes | None) -> "Counts":
        """Read the JSON of a history; nothing was counted if there is none."""
        return cls(json.loads(sums) if sums is not None else None)

    def add(self, more: "Counts") -> None:
        """Add the counts of `more`."""
        numbers = self.numbers
        most = max(numbers.get(_MOST, -1), more.numbers.get(_MOST, -1))
        if not numbers:
            numbers.update(more.numbers)
            return
        for what, number in more.numbers.items():
            numbers[what] = numbers.get(what, 0) + number
        if most >= 0:
            numbers[_MOST] = most

    def times(self, what: str) -> int:
        """Return how often `what` was counted."""
        return self.numbers.get(what, 0)

    @property
    def oldest_waiting_s(self) -> float | None:
        """The longest wait of a task that still waited; None when none was seen to wait."""
        most = self.numbers.get(_MOST)
        return None if most is None else most / 1000

    def percentiles(self, what: str) -> Percentiles:
        """Return the percentiles of "wait", "run" or "init"."""
        numbers = self.numbers
        names = BUCKETS[what]
        buckets = [(at, numbers[name]) for at, name in enumerate(names) if name in numbers]
        return Percentiles(*_percentiles(buckets)) if buckets else Percentiles()


def edges_ms(bucket: int) -> tuple[float, float]:
    """From which time on, and before which, a time is in a bucket; `bucket` in counting.lua."""
    return (0.0 if bucket == 0 else 2 ** ((bucket - 1) / 4)), 2 ** (bucket / 4)


def _percentiles(buckets: list[tuple[int, int]]) -> list[float]:
    """Return the time of each rank in seconds, as if times filled their buckets evenly."""
    total = sum(number for _, number in buckets)
    found, ranks, before = list[float](), [total * part for part in _PARTS], 0
    for bucket, number in buckets:
        while len(found) < len(ranks) and ranks[len(found)] <= before + number:
            low, high = edges_ms(bucket)
            found.append((low + (high - low) * (ranks[len(found)] - before) / number) / 1000)
        before += number
    return found


@dataclass(frozen=True)
class Numbers:
    """What was counted: tasks by how they ended, times in seconds."""

    submitted: int
    succeeded: int
    failed: int
    retried: int
    revoked: int
    expired: int
    wait_p50_s: float | None
    wait_p95_s: float | None
    wait_p99_s: float | None
    run_p50_s: float | None
    run_p95_s: float | None
    run_p99_s: float | None


@dataclass(frozen=True)
class Point(Numbers):
    """One step of time; the last one is `partial`: it is not over."""

    at: dt.datetime
    partial: bool
    oldest_waiting_s: float | None


@dataclass(frozen=True)
class Totals(Numbers):
    """A whole span. `per_s`: tasks that ended; `failure_rate`: of those that ran to their end.

    The time before the first count does not lower `per_s`: nothing was there to end.
    `cold_starts`: attempts of functions in new processes; `init_…`: how long their imports took.
    """

    per_s: float
    failure_rate: float | None
    cold_starts: int
    init_p50_s: float | None
    init_p95_s: float | None


@dataclass(frozen=True)
class LastMinute:
    """What ended in the last full minute; of a younger queue since its first count.

    `seconds`: how long that was. `per_s`: tasks that ended. `failed` of `done` that ran to their
    end failed. `per_s_before`: the minute before, None if less than that is known.
    """

    seconds: float
    done: int
    failed: int
    per_s: float
    failure_rate: float | None
    per_s_before: float | None


def last_minute(numbers: Mapping[str, int]) -> LastMinute:
    """Return the last minute from `stats.lua`: `minute_ms`, ends in it, and ends before it."""
    ends: dict[str, int] = {state: numbers[f"minute.{state}"] for state in TERMINAL}
    done, seconds = ends["SUCCESS"] + ends["FAILURE"], max(numbers["minute_ms"] / 1000, 1.0)
    before = [numbers[f"before.{state}"] for state in TERMINAL if f"before.{state}" in numbers]
    return LastMinute(
        seconds=seconds,
        done=done,
        failed=ends["FAILURE"],
        per_s=sum(ends.values()) / seconds,
        failure_rate=ends["FAILURE"] / done if done else None,
        per_s_before=sum(before) / 60 if before else None,
    )


def point(counts: Counts, at: dt.datetime, *, partial: bool) -> Point:
    """Return the point for the counts of one step."""
    oldest_s = counts.oldest_waiting_s
    return Point(**vars(_numbers(counts)), at=at, partial=partial, oldest_waiting_s=oldest_s)


def totals(counts: Counts, seconds: float) -> Totals:
    """Return the totals of `counts` over `seconds`; less than 1 counts as 1."""
    numbers = _numbers(counts)
    done = numbers.succeeded + numbers.failed
    ended = done + numbers.revoked + numbers.expired
    rate = numbers.failed / done if done else None
    init = counts.percentiles("init")
    return Totals(
        **vars(numbers),
        per_s=ended / max(seconds, 1.0),
        failure_rate=rate,
        cold_starts=counts.times("cold"),
        init_p50_s=init.p50_s,
        init_p95_s=init.p95_s,
    )


def _numbers(counts: Counts) -> Numbers:
    wait, run = counts.percentiles("wait"), counts.percentiles("run")
    return Numbers(
        submitted=counts.times("SUBMITTED"),
        succeeded=counts.times("SUCCESS"),
        failed=counts.times("FAILURE"),
        retried=counts.times("RETRY"),
        revoked=counts.times("REVOKED"),
        expired=counts.times("EXPIRED"),
        wait_p50_s=wait.p50_s,
        wait_p95_s=wait.p95_s,
        wait_p99_s=wait.p99_s,
        run_p50_s=run.p50_s,
        run_p95_s=run.p95_s,
        run_p99_s=run.p99_s,
    )
