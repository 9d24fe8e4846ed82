"""Scan one index step by step, as a part of a search.

Owns what the script does not do: compare payloads exactly, and avoid reading most tasks. A small
index is scanned as a whole; hours in which, according to the history, no task of the wanted types
came into the index are skipped. Does not know which indexes a search scans: `pages` chooses them.
"""

import datetime as dt
import math
import operator
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.operators import Match, OperatorScripts, Place
from huey_tasks.records import copies, counts
from huey_tasks.records.statistics import Counts
from huey_tasks.search.query import Query, Term

#: Tasks that are read before payloads are compared and the history is asked: mostly by one call of
#: the script, which takes 4 µs a task, and ends after a millisecond.
LOOK = 250

#: Hours of the history that one jump reads, and the age in hours of the oldest.
HOURS, KNOWN_HOURS = 168, 34 * 24

_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

#: The place before that of every task.
TOP = Place(math.inf, "")


@dataclass(frozen=True)
class Window:
    """The times of submission that a search wants: [from_ms, before_ms), ms since the epoch."""

    from_ms: float = 0.0
    before_ms: float = math.inf

    @classmethod
    def between(cls, after: dt.datetime | None, before: dt.datetime | None) -> "Window":
        """Return the window that begins at `after` and ends before `before`; None is no limit."""
        from_ms = cls.from_ms if after is None else after.timestamp() * 1000
        return cls(from_ms, cls.before_ms if before is None else before.timestamp() * 1000)


@dataclass
class Stream:
    """A scan of one index: how far it came, and the tasks that match."""

    broker: Broker
    index: str
    query: Query
    window: Window
    reached: Place = TOP
    done: bool = False
    looked_at: int = 0
    matches: list[Match] = field(default_factory=list[Match])

    def __post_init__(self) -> None:
        self._scripts = OperatorScripts(self.broker.scripts)
        self._held_hour = -1  # the last hour that may hold tasks of the wanted types
        names_state = self.index.startswith("state:")
        self._conditions = [
            condition
            for condition in self.query.conditions()
            if not (names_state and condition["kind"] == "state")
        ]

    def begin(self, behind: Place) -> None:
        """Begin after the place `behind`, or where the window begins."""
        self.reached = behind
        if self.index == "submitted":
            self.reached = min(behind, Place(self.window.before_ms, ""))

    def look(self, limit: int) -> None:
        """Scan the next tasks, until `limit` of them match or LOOK have been read."""
        found = self._next(limit, self.window.from_ms if self.index == "submitted" else 0.0)
        self.matches += self._exact(found)
        if not found and not self.done and self.query.values("type"):
            self._skip_hours()

    def _next(self, limit: int, oldest: float) -> list[Match]:
        """Return what the script finds among the next LOOK tasks.

        Redis serves others between two calls.
        """
        found, left = list[Match](), LOOK
        while True:
            look = self._scripts.search(
                self.broker.name,
                self.index,
                self.reached,
                self._conditions,
                oldest=oldest,
                look=left,
                want=limit - len(found),
            )
            self.looked_at += look.looked_at
            self.reached, self.done = look.reached, look.done
            found, left = found + look.matches, left - look.looked_at
            if self.done or left <= 0 or len(found) == limit:
                return found

    def _exact(self, matches: list[Match]) -> list[Match]:
        """Keep the matches that also match by what the script does not read, or reads roughly."""
        if self.index != "submitted":
            low, high = self.window.from_ms, self.window.before_ms
            matches = [match for match in matches if low <= match.submitted_ms < high]
        terms = self.query.payload
        if not terms or not matches:
            return matches
        found = copies.messages_of(self.broker, [match.place.id for match in matches])
        payloads = [task_hash.payload_of((message or b"").decode()) for message in found]
        return [m for m, p in zip(matches, payloads, strict=True) if _matches(p, terms)]

    def _skip_hours(self) -> None:
        """Skip the hours in which no task of the wanted types came into this index."""
        name = "SUBMITTED" if self.index == "submitted" else self.index.removeprefix("state:")
        if name in ("dead", "FAILURE"):  # `prune` moves quarantined tasks to a new place
            return
        types = self.query.values("type")
        hour = int(self.reached.score // 3_600_000)
        if hour == self._held_hour:
            return
        oldest = int(time.time() // 3600) - KNOWN_HOURS
        hours = range(hour - 1, max(hour - 1 - HOURS, oldest), -1)
        may_hold = self._may_hold(name, types, (hour, *hours))
        if may_hold[0]:
            self._held_hour = hour
            return
        behind = next((n for n, may in zip(hours, may_hold[1:], strict=True) if may), hours.stop)
        self.reached = min(self.reached, Place((behind + 1) * 3_600_000.0, ""))

    def _may_hold(self, name: str, types: Sequence[str], hours: Sequence[int]) -> list[bool]:
        """Return for each hour whether tasks of these types may have come into the index."""
        counted = counts.hours_of(self.broker, types, name, hours)
        present_hour = counted.minute // 60
        return [
            any(Counts.read(sums).times(name) for sums in found)
            or (any(counted.present) if number == present_hour else not is_kept)
            for number, (found, is_kept) in zip(hours, counted.hours, strict=True)
        ]


class WholeStream(Stream):
    """A scan of a small index as a whole; its matches are in the order of submission."""

    def begin(self, behind: Place) -> None:
        self._behind = behind

    def look(self, limit: int) -> None:
        while not self.done:
            # The score of a failed task that was retried is negative.
            read = self._next(LOOK, oldest=-1e15)
            found = [Match(Place(m.submitted_ms, m.place.id), m.submitted_ms) for m in read]
            self.matches += [match for match in self._exact(found) if match.place < self._behind]


def _matches(payload: dict[str, Any], terms: Iterable[Term]) -> bool:
    """Return whether a payload has one of the wanted values of each field, and nothing unwanted."""
    has_one: dict[tuple[str, ...], bool] = {}
    for term in terms:
        fits = _fits(_at(payload, term.path), term)
        if not term.unwanted and term.comparison is None:
            has_one[term.path] = has_one.get(term.path, False) or fits
        elif fits is term.unwanted:
            return False
    return all(has_one.values())


def _fits(value: Any, term: Term) -> bool:
    if value is ...:
        return False
    if term.comparison is None:
        return task_hash.as_text(value) == term.value
    how, number = term.comparison
    try:
        return _COMPARE[how](float(task_hash.as_text(value)), number)
    except (ValueError, OverflowError):
        return False


def _at(value: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of a payload, also in a list; `...` if there is none."""
    for name in path:
        if isinstance(value, list) and name.isdecimal() and len(name) < 10:
            found = cast(list[Any], value)[int(name) :]
            value = found[0] if found else ...
        elif isinstance(value, dict):
            value = cast(dict[str, Any], value).get(name, ...)
        else:
            return ...
    return value
