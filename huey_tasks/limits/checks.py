"""Whether the limits of a task type can be."""

from collections.abc import Iterator

from huey_tasks.declaration.number import Number
from huey_tasks.errors import Problem
from huey_tasks.records.type_limits import TypeLimits

#: The highest concurrency and rate, and the longest time of a rate in seconds.
MOST, DAY_S = 1_000_000, 86_400.0

#: What limits something; the other fields say how.
_LIMITS = ("concurrency", "rate", "breaker", "fair_by")

#: What the numbers of a type take, with their names over HTTP.
_OF_TYPE = {
    "concurrency": ("concurrency", Number(1, MOST, whole=True, optional=True)),
    "rate": ("rate", Number(1, MOST, whole=True, optional=True)),
    "per_s": ("per", Number(0.001, DAY_S, "seconds")),
}
#: "100/m" is how `@task(limits=…)` has it.
_RATE_IN_TEXT = "'rate' is a whole number and 'per' its seconds: for 100/m give 100 and 60."

#: What the fields of a breaker take; it keeps the ends of the last `of` attempts.
OF_BREAKER = {
    "failures": Number(0.01, 1),
    "of": Number(1, 1000, whole=True),
    "within_s": Number(0.1, DAY_S, "seconds"),
    "pause_s": Number(0.1, DAY_S, "seconds"),
    "tries": Number(1, 1000, whole=True),
}


def problems(limits: object) -> list[Problem]:
    """Return what is wrong, with pointers and names as HTTP has them."""
    if not isinstance(limits, TypeLimits):
        rule = f"Limits are TypeLimits(rate=100, per_s=60), and no {type(limits).__name__}."
        return [Problem("", "type_limits", rule)]
    return list(_problems(limits))


def _problems(limits: TypeLimits) -> Iterator[Problem]:
    if all(getattr(limits, name) is None for name in _LIMITS):
        names = ", ".join(f"'{name}'" for name in _LIMITS)
        yield Problem("", "missing", f"Give at least one of {names}.")
    for field, (name, rule) in _OF_TYPE.items():
        value = getattr(limits, field)
        if why := rule.problem(value):
            in_text = name == "rate" and isinstance(value, str)
            yield Problem(f"/{name}", "number", _RATE_IN_TEXT if in_text else f"'{name}': {why}.")
    for name in ("by", "fair_by"):
        value = getattr(limits, name)
        if value is not None and not (isinstance(value, str) and 1 <= len(value) <= 128):
            yield Problem(f"/{name}", "field", f"'{name}' is the name of a field of the payload.")
    for name, rule in OF_BREAKER.items() if limits.breaker is not None else ():
        if why := rule.problem(getattr(limits.breaker, name)):
            yield Problem(f"/breaker/{name}", "number", f"'{name}': {why}.")
