"""Duckline's engine and its public face: write a task, submit it, look at it, cancel it.

    from huey_tasks import task, current_task

The names are those of `huey_tasks.api.public`, imported when the first of them is used: a command
that needs only the settings or the errors does not pay for the engine, and can still report what
is wrong with a setting.
"""

import sys
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
        raise _unknown(name, sys._getframe(1).f_code.co_name) from None
    globals()[name] = found  # every request reads it: the next read does not come here
    return found


def _unknown(name: str, asker: str) -> Exception:
    """Return the error of a name that the package does not have, with ours for another queue's.

    `asker`: the function that reads it. `from huey_tasks import …` reads it first in importlib's
    `_handle_fromlist`, and hides the text of an AttributeError, but not that of an ImportError.
    """
    from huey_tasks.declaration.other_words import OF_PACKAGE

    line = f"huey_tasks has no {name!r}"
    if name not in OF_PACKAGE:
        return AttributeError(line)
    line += f"; write {OF_PACKAGE[name]}"
    is_import = asker == "_handle_fromlist"
    return ImportError(line, name=__name__) if is_import else AttributeError(line)
