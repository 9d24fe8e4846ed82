"""The options of `@task` about further attempts: their rules, and how people see them."""

import builtins
import inspect
from collections.abc import Mapping
from typing import Any, cast

from huey_tasks.declaration.number import DELAY, shown

#: How many waits a list may have, and how many are shown of a schedule.
MOST_DELAYS, SHOWN_DELAYS = 1000, 10

#: What says only how long the waits are. Huey's RetryTask uses it without `retries`, too.
_OF_WAITS = ("retry_delay", "retry_backoff", "retry_jitter", "max_retry_delay")

_KINDS = f"it takes {DELAY}, a list of them, or a function of (attempt, error)"


class Delays:
    """The rule of `retry_delay`: a number of seconds, a list of them, or a function."""

    def problem(self, value: object) -> str | None:
        """Return why a value is invalid, None if it is valid."""
        if isinstance(value, list | tuple):
            return _of_list(cast("list[object]", value))
        if callable(value):
            return _of_function(value)
        why = DELAY.problem(value)
        return why and why.replace(f"it takes {DELAY}", _KINDS)


class ErrorTypes:
    """The rule of `retry_on` and `no_retry_on`: exception types."""

    def problem(self, value: object) -> str | None:
        """Return why a value is invalid, None if it is valid."""
        if value is None:
            return None
        kinds = error_types(value)
        if not kinds:
            return "it is empty; leave it out, or name exception types"
        for kind in kinds:
            if not (isinstance(kind, type) and issubclass(kind, BaseException)):
                return f"it takes exception types, such as (OSError, ValueError){_hint(kind)}"
        return None


def error_types(value: object) -> tuple[Any, ...]:
    """Return the exception types of an option that may be one, several or None."""
    if value is None:
        return ()
    return tuple(cast("list[Any]", value)) if isinstance(value, tuple | list | set) else (value,)


def combination_problem(
    options: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return an option without effect beside the others, and why; None if there is none.

    `options`: those that the user has given. `defaults`: the values of those that are not given.
    """
    delay = options.get("retry_delay")
    is_plan = delay is not None and not isinstance(delay, int | float)
    plan = "a function" if callable(delay) else "a list"
    if not options.get("retries"):
        for option in ("retry_on", "no_retry_on", *(["retry_delay"] if is_plan else [])):
            if options.get(option) is not None:
                number = len(delay) if isinstance(delay, list | tuple) else 3
                return option, f"without retries it has no effect; add retries={number}"
    if "retries" not in options:
        for option in _OF_WAITS:
            if options.get(option, defaults[option]) != defaults[option]:
                return option, (
                    "without retries no error is tried again; "
                    "add retries=3, or retries=0 for RetryTask alone"
                )
    if is_plan and options.get("retry_backoff") is not None:
        return "retry_backoff", f"it multiplies a number, and retry_delay is {plan}; leave it out"
    refused = error_types(options.get("no_retry_on"))
    for kind in error_types(options.get("retry_on")) if refused else ():
        if issubclass(kind, refused):
            return "retry_on", f"no_retry_on already excludes {kind.__name__}"
    return None


def shown_delays(options: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Return the seconds before each retry, the first ten, without jitter.

    None if a function decides.
    """
    delay, number = options["retry_delay"], min(options["retries"], SHOWN_DELAYS)
    if callable(delay):
        return None
    cap = options["max_retry_delay"] or DELAY.high
    if isinstance(delay, list | tuple):
        listed = cast("list[float]", delay)
        return tuple(min(listed[min(n, len(listed) - 1)], cap) for n in range(number))
    waits: list[float] = []
    for _ in range(number):
        delay = min(delay, cap)
        waits.append(delay)
        delay *= options["retry_backoff"] or 1
    return tuple(waits)


def _of_list(delays: "list[object]") -> str | None:
    if not 0 < len(delays) <= MOST_DELAYS:
        return f"a list has from 1 to {MOST_DELAYS} delays"
    for place, delay in enumerate(delays):
        if why := DELAY.problem(delay):
            return f"{shown(delay)}, at place {place}: {why}"
    return None


def _of_function(function: Any) -> str | None:
    if inspect.iscoroutinefunction(function):
        return "the function must be a plain one, not 'async def'"
    try:
        inspect.signature(function).bind(1, ValueError())
    except ValueError:  # a builtin, or a class, that does not say
        return _KINDS
    except TypeError as error:
        return f"the function is called with (attempt, error): {error}"
    return None


def _hint(value: object) -> str:
    if isinstance(value, BaseException):
        return f"; write {type(value).__name__}, the type, without '()'"
    known = getattr(builtins, value, None) if isinstance(value, str) else None
    if isinstance(known, type) and issubclass(known, BaseException):
        return f"; write {value}, without the quotes"
    return ""
