"""Read the history of the last minutes, hours or days from Redis, one point a step.

Owns the keys that hold each span. The counts of the current minute are not in them yet and are
added here. `records.statistics` says what the numbers mean; `keys.noted` and `keys.history` say
how they are stored.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.scripts.operators import OperatorScripts
from huey_tasks.records.statistics import Counts, Point, Totals, point, totals

#: Milliseconds of each unit of time, the longest first; `fold` in history.lua has the same.
UNITS_MS = {"day": 86_400_000, "hour": 3_600_000, "quarter": 900_000, "minute": 60_000}

#: The name of all task types together.
ALL_TYPES = ""


class Span(StrEnum):
    """How far a history goes back."""

    QUARTER_HOUR = "15m"  # by the minute
    HOUR = "1h"  # by the minute
    DAY = "24h"  # by the quarter of an hour
    WEEK = "7d"  # by the hour
    MONTH = "30d"  # by the day


#: The unit of each span, and its number of complete steps; the current step comes on top.
_STEPS = {
    Span.QUARTER_HOUR: ("minute", 15),
    Span.HOUR: ("minute", 60),
    Span.DAY: ("quarter", 96),
    Span.WEEK: ("hour", 168),
    Span.MONTH: ("day", 30),
}


@dataclass(frozen=True)
class Series:
    """Points without gaps, the oldest first, and their totals."""

    points: tuple[Point, ...]
    totals: Totals


@dataclass(frozen=True)
class QueueSeries(Series):
    """The series of one queue."""

    queue: str


@dataclass(frozen=True)
class TypeTotals:
    """The totals of one task type."""

    task_type: str
    totals: Totals


@dataclass(frozen=True)
class History:
    """The history of some queues from `since` to `until`; nothing is counted after `now`."""

    span: Span
    step_s: float
    since: dt.datetime
    until: dt.datetime
    now: dt.datetime
    all: Series
    queues: tuple[QueueSeries, ...]
    types: tuple[TypeTotals, ...]


class Place(NamedTuple):
    """One minute, quarter, hour or day: which unit, and its number since the epoch."""

    unit: str
    number: int


@dataclass(frozen=True)
class Window:
    """The steps of a span that ends now: numbers of a unit, from `first` to `last`."""

    unit: str
    first: int
    last: int
    now_ms: float

    @classmethod
    def of(cls, span: Span, now_ms: float) -> "Window":
        """Return the window of a span that ends at `now_ms`."""
        unit, steps = _STEPS[span]
        last = int(now_ms // UNITS_MS[unit])
        return cls(unit, last - steps, last, now_ms)

    @property
    def step_ms(self) -> int:
        return UNITS_MS[self.unit]

    def seconds(self, since_ms: float | None) -> float:
        """Return the seconds of the window up to now; none before `since_ms` are counted."""
        begin_ms = max(self.first * self.step_ms, since_ms or 0)
        return max(self.now_ms - begin_ms, 0) / 1000

    def steps(self) -> list[Place]:
        """Return the steps of the window, the oldest first."""
        return [Place(self.unit, number) for number in range(self.first, self.last + 1)]

    def whole(self) -> list[Place]:
        """Return the window in the longest units that fit, to read as few keys as possible.

        The last may end after the window: nothing is counted yet for that time.
        """
        places, end_ms = list[Place](), (self.last + 1) * self.step_ms
        at_ms = self.first * self.step_ms
        while at_ms < end_ms:
            unit = next(unit for unit, ms in UNITS_MS.items() if at_ms % ms == 0)
            places.append(Place(unit, at_ms // UNITS_MS[unit]))
            at_ms += UNITS_MS[unit]
        return places

    def step_of(self, at_ms: int) -> int | None:
        """Return the step of a time, counted from 0; None if it is outside the window."""
        step = at_ms // self.step_ms - self.first
        return step if 0 <= step <= self.last - self.first else None


class _Found:
    """The counts of one queue in a window, by step and by type."""

    def __init__(self, broker: Broker, window: Window, task_type: str | None) -> None:
        wanted = ALL_TYPES if task_type is None else task_type
        wholes = window.whole() if task_type is None else []
        scripts = OperatorScripts(broker.scripts)
        noted, singles, whole, self.since_ms = scripts.history(
            broker.name, wanted, window.steps(), wholes
        )
        self.steps = [Counts.read(sums) for sums in singles]
        self.types: dict[str, Counts] = {}
        for name, sums in (pair for place in whole for pair in place.items()):
            self._of(name).add(Counts.read(sums))
        self._add_present(noted, window, wanted)
        # Summing the few longer units is cheaper than summing the many steps.
        self.whole = self.types.pop(ALL_TYPES, Counts())
        if task_type is not None:
            self.whole = summed(self.steps)
            self.types = {task_type: self.whole}

    def _of(self, name: str) -> Counts:
        return self.types.setdefault(name, Counts())

    def _add_present(self, noted: Mapping[str, int], window: Window, wanted: str) -> None:
        step = window.step_of(noted.get("minute", -1) * UNITS_MS["minute"])
        if step is None:
            return
        for name, number in noted.items():
            task_type, bar, what = name.rpartition("|")
            if not bar:
                continue
            counts = Counts({what: number})
            self._of(task_type).add(counts)
            if task_type != ALL_TYPES:
                self._of(ALL_TYPES).add(counts)
            if wanted in (ALL_TYPES, task_type):
                self.steps[step].add(counts)


def read(brokers: Brokers, span: Span, *, task_type: str | None = None) -> History:
    """Read the history of these queues, of one task type if given. Raises QueueUnavailable."""
    now_ms = brokers.now_ms()
    window = Window.of(span, now_ms)
    found = {name: _Found(broker, window, task_type) for name, broker in brokers.items()}
    every = [summed(steps) for steps in zip(*(one.steps for one in found.values()), strict=True)]
    whole = summed(one.whole for one in found.values())
    since_ms = _first(found.values())
    return History(
        span=span,
        step_s=window.step_ms / 1000,
        since=task_hash.from_ms(window.first * window.step_ms),
        until=task_hash.from_ms((window.last + 1) * window.step_ms),
        now=task_hash.from_ms(now_ms),
        all=_series(every, whole, window, since_ms),
        queues=tuple(
            QueueSeries(queue=name, **vars(_series(one.steps, one.whole, window, one.since_ms)))
            for name, one in found.items()
        ),
        types=_types(found.values(), window),
    )


def summed(parts: Iterable[Counts]) -> Counts:
    """Return the sum of counts."""
    whole = Counts()
    for part in parts:
        whole.add(part)
    return whole


def _first(found: Iterable[_Found]) -> float | None:
    """Return the time of the first count of any queue, in ms since the epoch; None for no count."""
    return min((one.since_ms for one in found if one.since_ms is not None), default=None)


def _series(steps: list[Counts], whole: Counts, window: Window, since_ms: float | None) -> Series:
    times = [task_hash.from_ms(place.number * window.step_ms) for place in window.steps()]
    points = [
        point(counts, at, partial=number == window.last)
        for number, (counts, at) in enumerate(zip(steps, times, strict=True), window.first)
    ]
    return Series(tuple(points), totals(whole, window.seconds(since_ms)))


def _types(found: Collection[_Found], window: Window) -> tuple[TypeTotals, ...]:
    """Return the totals of each type, the busiest first."""
    types: dict[str, Counts] = {}
    for one in found:
        for name, counts in one.types.items():
            types.setdefault(name, Counts()).add(counts)
    seconds = window.seconds(_first(found))
    listed = [TypeTotals(name, totals(counts, seconds)) for name, counts in types.items()]
    return tuple(sorted(listed, key=lambda one: (-one.totals.per_s, one.task_type)))
