"""What is wrong with a cron expression or the name of a time zone, and what to write instead.

cronsim says only "Bad hour". Owns the search for the term that is wrong, and the sentences; what is
right is decided by cronsim and by the time zone database.
"""

import datetime as dt
import difflib
import re
import zoneinfo
from functools import cache

from cronsim import CronSim, CronSimError

#: Characters of a cron expression.
MAX_CRON = 100

_ALLOWED = re.compile(r"[0-9A-Za-z*/,#-]+")
#: The fields of an expression, and what each takes.
_FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31, L (the last day) or LW (the last weekday)"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of week", "0 to 7 (0 and 7 are Sunday), or SUN to SAT"),
)
_NAMES = ", ".join(name for name, _ in _FIELDS)
#: What other crons have as a name for an expression.
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
#: Names among the time zones that mean something else on each machine.
_NO_ZONES = frozenset({"localtime", "Factory"})
_OFFSET = re.compile(r"(UTC|GMT|Z)?\s*[+-]\s*\d[\d:.]*", re.IGNORECASE)
#: From this likeness on a name counts as a misspelling of another; 1 is the same name.
_ALIKE = 0.75
_LONGEST_ECHO = 40


def cron_problem(cron: str) -> str | None:
    """Return what is wrong with an expression whose fields have one space between them, or None."""
    if cron.startswith("@"):
        return _nickname_problem(cron)
    if len(cron) > MAX_CRON:
        return f"An expression has at most {MAX_CRON} characters."
    fields = cron.split()
    if len(fields) != len(_FIELDS):
        return _number_problem(fields)
    for (name, takes), field in zip(_FIELDS, fields, strict=True):
        for term in field.split(","):
            if not term:
                return f"The {name} {_echo(field)} has nothing beside one of its commas."
            if not _is_possible(term, name):
                return f"{_echo(term)} is no {name}: it takes {takes}{_advice(term, name)}."
    if not _parses(cron):
        return f"It is never due: month {_echo(fields[3])} has no day {_echo(fields[2])}."
    return None


def zone_problem(timezone: str) -> str | None:
    """Return what is wrong with the name of a time zone, with the nearest one, or None."""
    if timezone in _zones():
        return None
    if _OFFSET.fullmatch(timezone.strip()):
        return "An offset is no time zone: write the name of a place, such as Europe/Berlin."
    near = " or ".join(f"'{name}'" for name in _nearest_zones(timezone))
    hint = f"did you mean {near}?" if near else "write one such as 'Europe/Berlin'."
    return f"The IANA database has no time zone {_echo(timezone)}; {hint}"


def _nickname_problem(cron: str) -> str:
    name = cron.lower().strip()
    if name in _NICKNAMES:
        return f"Write '{_NICKNAMES[name]}' instead of {_echo(cron)}."
    if name.startswith("@every"):
        return f"{_echo(cron)} is an interval: use every_s, in seconds, instead of cron."
    return f"{_echo(cron)} is no cron expression; write five fields: {_NAMES}."


def _number_problem(fields: list[str]) -> str:
    number = f", not {len(fields)}" if fields else ""
    problem = f"Five fields are needed{number}: {_NAMES}."
    if len(fields) == len(_FIELDS) + 1:
        return f"{problem} There is no field for seconds: use every_s for less than a minute."
    return problem


def _is_possible(term: str, name: str) -> bool:
    if not _ALLOWED.fullmatch(term):
        return False
    return _parses(" ".join(term if name == each else "*" for each, _ in _FIELDS))


def _parses(cron: str) -> bool:
    try:
        CronSim(cron, dt.datetime(2000, 1, 1)).explain()
    except (CronSimError, ValueError):
        return False
    return True


def _advice(term: str, name: str) -> str:
    """Return more about what is often written; "" if the rule says enough."""
    if term == "?":
        return "; write * for any"
    if "/" in term and term.rpartition("/")[2] == "0":
        return "; a step is 1 or more"
    first, dash, last = term.partition("/")[0].partition("-")
    if dash and _is_possible(first, name) and _is_possible(last, name):
        return "; a range begins with its lower end"
    return ""


def _echo(text: str) -> str:
    shown = text if len(text) <= _LONGEST_ECHO else f"{text[: _LONGEST_ECHO - 1]}…"
    return f"'{shown}'"


def _nearest_zones(timezone: str) -> list[str]:
    """Return the names that differ in case, have this place, or are spelt much like it."""
    asked = timezone.lower().replace(" ", "_")
    names = {name.lower(): name for name in sorted(_zones())}
    if asked in names:
        return [names[asked]]
    place = asked.rpartition("/")[2]
    if same_place := [name for key, name in names.items() if key.rpartition("/")[2] == place]:
        return same_place[:1]
    if "/" in asked:
        near = difflib.get_close_matches(asked, names, n=3, cutoff=_ALIKE)
        near = [key for key in near if _alike(key.rpartition("/")[2], place)]
    else:
        places = {key.rpartition("/")[2]: key for key in names}
        near = [places[key] for key in difflib.get_close_matches(place, places, n=1, cutoff=_ALIKE)]
    return [names[key] for key in near[:1]]


def _alike(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one, other).ratio() >= _ALIKE


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - _NO_ZONES)
