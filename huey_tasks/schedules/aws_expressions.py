"""AWS's schedule expressions as triggers of ours: rate(5 minutes), cron(0 3 * * ? *), at(…).

AWS's cron has six fields, the last a year. Its days of the week are 1 to 7 from Sunday on, ours 0
to 7; its `0/15` begins at 0 and goes to the end of the hour; one of its two day fields is `?`. A
year other than `*`, and `W` beside a number, cannot be served, and are refused with a reason.
"""

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass

from huey_tasks.schedules.trigger_problems import cron_problem, zone_problem

_RATE = re.compile(r"rate\((\d{1,9}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
#: The greatest value of each field; where a step such as 5/10 ends.
_LAST = ("59", "23", "31", "12", "7")
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4


class BadExpression(ValueError):
    """An expression that AWS refuses, or that cannot be served; the text says why."""


@dataclass(frozen=True)
class Plan:
    """When something is due; one of the three is set. `timezone` is that of `cron`."""

    cron: str | None = None
    every_s: float | None = None
    run_at: dt.datetime | None = None
    timezone: str | None = None


def read(expression: str, timezone: str | None = None) -> Plan:
    """Return what an expression means; `timezone` (None: UTC) counts for cron and at.

    Raises BadExpression.
    """
    if timezone is not None and (problem := zone_problem(timezone)) is not None:
        raise BadExpression(problem)
    if found := _RATE.fullmatch(expression):
        number, unit, plural = int(found[1]), found[2], found[3]
        if number < 1 or (number == 1) is bool(plural):
            raise BadExpression(f"{expression}: write rate(1 {unit}), rate(2 {unit}s)")
        return Plan(every_s=number * _SECONDS[unit])
    if found := _CRON.fullmatch(expression):
        return Plan(cron=_five_fields(found[1].split()), timezone=timezone or "UTC")
    if found := _AT.fullmatch(expression):
        zone = dt.UTC if timezone in (None, "UTC") else zoneinfo.ZoneInfo(timezone)
        try:
            local = dt.datetime.fromisoformat(found[1]).replace(tzinfo=zone)
            return Plan(run_at=local.astimezone(dt.UTC))
        except (ValueError, OverflowError) as error:
            raise BadExpression(f"{expression}: {error}") from None
    kinds = "rate(5 minutes), cron(0 8 * * ? *), at(2026-11-28T08:00:00)"
    raise BadExpression(f"'{expression[:64]}' is none of {kinds}")


def write(plan: Plan) -> str:
    """Return an expression for a plan, as AWS writes it."""
    if plan.run_at is not None:
        return f"at({plan.run_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S})"
    if plan.every_s is not None:
        seconds = round(plan.every_s)
        unit = next((unit for unit in ("day", "hour") if seconds % _SECONDS[unit] == 0), "minute")
        number = max(seconds // _SECONDS[unit], 1)
        return f"rate({number} {unit}{'' if number == 1 else 's'})"
    minute, hour, day, month, weekday = (plan.cron or "* * * * *").split()
    weekday = re.sub(r"(?<![#/\d])[0-7]", lambda found: str(int(found[0]) % 7 + 1), weekday)
    if weekday == "*":
        weekday = "?"
    elif day == "*":
        day = "?"
    return f"cron({minute} {hour} {day} {month} {weekday} *)"


def _five_fields(fields: list[str]) -> str:
    if len(fields) != 6:
        raise BadExpression(
            f"cron() has six fields, not {len(fields)}: minutes, hours, day of month, month, "
            "day of week, year"
        )
    *five, year = fields
    if year != "*":
        raise BadExpression(f"the year '{year[:40]}' cannot be served: write * for every year")
    days = five[_DAY_OF_MONTH], five[_DAY_OF_WEEK]
    if "?" not in days:
        raise BadExpression("either the day of month or the day of week must be ?")
    if days == ("?", "?"):
        raise BadExpression("only one of day of month and day of week is ?, the other * or a value")
    cron = " ".join(_field(index, text) for index, text in enumerate(five))
    if (problem := cron_problem(cron)) is not None:
        raise BadExpression(problem)
    return cron


def _field(index: int, text: str) -> str:
    if text == "?" and index in (_DAY_OF_MONTH, _DAY_OF_WEEK):
        return "*"
    return ",".join(_term(index, term) for term in text.split(","))


def _term(index: int, term: str) -> str:
    span, slash, step = term.partition("/")
    if slash and span.isdecimal():
        span = f"{span}-{_LAST[index]}"
    if index == _DAY_OF_WEEK:
        if span == "L":
            span = "7"  # AWS: the last day of the week, Saturday
        span = re.sub(r"(?<![#\d])\d+", lambda found: _weekday(found[0]), span)
    return f"{span}{slash}{step}"


def _weekday(number: str) -> str:
    if not 1 <= int(number) <= 7:
        raise BadExpression(f"the day of week {number[:40]} is not in 1 (Sunday) to 7")
    return str(int(number) - 1)
