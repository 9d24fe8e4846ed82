"""The task modules of TASKS_PATH: each is imported once, under the one name it has in Python.

A folder's `mail.py` is the module `mail`, a folder with an `__init__.py` is a package. So a module
imports its neighbour as in any other program, and there is one of each. Where two folders have a
`mail.py`, they are `one.mail` and `two.mail`. What cannot be so, and what fails, is refused in one
line that names the user's file and line.
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

#: Seconds. A module that is imported for so long is named, and then again after each so long.
SLOW_S = 10.0

#: Characters of an error's own text.
_TEXT = 400

#: Whether this process has its task types, or is loading them.
_loaded = False


def say(word: str, text: str) -> None:
    """Say what is going on: a `file` that begins, a `slow` one, or one that is the `end` of this
    process. `stack` listens in its place."""
    if word in ("slow", "end"):
        print(f"duckline: {text}", file=sys.stderr, flush=True)


def load_task_types(folders: Iterable[Path]) -> None:
    """Register the demo tasks and those of the folders, once in this process.

    The task modules import `huey_tasks`, which calls this too: the second call has nothing to do.
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
    the modules' names. Raises ConfigError, naming the file and the line, for the first that cannot
    be imported, or whose name is not its own.
    """
    roots = list(dict.fromkeys(folder.resolve() for folder in folders))
    found = _told_apart([module for root in roots for module in _modules_of(root)])
    _require_own_names(found)
    for place in dict.fromkeys(module.place for module in found):
        if place not in sys.path:
            sys.path.append(place)  # at the end: nothing of Python's, or ours, is hidden by it
    importlib.invalidate_caches()
    loaded = [module for module in found if not module.is_private]
    with _Watch(roots) as watch:
        for module in dict.fromkeys(loaded):
            watch.begin(module.file)
            _import(module, roots)
    return list(dict.fromkeys(module.name for module in loaded))


class _Module:
    """A file of a folder: its name in Python, and the entry of sys.path under which it has it."""

    def __init__(self, name: str, file: Path, place: str) -> None:
        self.name, self.file, self.place = name, file, place

    @property
    def is_private(self) -> bool:
        """Whether it is there for its neighbours only."""
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


def _told_apart(modules: list[_Module]) -> list[_Module]:
    """Files of one name in several folders have their folder's name before theirs."""
    files: dict[str, set[Path]] = {}
    for module in modules:
        files.setdefault(module.name, set()).add(module.file)
    apart = list[_Module]()
    for module in modules:
        file, name = module.file, module.name
        if len(files[name]) > 1 and "." not in name and file.name != "__init__.py":
            longer = _Module(f"{file.parent.name}.{name}", file, str(file.parent.parent))
            _Ambiguous.names.setdefault(name, []).append(longer)
            module = longer
        apart.append(module)
    if _Ambiguous.names and _Ambiguous not in sys.meta_path:
        sys.meta_path.insert(0, cast(Any, _Ambiguous))
    return apart


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
    """Refuse a name that two files have, or that Python finds elsewhere first."""
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
    """What else has the name of a module, or of the package it is in; None if nothing has."""
    top = module.name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"Python's own module '{top}'"
    known = getattr(sys.modules.get(top), "__file__", None)
    spec = None if known else PathFinder.find_spec(top)
    origin = known or (spec.origin if spec is not None and spec.has_location else None)
    if origin is None or Path(origin).parent.is_relative_to(Path(module.place) / top):
        return None  # its own package
    if Path(origin).exists() and module.file.samefile(origin):
        return None
    return f"the module {origin}"


def _import(module: _Module, roots: list[Path]) -> None:
    try:
        importlib.import_module(module.name)
    except InvalidTaskType as error:
        raise ConfigError(f"TASKS_PATH: {_one_line(str(error))}") from error
    except BaseException as error:  # sys.exit too: a module is no program
        place = _place_of(error, roots) or str(module.file)
        raise ConfigError(f"TASKS_PATH: {place} cannot be imported: {_told(error)}") from error
    file = getattr(sys.modules.get(module.name), "__file__", None)
    if file is None or not module.file.samefile(file):
        raise ConfigError(f"TASKS_PATH: {module.file} is hidden by {file}: rename it")


def _told(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int | None) else _one_line(_text(error.code))
        return f"it calls sys.exit({code!r})"
    text = error.msg if isinstance(error, SyntaxError) else _text(error)
    return _one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # an exception whose own code fails
        return f"<its text cannot be had: {type(error).__name__}>"


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in words)
    return plain if len(plain) <= _TEXT else plain[:_TEXT] + "…"


def _place_of(error: BaseException, roots: list[Path]) -> str | None:
    """The user's line that an error comes from: the innermost that is in one of the folders."""
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
    """Names a file whose import does not end, or ends this process, and the line it is at.

    In a thread of the system's: a greenlet would wait for the import as everything else does.
    """

    def __init__(self, roots: list[Path]) -> None:
        self._roots = roots
        self._main = _real("_thread", "get_ident")()
        self._clock = time.monotonic
        self._file, self._since = "", self._clock()
        self._running = _real("_thread", "allocate_lock")()
        self._pid, self._exit, self._is_over = os.getpid(), os._exit, False

    def begin(self, file: Path) -> None:
        """A file begins to be imported."""
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
        """Take the place of `os._exit`, which ends a process without a word.

        A module that keeps it calls it later, too, and children that it forks end in this way.
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
    """A function of the standard library as it is without gevent's changes."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)
