"""Import a task module, or say in one line why that fails, with the user's file and line."""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from huey_tasks.errors import ConfigError, InvalidTaskType

#: The most characters of an error's text that are shown.
_TEXT = 400

#: Folders of libraries, which may lie inside the user's own folder.
_LIBRARIES = {"site-packages", "dist-packages"}
_OURS = Path(__file__).resolve().parent.parent


def import_one(name: str, setting: str, roots: Sequence[Path], shown: str) -> None:
    """Import a module. Raises ConfigError with the innermost line in `roots`, else with `shown`."""
    try:
        importlib.import_module(name)
    except InvalidTaskType as error:
        raise ConfigError(f"{setting}: {one_line(str(error))}") from error
    except BaseException as error:  # also SystemExit: a module must not end the process
        place = place_of(error, roots) or shown
        raise ConfigError(f"{setting}: {place} cannot be imported: {described(error)}") from error


def described(error: BaseException) -> str:
    """Return the kind and the text of an error, whatever its own code does."""
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int | None) else one_line(_text(error.code))
        return f"it calls sys.exit({code!r})"
    text = error.msg if isinstance(error, SyntaxError) else _text(error)
    return one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # an exception whose own code fails
        return f"<its text cannot be read: {type(error).__name__}>"


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters, and not too long."""
    words = " ".join(text.split())
    plain = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in words)
    return plain if len(plain) <= _TEXT else plain[:_TEXT] + "…"


def place_of(error: BaseException, roots: Sequence[Path]) -> str | None:
    """Return the innermost line of an error's traceback that is in one of the folders."""
    if isinstance(error, SyntaxError) and is_of(error.filename, roots):
        return f"{error.filename}:{error.lineno}"
    lines = [(step.tb_frame.f_code.co_filename, step.tb_lineno) for step in _steps(error)]
    inside = [f"{file}:{line}" for file, line in lines if is_of(file, roots)]
    return inside[-1] if inside else None


def _steps(error: BaseException) -> Iterator[TracebackType]:
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def files_of(error: BaseException | None) -> Iterator[Path]:
    """Return every file that the traceback of an error, or of its cause, goes through."""
    while error is not None:
        if isinstance(error, SyntaxError) and error.filename:
            yield Path(error.filename)
        yield from (Path(step.tb_frame.f_code.co_filename) for step in _steps(error))
        error = error.__cause__


def is_of(file: str | None, roots: Sequence[Path]) -> bool:
    """Return whether a file is in one of the folders, and in no folder of libraries inside it."""
    if file is None or file.startswith("<"):  # "<string>" would be a file of the working folder
        return False
    path = Path(file).resolve()
    if path.is_relative_to(_OURS):
        return False
    inside = [path.relative_to(root).parts for root in roots if path.is_relative_to(root)]
    return any(_LIBRARIES.isdisjoint(parts) for parts in inside)
