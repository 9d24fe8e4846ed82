"""Duckline's engine and its public face: write a task, submit it, look at it, cancel it.

    from huey_tasks import task, current_task

The names are those of `huey_tasks.api.public`, imported when the first of them is used: a command
that needs only the settings or the errors does not pay for the engine, and can still report what
is wrong with a setting.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huey_tasks.api.public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    here = Path(__file__).parent
    if name.startswith("_") or (here / f"{name}.py").exists() or (here / name).is_dir():
        raise AttributeError(name)  # a module: the import system goes on and imports it
    try:
        found = getattr(import_module("huey_tasks.api.public"), name)
    except AttributeError:
        raise _unknown(name) from None
    globals()[name] = found  # every request reads it: the next read does not come here
    return found


def _unknown(name: str) -> Exception:
    """Return the error of a name that the package does not have.

    For a word of another task queue it is an ImportError: `from huey_tasks import …` shows it, and
    has a text of its own for an AttributeError.
    """
    from huey_tasks.declaration.other_words import OF_PACKAGE

    line = f"huey_tasks has no {name!r}"
    if name not in OF_PACKAGE:
        return AttributeError(line)
    return ImportError(f"{line}; write {OF_PACKAGE[name]}", name=__name__)
