"""The options of one submit: tags, when the task may start, when it expires."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huey.api import Task
from huey.utils import utcnow

from huey_tasks.broker.protocol import NewTask
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.submission.tags import checked_tags

#: Seconds. The longest delay, and the longest time within which a task must start.
YEAR_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """The options of one submit.

    `tags`: up to ten words by which a search finds the task. `delay_s`: seconds until it may start,
    up to a year; or `run_at`: that time, with a time zone; a time in the past means now.
    `expires_in_s`: seconds from now within which it must start, or it ends as EXPIRED.
    """

    tags: Sequence[str] = ()
    delay_s: float | None = None
    run_at: dt.datetime | None = None
    expires_in_s: float | None = None

    @classmethod
    def of(
        cls,
        tags: Sequence[str] = (),
        delay: float | None = None,
        run_at: dt.datetime | None = None,
        expires_in: float | None = None,
    ) -> "SubmitOptions":
        """Return the options with those values; NO_OPTIONS if nothing is asked for."""
        if not tags and delay is None and run_at is None and expires_in is None:
            return NO_OPTIONS
        return cls(tags, delay, run_at, expires_in)

    def checked(self) -> "CheckedOptions":
        """Return them in their stored form. Raises InvalidQuery, which names each wrong option."""
        wrong = [*self._wrong_delay(), *self._wrong_expiry()]
        if wrong:
            raise InvalidQuery(wrong)
        delay_s = self.delay_s or 0.0
        if self.run_at is not None:
            left = self.run_at - dt.datetime.now(dt.UTC)
            delay_s = max(left.total_seconds(), 0.0)
            if delay_s > YEAR_S:
                raise InvalidQuery([Problem("/run_at", "too_late", "'run_at' is within a year.")])
        if self.expires_in_s is not None and self.expires_in_s <= delay_s:
            rule = "The task would expire before it may start: 'expires_in' counts from now."
            raise InvalidQuery([Problem("/expires_in", "too_early", rule)])
        return CheckedOptions(checked_tags(self.tags), delay_s, self.expires_in_s or 0.0)

    def _wrong_delay(self) -> list[Problem]:
        if self.delay_s is not None and self.run_at is not None:
            return [Problem("/run_at", "conflict", "Give 'delay' or 'run_at', not both.")]
        if self.delay_s is not None and not _is_number(self.delay_s, 0):
            rule = f"'delay' is a number of seconds from 0 to {YEAR_S:,}.".replace(",", "_")
            return [Problem("/delay", "number", rule)]
        if self.run_at is not None and not _has_zone(self.run_at):
            rule = "'run_at' is a time with a zone, such as 2026-12-24T18:00:00+01:00."
            return [Problem("/run_at", "time", rule)]
        return []

    def _wrong_expiry(self) -> list[Problem]:
        if self.expires_in_s is None or _is_number(self.expires_in_s, 0.001):
            return []
        rule = f"'expires_in' is a number of seconds from 0.001 to {YEAR_S:,}.".replace(",", "_")
        return [Problem("/expires_in", "number", rule)]


@dataclass(frozen=True, slots=True)
class CheckedOptions:
    """The same as they are stored; times in seconds from now, 0 for none."""

    tags: str
    delay_s: float
    expires_in_s: float

    def apply_to(self, new: NewTask) -> NewTask:
        """Return the task with these options; one that expires keeps its type's time otherwise."""
        expires_ms = round(self.expires_in_s * 1000) or new.expires_ms
        return new._replace(
            tags=self.tags, delay_ms=round(self.delay_s * 1000), expires_ms=expires_ms
        )

    def apply_to_huey(self, task: Task) -> None:
        """Set them on a task that Huey enqueues."""
        task.tags = self.tags
        if self.delay_s:
            task.eta = utcnow() + dt.timedelta(seconds=self.delay_s)
        if self.expires_in_s:
            task.expires = self.expires_in_s


NO_OPTIONS = SubmitOptions()


def _is_number(value: Any, least: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and least <= value <= YEAR_S


def _has_zone(value: object) -> bool:
    return isinstance(value, dt.datetime) and value.utcoffset() is not None
