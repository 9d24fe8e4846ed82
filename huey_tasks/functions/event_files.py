"""Saved events that are files, `_events/<function>/<name>.json` beside it.

They are read only: they belong to the author of the function, and to its repository. A file that is
no JSON, is too large or has another kind of name is left out.
"""

import json
import re
from typing import Any

from huey_tasks.functions import files
from huey_tasks.functions.function import Function

FOLDER = "_events"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MOST, _MOST_BYTES = 50, 65_536


def read(function: Function) -> dict[str, Any]:
    """Return the events of a function by name, sorted."""
    is_file = function.file == function.root / f"{function.name}.py"
    folder = (function.root if is_file else function.root.parent) / FOLDER / function.name
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("*.json"))[:_MOST]:
        text = files.read(file) if _NAME.fullmatch(file.stem) else None
        if text is None or len(text) > _MOST_BYTES:
            continue
        try:
            found[file.stem] = json.loads(text)
        except (ValueError, RecursionError):
            continue
    return found
