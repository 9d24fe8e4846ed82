"""Check the name and the options of a task type when it is registered.

A wrong option fails later and far from its line: a timeout of "10" never ends an attempt. So every
option is checked at once, for `@task` and for Huey's own `queue.task()`. Raises InvalidTaskType,
whose text begins with the user's file and line.
"""

import datetime as dt
import difflib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import huey

from huey_tasks.broker.keys import queue_names
from huey_tasks.declaration.number import WEEK_S, YEAR_S, Number, shown
from huey_tasks.declaration.retry_options import Delays, ErrorTypes, combination_problem
from huey_tasks.errors import InvalidTaskType
from huey_tasks.settings.queue_list import how_to_add

#: Bytes of a name in UTF-8; the worker table has this many for the type that runs.
NAME_BYTES = 128

_NAME = re.compile(r"\w[\w.-]*")
_LIBRARIES = (str(Path(__file__).parent.parent), str(Path(cast(str, huey.__file__)).parent))


#: A millisecond is the shortest time that Redis and a timer distinguish from zero.
_OPTIONS: Mapping[str, Number | Delays | ErrorTypes] = {
    "retries": Number(0, 1_000_000, whole=True),
    "retry_delay": Delays(),
    "retry_on": ErrorTypes(),
    "no_retry_on": ErrorTypes(),
    "retry_backoff": Number(0, 1000, usual=2),
    "retry_jitter": Number(0, 1, usual=0.5),
    "max_retry_delay": Number(0.001, WEEK_S, "seconds", optional=True),
    "timeout": Number(0.001, YEAR_S, "seconds", optional=True),
    "expires": Number(0.001, YEAR_S, "seconds", optional=True),
    "priority": Number(-1_000_000, 1_000_000, whole=True, optional=True),
}

#: The attributes of a task's class that Duckline sets besides its options.
_OURS = frozenset(
    {
        "parameters",
        "payload",
        "positional",
        "place",
        "home",
        "validate_datetime",
        "retry_rules",
        "is_async",
    }
)


def number_of(option: str) -> Number:
    """Return the rule of an option that takes a number."""
    return cast(Number, _OPTIONS[option])


def check_options(options: Mapping[str, Any]) -> None:
    """Check each option of a type. Raises InvalidTaskType for the first that cannot work."""
    for option, value in options.items():
        rule = _OPTIONS.get(option)
        if rule is not None and (why := rule.problem(value)):
            raise InvalidTaskType(f"{option}={shown(value)} is not right: {why}", place_of_caller())


def check_together(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Raise InvalidTaskType for an option that has no effect beside the others that are given."""
    if found := combination_problem(options, defaults):
        option, why = found
        raise InvalidTaskType(
            f"{option}={shown(options[option])} is not right: {why}", place_of_caller()
        )


def check_queue(queue: object) -> None:
    """Raise InvalidTaskType unless a queue has that name."""
    if queue not in queue_names():
        known = ", ".join(queue_names())
        near = nearest(queue, queue_names()) or how_to_add(queue, queue_names())
        raise InvalidTaskType(
            f"queue={shown(queue)} is not right: the queues are {known}{near}", place_of_caller()
        )


def check_settings(settings: Mapping[str, Any]) -> None:
    """Check what Huey sets on the class of a task, such as `default_retries` for `retries`.

    Huey sets every keyword there, so an unknown one may be the user's own. Raises InvalidTaskType
    for an option that cannot work, and for a name that looks like a misspelt option.
    """
    options = {setting.removeprefix("default_"): value for setting, value in settings.items()}
    for option in options.keys() - _OPTIONS.keys() - _OURS:
        if near := nearest(option, (*_OPTIONS, "context", "name"), cutoff=0.75):
            raise InvalidTaskType(f"there is no option '{option[:64]}'{near}", place_of_caller())
    times = options.get("expires")
    if isinstance(times, dt.datetime | dt.timedelta):  # Huey takes these too
        del options["expires"]
    check_options(options)


def check_name(name: object, place: str | None = None) -> str:
    """Return the name of a task type.

    Raises InvalidTaskType for a name that cannot be part of a search, a URL or a log line, or that
    is too long for the worker table.
    """
    place = place or place_of_caller()
    if not isinstance(name, str):
        raise InvalidTaskType(f"name={shown(name)} is not right: it takes a text", place)
    if name == "<lambda>":
        raise InvalidTaskType("a lambda has no name: give it one, @task(name=…)", place)
    if not _NAME.fullmatch(name):
        rule = "it takes letters, digits, '_', '-' and '.', and begins with a letter, digit or '_'"
        raise InvalidTaskType(f"name={shown(name)} is not right: {rule}", place)
    if (size := len(name.encode("utf-8", "replace"))) > NAME_BYTES:
        rule = f"it has {size} bytes, and may have {NAME_BYTES} in UTF-8"
        raise InvalidTaskType(f"name={shown(name)} is not right: {rule}", place)
    return name


def nearest(word: object, known: Iterable[str], *, cutoff: float = 0.6, at_most: int = 1) -> str:
    """Return "; did you mean 'x'?" for the end of an error, "" if no known word is near.

    Words that differ in case alone are the same here: it is what people get wrong first.
    """
    text = str(word).lower()
    if len(text) > NAME_BYTES:  # the comparison of a long text takes long
        return ""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(text, by_lower, n=at_most, cutoff=cutoff)
    found = [repr(by_lower[name]) for name in near]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def place_of(function: Callable[..., Any]) -> str:
    """Return `file:line` of a function's definition; of its registration if that is unknown."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return place_of_caller() if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def place_of_caller() -> str:
    """Return `file:line` of the innermost frame that is neither in Duckline nor in Huey."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
