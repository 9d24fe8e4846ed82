"""The positional arguments of Huey's own task types, which are stored by their names and read back.

A search finds them by name, and the pages show them as those of every other task.
"""

import inspect
from collections.abc import Callable
from typing import Any

from huey.api import Task


def by_name(message: Any, task: Task) -> Any:
    """Return a task as it is stored, with its positional arguments under their parameters' names.

    So they are shown, and found, as those of every other task; their number replaces them.
    They stay as they are where the function does not say what they are called.
    """
    args, kwargs = message.args, message.kwargs
    names: tuple[str, ...] = getattr(task, "positional", ())
    if not args or not isinstance(args, tuple | list) or len(args) > len(names):
        return message
    named = dict(zip(names, args, strict=False))
    if named.keys() & kwargs.keys():
        return message
    return message._replace(args={"named": len(args)}, kwargs={**named, **kwargs})


def by_position(message: Any, task_class: type[Task]) -> Any:
    """Undo `by_name`, unless the function's parameters have other names now."""
    kwargs, count = dict(message.kwargs), message.args["named"]
    names = getattr(task_class, "positional", ())[:count]
    if len(names) < count or not kwargs.keys() >= set(names):
        return message._replace(args=())
    return message._replace(args=tuple(kwargs.pop(name) for name in names), kwargs=kwargs)


def positional(func: Callable[..., Any]) -> tuple[str, ...]:
    """Return the parameters that positional arguments go to, and that can be named."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):  # a builtin that does not say
        return ()
    if any(one.kind is one.POSITIONAL_ONLY for one in parameters):
        return ()
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD)
