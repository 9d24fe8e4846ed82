"""Limits as code declares them.

    @task(limits={"concurrency": 5, "rate": "100/m", "by": "customer"})

They are checked when the module is imported: a wrong one is refused in one line with the user's
file and line, and what to write instead.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, TypedDict, cast

from huey_tasks.declaration.number import Number, shown
from huey_tasks.declaration.options import nearest
from huey_tasks.errors import InvalidTaskType
from huey_tasks.limits.checks import MOST, OF_BREAKER, problems
from huey_tasks.records.type_limits import Breaker, TypeLimits


class BreakerRules(TypedDict, total=False):
    """When tasks are held back because too many fail, and how they are let go: `Breaker`."""

    failures: float
    of: int
    within_s: float
    pause_s: float
    tries: int


class Limits(TypedDict, total=False):
    """How many tasks of a type run at a time, and how many start within a time.

    `rate`: a number and a time, "100/m", of s, m, h, d or "5/10s". `by`: a parameter of the
    function: each value of it has the limits to itself. `breaker`: {} takes all its defaults.
    `fair_by`: a parameter whose values take turns.
    """

    concurrency: int
    rate: str
    by: str
    breaker: BreakerRules
    fair_by: str


_RATE = re.compile(r"([0-9]{1,7})\s*/\s*([0-9]{0,5})\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CONCURRENCY = Number(1, MOST, whole=True)
_NAMES = tuple(Limits.__annotations__)


def read(limits: object, parameters: Collection[str], type_name: str, place: str) -> TypeLimits:
    """Return the limits of a type. Raises InvalidTaskType with `place` for what cannot work."""
    try:
        return _read(limits, parameters)
    except ValueError as why:
        raise InvalidTaskType(f"limits of task type '{type_name}': {why}", place) from None


def _read(limits: object, parameters: Collection[str]) -> TypeLimits:
    if not isinstance(limits, Mapping) or not limits:
        example = "{'concurrency': 5, 'rate': '100/m'}"
        raise ValueError(f"limits={shown(limits)} is not right: it takes a dict such as {example}")
    given = cast(Mapping[Any, Any], limits)
    _check_names(given, _NAMES, "limit")
    concurrency, by = given.get("concurrency"), given.get("by")
    if "concurrency" in given and (why := _CONCURRENCY.problem(concurrency)):
        raise ValueError(f"concurrency={shown(concurrency)} is not right: {why}")
    for name in ("by", "fair_by"):
        if name in given and given[name] not in parameters:
            _refuse_field(name, given[name], parameters)
    rate, per_s = _rate(given["rate"]) if "rate" in given else (None, 1.0)
    breaker = _breaker(given["breaker"]) if "breaker" in given else None
    found = TypeLimits(concurrency, rate, per_s, by, breaker, fair_by=given.get("fair_by"))
    for problem in problems(found):
        raise ValueError(problem.message)
    return found


def _refuse_field(name: str, field: object, parameters: Collection[str]) -> None:
    near = nearest(field, parameters) or f"; its parameters are {', '.join(parameters) or 'none'}"
    rule = f"it takes a parameter of the function{near}"
    raise ValueError(f"{name}={shown(field)} is not right: {rule}")


def _check_names(given: Mapping[Any, Any], known: Collection[str], what: str) -> None:
    for name in given:
        if name not in known:
            near = nearest(name, known) or f"; there are {', '.join(known)}"
            raise ValueError(f"there is no {what} {shown(name)}{near}")


def _breaker(rules: object) -> Breaker:
    if not isinstance(rules, Mapping):
        example = "{'failures': 0.5, 'of': 20}"
        raise ValueError(f"breaker={shown(rules)} is not right: it takes a dict such as {example}")
    given = cast(Mapping[Any, Any], rules)
    _check_names(given, OF_BREAKER, "rule of a breaker")
    for name, value in given.items():
        if why := OF_BREAKER[name].problem(value):
            raise ValueError(f"{name}={shown(value)} is not right: {why}")
    return Breaker(**given)


def _rate(text: object) -> tuple[int, float]:
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0 or match[2].strip("0") == "" != match[2]:
        is_number = isinstance(text, int) and not isinstance(text, bool) and text > 0
        better = f"'{text}/s'" if is_number else "'100/m'"
        rule = f"it takes a number and a time, such as {better} (s, m, h, d, or 10s)"
        raise ValueError(f"rate={shown(text)} is not right: {rule}")
    return int(match[1]), float(int(match[2] or 1) * _SECONDS[match[3]])
