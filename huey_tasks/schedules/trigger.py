"""Calculate when a schedule is due: five cron fields in a time zone, an interval, or one time.

Owns the rules of a trigger, its due times and its words; reads neither Redis nor a clock. What is
wrong with one is in `trigger_problems`. cronsim reads cron fields as Debian's cron does, including
daylight saving: a job at set hours runs once, at the end of an hour that is skipped and in the
first of two equal hours; a job at an interval runs in both. Times are ms since the epoch.
"""

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile

from cronsim import CronSim

from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.schedules.trigger_problems import cron_problem, zone_problem
from huey_tasks.schedules.wrong_kinds import time_problem, wrong_kinds

#: Seconds between two due times: a second to a year.
MIN_EVERY_S, MAX_EVERY_S = 1, 31_536_000

#: The year 9999: times before it have a year of four digits in every time zone.
LATEST_MS = 253_370_764_800_000

#: The most due times that one late run counts as missed: a week of minutes.
MOST_MISSED = 10_000

#: A step of minutes, such as "*/5"; "*/7" matches too, but does not divide the hour.
_EVERY_FEW_MINUTES = re.compile(r"\*/([2-9]|[1-5]\d) \* \* \* \*")
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True)
class Trigger:
    """The due times: of `cron` in `timezone`, or `start_ms` + n * `every_ms`, from n = 1 on.

    With neither, it is due once, at `start_ms`.
    """

    cron: str | None
    every_ms: int | None
    timezone: str
    start_ms: int

    @classmethod
    def of(
        cls, cron: str | None, every_s: float | None, timezone: str | None, start_ms: int
    ) -> "Trigger":
        """Return the trigger of a request. Raises InvalidQuery, which names each wrong field."""
        if problems := wrong_kinds(cron, every_s, timezone):
            raise InvalidQuery(problems)
        if (cron is None) is (every_s is None):
            rule = "One of cron (five fields), every_s (seconds) and run_at (a time) is needed"
            rule += "." if cron is None else ", not two."
            raise InvalidQuery([Problem("/cron", "cron_or_every_s", rule)])
        if cron is None:
            return cls._every(every_s or 0, timezone, start_ms)
        problems = [] if timezone is None else list(_zone_problems(timezone))
        trigger = cls(" ".join(cron.split()), None, timezone or "UTC", start_ms)
        problems += _cron_problems(trigger.cron or "")
        if not problems and not trigger.after(start_ms):
            problems = [Problem("/cron", "never", "It is never due in the next 50 years.")]
        if problems:
            raise InvalidQuery(problems)
        return trigger

    @classmethod
    def once(cls, at: dt.datetime, after_ms: int) -> "Trigger":
        """Return the trigger that is due once. Raises InvalidQuery unless that is in time."""
        if rule := time_problem(at):
            raise InvalidQuery([Problem("/run_at", "time", rule)])
        ms = round(at.timestamp() * 1000)
        if not after_ms < ms < LATEST_MS:
            rule = "It is never due: a time to come is needed, before the year 9999."
            raise InvalidQuery([Problem("/run_at", "never", rule)])
        return cls(None, None, "UTC", ms)

    @classmethod
    def _every(cls, every_s: float, timezone: str | None, start_ms: int) -> "Trigger":
        problems: list[Problem] = []
        if not MIN_EVERY_S <= every_s <= MAX_EVERY_S:
            rule = f"An interval has {MIN_EVERY_S} to {MAX_EVERY_S:,} seconds, a year."
            problems.append(Problem("/every_s", "every_s", rule))
        if timezone is not None and timezone != "UTC":
            rule = "Only cron takes a time zone; an interval is the same in all of them."
            problems.append(Problem("/timezone", "cron_only", rule))
        if problems:
            raise InvalidQuery(problems)
        return cls(None, round(every_s * 1000), "UTC", start_ms)

    @property
    def is_once(self) -> bool:
        """Whether it is due at one time only."""
        return self.cron is None and self.every_ms is None

    def after(self, ms: int, number: int = 1) -> tuple[int, ...]:
        """Return the next due times after `ms`. Raises InvalidQuery for an unknown time zone."""
        if self.every_ms is not None:
            first = max((ms - self.start_ms) // self.every_ms, 0) + 1
            return tuple(self.start_ms + n * self.every_ms for n in range(first, first + number))
        if self.cron is None:
            return (self.start_ms,) if ms < self.start_ms else ()
        return _cron_after(self.cron or "", self.timezone, ms, number)

    def passed(self, due_ms: int, now_ms: int) -> int:
        """Return how many due times are after `due_ms`, up to now; at most MOST_MISSED."""
        if now_ms <= due_ms:
            return 0
        if self.every_ms is not None:
            return min((now_ms - due_ms) // self.every_ms, MOST_MISSED)
        if self.cron is None:
            return 0
        times = _cron_times(self.cron or "", self.timezone, due_ms)
        return sum(1 for _ in islice(takewhile(lambda ms: ms <= now_ms, times), MOST_MISSED))

    @property
    def words(self) -> str:
        """The trigger in words, such as "Every 5 minutes"."""
        if self.cron is not None:
            return _cron_words(self.cron)
        if self.every_ms is None:
            at = dt.datetime.fromtimestamp(self.start_ms / 1000, dt.UTC)
            return f"Once, at {at:%Y-%m-%d %H:%M:%S} UTC"
        for unit, seconds in _UNITS:
            number, rest = divmod(self.every_ms, seconds * 1000)
            if not rest:
                return f"Every {unit}" if number == 1 else f"Every {number:,} {unit}s"
        return f"Every {self.every_ms / 1000:,g} seconds"


@lru_cache(4096)  # lists of schedules are read often, and their due times change rarely
def _cron_after(cron: str, timezone: str, ms: int, number: int) -> tuple[int, ...]:
    return tuple(islice(_cron_times(cron, timezone, ms), number))


def _cron_times(cron: str, timezone: str, ms: int) -> "filter[int]":
    """Return all due times after `ms`, in ascending order."""
    start = dt.datetime.fromtimestamp(ms / 1000, _zone(timezone))
    # If `ms` is in the second of two equal hours, cronsim repeats times of the first.
    return filter(lambda at: at > ms, (round(at.timestamp() * 1000) for at in CronSim(cron, start)))


@lru_cache(4096)
def _cron_words(cron: str) -> str:
    minutes = _EVERY_FEW_MINUTES.fullmatch(cron)
    if minutes and 60 % int(minutes[1]) == 0:
        return f"Every {minutes[1]} minutes"  # cronsim: "Every fifth minute of every hour"
    return CronSim(cron, dt.datetime(2000, 1, 1)).explain()


def _cron_problems(cron: str) -> list[Problem]:
    problem = cron_problem(cron)
    return [] if problem is None else [Problem("/cron", "cron", problem)]


def _zone(timezone: str) -> dt.tzinfo:
    if timezone == "UTC":
        return dt.UTC
    if problems := _zone_problems(timezone):
        raise InvalidQuery(problems)
    return zoneinfo.ZoneInfo(timezone)


def _zone_problems(timezone: str) -> list[Problem]:
    problem = zone_problem(timezone)
    return [] if problem is None else [Problem("/timezone", "timezone", problem)]
