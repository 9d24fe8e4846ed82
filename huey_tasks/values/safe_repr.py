"""What an exception says of itself, read so that its code cannot prevent the end of its task.

The methods and attributes of an exception are the task's code: they may raise, or return anything.
"""

import traceback
from types import TracebackType
from typing import Any

#: Exceptions of a group that are looked at.
MEMBERS = 1000


class TaskRaised(Exception):
    """Carries what is no `Exception` (CancelledError, SystemExit) past handlers of `Exception`."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(type_name(type(raised)))
        self.raised = raised


def unwrapped(error: Any) -> Any:
    """Return the exception that the task itself raised; any other value unchanged."""
    return error.raised if type(error) is TaskRaised else error


def type_name(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says."""
    name = type.__dict__["__qualname__"].__get__(kind)
    return name if isinstance(name, str) else "Exception"


def module_name(kind: type) -> str:
    """Return the module of a class, "" where that is no text."""
    try:
        name = type.__dict__["__module__"].__get__(kind)
    except AttributeError:
        return ""
    return name if isinstance(name, str) else ""


def trace_of(error: BaseException) -> TracebackType | None:
    """Return its traceback, whatever its class defines as `__traceback__`."""
    return BaseException.__dict__["__traceback__"].__get__(error)


def reason_of(error: BaseException) -> BaseException | None:
    """Return what it was raised from."""
    return BaseException.__dict__["__cause__"].__get__(error)


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions in a group, () for any other."""
    if not issubclass(type(error), BaseExceptionGroup):
        return ()
    return BaseExceptionGroup.__dict__["exceptions"].__get__(error)


def leaves_of(error: BaseException) -> list[BaseException]:
    """Return the exceptions in a group and its groups, at most MEMBERS; else the error itself."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < MEMBERS:
        inner = waiting.pop()
        members = members_of(inner)
        waiting.extend(reversed(members))
        if not members:
            found.append(inner)
    return found


def contains(error: BaseException, kind: type[BaseException]) -> bool:
    """Return whether it is of that type, or a group that contains one."""
    return any(issubclass(type(leaf), kind) for leaf in leaves_of(error))


def text_of(error: BaseException) -> str:
    """`str(error)`, or "" if that fails."""
    try:
        return "".join((str(error),))  # a str, and no subclass with methods of its own
    except BaseException:  # the task's own code; its attempt has ended already
        return ""


def repr_of(error: BaseException) -> str:
    """`repr(error)`, or the name of its type and what it says if that fails or is empty."""
    try:
        text = "".join((repr(error),))
    except BaseException:  # as above
        text = ""
    return text if text.strip() else f"{type_name(type(error))}({text_of(error)!r})"


def traceback_of(error: BaseException) -> str:
    """Return the traceback with its causes; without them if they cannot be printed."""
    try:
        return "".join(traceback.format_exception(type(error), error, trace_of(error)))
    except BaseException:  # as above
        lines = traceback.format_tb(trace_of(error))
        return f"Traceback (most recent call last):\n{''.join(lines)}{repr_of(error)}\n"
