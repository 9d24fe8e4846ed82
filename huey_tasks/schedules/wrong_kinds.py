"""What is wrong with a trigger whose parts are no texts, numbers and times, and what to write.

Over HTTP the request is checked before. Python code may hand over whatever it has: the `crontab` of
Celery or Huey, a timedelta, a ZoneInfo, a time without a zone.
"""

import datetime as dt

from huey_tasks.errors import Problem


def wrong_kinds(cron: object, every_s: object, timezone: object) -> list[Problem]:
    """Return a problem for each part that is not None and of no kind that a trigger takes."""
    found = (
        Problem("/cron", "cron", _no_text(cron, "Cron is five fields", "'0 3 * * *'")),
        Problem("/every_s", "every_s", _no_number(every_s)),
        Problem("/timezone", "timezone", _no_zone(timezone)),
    )
    return [each for each in found if each.message]


def time_problem(at: object) -> str:
    """Return why a value is no time with a zone, "" if it is one."""
    if isinstance(at, dt.datetime) and at.utcoffset() is not None:
        return ""
    return "'run_at' is a time with a zone, such as 2026-12-24T18:00:00+01:00."


def _no_text(value: object, what: str, example: str) -> str:
    if value is None or isinstance(value, str):
        return ""
    return f"{what} in a text, such as {example}, and no {type(value).__name__}."


def _no_number(every_s: object) -> str:
    rule = "An interval is a number of seconds"
    if isinstance(every_s, dt.timedelta):
        return f"{rule}; write {every_s.total_seconds():.15g}."
    if isinstance(every_s, str):
        return f"{rule}; write it without quotes."
    if every_s is None or (isinstance(every_s, int | float) and not isinstance(every_s, bool)):
        return ""
    return f"{rule}, and no {type(every_s).__name__}."


def _no_zone(timezone: object) -> str:
    if isinstance(name := getattr(timezone, "key", None), str):  # a ZoneInfo
        return f"A time zone is given by its name; write '{name}'."
    return _no_text(timezone, "A time zone is its name", "'Europe/Berlin'")
