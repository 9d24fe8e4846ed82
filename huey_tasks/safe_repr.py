"""What an exception says of itself, read so that nothing it does can keep its task from ending.

The methods of an exception are the task's code: they may raise, lie or return what is no text.
"""

import traceback

#: Characters. Of a longer traceback both ends are kept: where it came from, and what it says.
TRACEBACK_CHARS = 20_000


class TaskRaised(Exception):
    """Carries what is no `Exception` (CancelledError, SystemExit) past handlers of `Exception`."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(type_name(type(raised)))
        self.raised = raised


def unwrapped(error: BaseException) -> BaseException:
    """The exception that the task itself raised."""
    return error.raised if isinstance(error, TaskRaised) else error


def type_name(kind: type) -> str:
    """The name of a class, whatever its metaclass says."""
    name = type.__dict__["__qualname__"].__get__(kind)
    return name if isinstance(name, str) else "Exception"


def module_name(kind: type) -> str:
    """The module of a class, "" where that is no text."""
    try:
        name = type.__dict__["__module__"].__get__(kind)
    except AttributeError:
        return ""
    return name if isinstance(name, str) else ""


def text_of(error: BaseException) -> str:
    """`str(error)`, or "" if that fails."""
    try:
        return str(error)
    except BaseException:  # the task's own code; its attempt has ended already
        return ""


def repr_of(error: BaseException) -> str:
    """`repr(error)`, or the name of its type and what it says if that fails."""
    try:
        return repr(error)
    except BaseException:  # as above
        return f"{type_name(type(error))}({text_of(error)!r})"


def traceback_of(error: BaseException) -> str:
    """The traceback with its causes; without them if they cannot be printed."""
    try:
        text = "".join(traceback.format_exception(error))
    except BaseException:  # as above
        lines = traceback.format_tb(BaseException.__dict__["__traceback__"].__get__(error))
        text = f"Traceback (most recent call last):\n{''.join(lines)}{repr_of(error)}\n"
    if len(text) <= TRACEBACK_CHARS:
        return text
    half = TRACEBACK_CHARS // 2 - 10
    return f"{text[:half]}\n  [...]\n{text[-half:]}"
