"""Import the task modules of TASKS_PATH, each once and under one name.

A folder's `mail.py` is the module `mail`; a folder with an `__init__.py` is a package. So a module
imports its neighbours as in any other program. If the folders `one` and `two` both have a
`mail.py`, these are `one.mail` and `two.mail`. A module whose name is taken, or whose import fails,
is reported in one line with the user's file and line.
"""

import importlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, ClassVar, NoReturn, cast

from huey_tasks.errors import ConfigError, InvalidTaskType

#: Seconds after which the import of a module is reported as slow, and again after each further.
SLOW_S = 10.0

#: The most characters of an error's text that are shown.
_TEXT = 400

#: Whether this process has loaded its task types, or loads them now.
_loaded = False


def say(word: str, text: str) -> None:
    """Report the progress of the import on stderr; `stack.import_check` replaces this function.

    `word`: "file" when a file begins, "slow" for a slow one, "end" for one that ends this process.
    """
    if word in ("slow", "end"):
        print(f"duckline: {text}", file=sys.stderr, flush=True)


def load_task_types(folders: Iterable[Path]) -> None:
    """Register the demo tasks and those of the folders, once in this process.

    The task modules import `huey_tasks`, which calls this again: that call does nothing.
    Raises ConfigError as `load_tasks` does.
    """
    global _loaded
    if _loaded:
        return
    _loaded = True
    try:
        importlib.import_module("huey_tasks.tasks")
        load_tasks(folders)
    except BaseException:
        _loaded = False
        raise


def load_tasks(folders: Iterable[Path]) -> list[str]:
    """Import every module of the folders, so that its task types are registered.

    Files and packages whose names begin with `_` or `test_`, and `conftest`, are left out. Returns
    the names of the modules. Raises ConfigError with file and line for the first module that cannot
    be imported or whose name is taken.
    """
    roots = list(dict.fromkeys(folder.resolve() for folder in folders))
    found = _with_unique_names([module for root in roots for module in _modules_of(root)])
    _require_own_names(found)
    for place in dict.fromkeys(module.place for module in found):
        if place not in sys.path:
            sys.path.append(place)  # at the end, so that it hides no module of Python or Duckline
    importlib.invalidate_caches()
    loaded = [module for module in found if not module.is_private]
    with _Watch(roots) as watch:
        for module in dict.fromkeys(loaded):
            watch.begin(module.file)
            _import(module, roots)
    return list(dict.fromkeys(module.name for module in loaded))


class _Module:
    """A file of a folder: its module name, and the entry of sys.path for that name."""

    def __init__(self, name: str, file: Path, place: str) -> None:
        self.name, self.file, self.place = name, file, place

    @property
    def is_private(self) -> bool:
        """Whether only its neighbours import it."""
        return any(part.startswith("_") for part in self.name.split("."))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Module) and (self.name, self.file) == (other.name, other.file)

    def __hash__(self) -> int:
        return hash((self.name, self.file))


def _modules_of(folder: Path) -> Iterator[_Module]:
    if not (folder / "__init__.py").exists():
        yield from _inside(folder, "", str(folder))
        return
    top = folder
    while (top.parent / "__init__.py").exists():
        top = top.parent
    name = ".".join(folder.relative_to(top.parent).parts)
    yield from _package(folder, name, str(top.parent))


def _package(folder: Path, name: str, place: str) -> Iterator[_Module]:
    yield _Module(name, folder / "__init__.py", place)
    yield from _inside(folder, f"{name}.", place)


def _inside(folder: Path, prefix: str, place: str) -> Iterator[_Module]:
    for path in sorted(folder.iterdir()):
        name = path.stem if path.suffix == ".py" else path.name
        is_package = path.is_dir() and (path / "__init__.py").exists()
        if name.startswith(("__", "test_", ".")) or name in ("conftest", "tests"):
            continue
        if path.suffix == ".py" and path.is_file():
            if "." in name:
                raise ConfigError(f"TASKS_PATH: {path} cannot be imported: rename it, without dots")
            yield _Module(prefix + name, path, place)
        elif is_package and "." not in name:
            yield from _package(path, prefix + name, place)


def _with_unique_names(modules: list[_Module]) -> list[_Module]:
    """Return the modules; put the folder's name before a name that several folders have."""
    files: dict[str, set[Path]] = {}
    for module in modules:
        files.setdefault(module.name, set()).add(module.file)
    unique = list[_Module]()
    for module in modules:
        file, name = module.file, module.name
        if len(files[name]) > 1 and "." not in name and file.name != "__init__.py":
            longer = _Module(f"{file.parent.name}.{name}", file, str(file.parent.parent))
            _Ambiguous.names.setdefault(name, []).append(longer)
            module = longer
        unique.append(module)
    if _Ambiguous.names and _Ambiguous not in sys.meta_path:
        sys.meta_path.insert(0, cast(Any, _Ambiguous))
    return unique


class _Ambiguous:
    """Refuses to import one of several files by the short name that all of them have."""

    names: ClassVar[dict[str, list[_Module]]] = {}

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        """Raises ImportError for such a name; finds nothing itself."""
        if name in cls.names:
            ways = " or ".join(dict.fromkeys(f"'{one.name}'" for one in cls.names[name]))
            raise ImportError(f"'{name}' is in more than one folder of TASKS_PATH: import {ways}")


def _require_own_names(modules: list[_Module]) -> None:
    """Raise ConfigError for a name that two files have, or that Python finds elsewhere first."""
    owners: dict[str, _Module] = {}
    for module in modules:
        other = owners.setdefault(module.name, module)
        if not other.file.samefile(module.file):
            raise ConfigError(
                f"TASKS_PATH: {other.file} and {module.file} are both the module '{module.name}':"
                " rename one of them"
            )
        if where := _elsewhere(module):
            raise ConfigError(
                f"TASKS_PATH: {module.file} has the name of {where}, which Python finds first:"
                " rename it"
            )


def _elsewhere(module: _Module) -> str | None:
    """Return what else has the name of a module or of its package; None if nothing has."""
    top = module.name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"Python's own module '{top}'"
    known = getattr(sys.modules.get(top), "__file__", None)
    spec = None if known else PathFinder.find_spec(top)
    origin = known or (spec.origin if spec is not None and spec.has_location else None)
    if origin is None or Path(origin).parent.is_relative_to(Path(module.place) / top):
        return None  # the module's own package
    if Path(origin).exists() and module.file.samefile(origin):
        return None
    return f"the module {origin}"


def _import(module: _Module, roots: list[Path]) -> None:
    try:
        importlib.import_module(module.name)
    except InvalidTaskType as error:
        raise ConfigError(f"TASKS_PATH: {_one_line(str(error))}") from error
    except BaseException as error:  # also SystemExit: a module must not end the process
        place = _place_of(error, roots) or str(module.file)
        raise ConfigError(f"TASKS_PATH: {place} cannot be imported: {_described(error)}") from error
    file = getattr(sys.modules.get(module.name), "__file__", None)
    if file is None or not module.file.samefile(file):
        raise ConfigError(f"TASKS_PATH: {module.file} is hidden by {file}: rename it")


def _described(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int | None) else _one_line(_text(error.code))
        return f"it calls sys.exit({code!r})"
    text = error.msg if isinstance(error, SyntaxError) else _text(error)
    return _one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # an exception whose own code fails
        return f"<its text cannot be read: {type(error).__name__}>"


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    plain = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in words)
    return plain if len(plain) <= _TEXT else plain[:_TEXT] + "…"


def _place_of(error: BaseException, roots: list[Path]) -> str | None:
    """Return the innermost line of an error's traceback that is in one of the folders."""
    if isinstance(error, SyntaxError) and _is_of(error.filename, roots):
        return f"{error.filename}:{error.lineno}"
    lines = [(step.tb_frame.f_code.co_filename, step.tb_lineno) for step in _steps(error)]
    inside = [f"{file}:{line}" for file, line in lines if _is_of(file, roots)]
    return inside[-1] if inside else None


def _steps(error: BaseException) -> Iterator[TracebackType]:
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def _is_of(file: str | None, roots: list[Path]) -> bool:
    return file is not None and any(Path(file).resolve().is_relative_to(root) for root in roots)


class _Watch:
    """Reports the file and line of an import that is slow or ends this process.

    Runs in a thread of the operating system: a greenlet does not run during an import.
    """

    def __init__(self, roots: list[Path]) -> None:
        self._roots = roots
        self._main = _real("_thread", "get_ident")()
        self._clock = time.monotonic
        self._file, self._since = "", self._clock()
        self._running = _real("_thread", "allocate_lock")()
        self._pid, self._exit, self._is_over = os.getpid(), os._exit, False

    def begin(self, file: Path) -> None:
        """Note that the import of a file begins."""
        self._file, self._since = str(file), self._clock()
        say("file", self._file)

    def __enter__(self) -> "_Watch":
        self._running.acquire()
        os._exit = self._say_and_exit
        _real("_thread", "start_new_thread")(self._look, ())
        return self

    def __exit__(self, *error: object) -> None:
        os._exit, self._is_over = self._exit, True
        self._running.release()

    def _say_and_exit(self, status: int) -> NoReturn:
        """Replace `os._exit`, which ends a process without a report.

        A module may keep this function and call it after the import, or in a forked child: then it
        only exits.
        """
        try:
            if os.getpid() == self._pid and not self._is_over:
                line = self._line() or self._file
                say("end", f"TASKS_PATH: {line} ends the process: os._exit({status!r})")
        finally:
            self._exit(status)

    def _look(self) -> None:
        said_s = 0.0
        file = self._file
        while not self._running.acquire(timeout=0.05 if SLOW_S < 1 else 0.5):
            if file != self._file:
                file, said_s = self._file, 0.0
            took_s = self._clock() - self._since
            if took_s >= said_s + SLOW_S:
                said_s += SLOW_S
                line = self._line() or file
                say(
                    "slow",
                    f"TASKS_PATH: the import of {file} has taken {said_s:g} s, and is at {line}",
                )

    def _line(self) -> str | None:
        frame: FrameType | None = sys._current_frames().get(self._main)
        while frame is not None and not _is_of(frame.f_code.co_filename, self._roots):
            frame = frame.f_back
        return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _real(module: str, name: str) -> Any:
    """Return a function of the standard library without gevent's patches."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)
