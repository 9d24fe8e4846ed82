"""Whether a function can run: by its files, its packages, and how its last import went."""

import re
from dataclasses import dataclass
from typing import Any

from huey_tasks.functions import files
from huey_tasks.functions.function import Function, State
from huey_tasks.functions.requirements import Packages
from huey_tasks.invocations import failures
from huey_tasks.records.imports import Import

_MISSING = re.compile(r"No module named '([\w.]+)'")
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


@dataclass(frozen=True)
class FunctionError:
    """Why a function cannot run: AWS's type of error, its text, and the place in its own files."""

    type: str
    message: str
    file: str | None
    line: int | None
    traceback: str | None


@dataclass(frozen=True)
class FunctionState:
    """The state of a function; `error` if it is Failed.

    `last_import`: of this version; None if it has not been imported within 30 days.
    """

    state: State
    error: FunctionError | None
    last_import: Import | None


def function_state(
    function: Function, packages: Packages, last_import: Import | None
) -> FunctionState:
    """Return the state of a function as it is on disk now.

    An import that failed counts as long as the function has the version that was imported: the next
    change of a file makes it Active, until it is imported again.
    """
    imported = last_import if last_import and last_import.version == function.version else None
    if (fault := function.fault) is not None:
        error = FunctionError(fault.type, fault.text, str(fault.file), fault.line, None)
        return FunctionState("Failed", error, imported)
    if packages.state != "Active":
        return FunctionState(packages.state, _of_packages(function, packages), imported)
    if imported is not None and imported.error is not None:
        return FunctionState("Failed", _of_import(function, imported.error), imported)
    return FunctionState("Active", None, imported)


def _of_packages(function: Function, packages: Packages) -> FunctionError | None:
    if packages.error is None:
        return None
    file = str(function.requirements) if function.requirements else None
    return FunctionError("Runtime.ImportModuleError", packages.error, file, None, None)


def _of_import(function: Function, error: dict[str, Any]) -> FunctionError:
    """Return the error of an import; its place is the last frame in the function's own files."""
    frames = failures.frames_of(error)
    kind, message = str(error.get("errorType", "")), str(error.get("errorMessage", ""))
    places = [found for frame in frames for found in _FRAME.finditer(frame)]
    own = [place for place in places if place["file"].startswith(f"{function.root}/")]
    file = own[-1]["file"] if own else str(function.file)
    line = int(own[-1]["line"]) if own else _line_of_import(function, message)
    last = f"{kind}: {message}" if message else kind
    text = "".join(["Traceback (most recent call last):\n", *frames, last]) if frames else None
    return FunctionError(kind, message, file, line, text)


def _line_of_import(function: Function, message: str) -> int | None:
    """Return the line of the file with the handler that imports a module which is not there."""
    missing = _MISSING.search(message)
    if missing is None:
        return None
    source = (files.read(function.file) or b"").decode(errors="replace")
    statement = re.compile(rf"\s*(?:import|from)\s+{re.escape(missing[1])}\b")
    lines = enumerate(source.splitlines(), 1)
    return next((number for number, line in lines if statement.match(line)), None)
