"""Find the modules in the folders of TASKS_PATH, and what they are called.

A folder's `mail.py` is the module `mail`; a folder with an `__init__.py` is a package. So a module
imports its neighbours as in any other program. If the folders `one` and `two` both have a
`mail.py`, these are `one.mail` and `two.mail`.
"""

import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, ClassVar, cast

from huey_tasks.errors import ConfigError


class Module:
    """A file of a folder: its module name, and the entry of sys.path for that name."""

    def __init__(self, name: str, file: Path, place: str) -> None:
        self.name, self.file, self.place = name, file, place

    @property
    def is_private(self) -> bool:
        """Whether only its neighbours import it."""
        return any(part.startswith("_") for part in self.name.split("."))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Module) and (self.name, self.file) == (other.name, other.file)

    def __hash__(self) -> int:
        return hash((self.name, self.file))


def modules_of(folder: Path) -> Iterator[Module]:
    """Return what is in a folder. Raises ConfigError for a file that cannot be a module."""
    if not (folder / "__init__.py").exists():
        yield from _inside(folder, "", str(folder))
        return
    top = folder
    while (top.parent / "__init__.py").exists():
        top = top.parent
    name = ".".join(folder.relative_to(top.parent).parts)
    yield from _package(folder, name, str(top.parent))


def _package(folder: Path, name: str, place: str) -> Iterator[Module]:
    yield Module(name, folder / "__init__.py", place)
    yield from _inside(folder, f"{name}.", place)


def _inside(folder: Path, prefix: str, place: str) -> Iterator[Module]:
    for path in sorted(folder.iterdir()):
        name = path.stem if path.suffix == ".py" else path.name
        is_package = path.is_dir() and (path / "__init__.py").exists()
        if name.startswith(("__", "test_", ".")) or name in ("conftest", "tests"):
            continue
        if path.suffix == ".py" and path.is_file():
            if "." in name:
                raise ConfigError(f"TASKS_PATH: {path} cannot be imported: rename it, without dots")
            yield Module(prefix + name, path, place)
        elif is_package and "." not in name:
            yield from _package(path, prefix + name, place)


def with_unique_names(modules: list[Module]) -> list[Module]:
    """Return the modules; put the folder's name before a name that several folders have."""
    files: dict[str, set[Path]] = {}
    for module in modules:
        files.setdefault(module.name, set()).add(module.file)
    unique = list[Module]()
    for module in modules:
        file, name = module.file, module.name
        if len(files[name]) > 1 and "." not in name and file.name != "__init__.py":
            longer = Module(f"{file.parent.name}.{name}", file, str(file.parent.parent))
            Ambiguous.names.setdefault(name, []).append(longer)
            module = longer
        unique.append(module)
    if Ambiguous.names and Ambiguous not in sys.meta_path:
        sys.meta_path.insert(0, cast(Any, Ambiguous))
    return unique


class Ambiguous:
    """Refuses to import one of several files by the short name that all of them have."""

    names: ClassVar[dict[str, list[Module]]] = {}

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        """Raises ImportError for such a name; finds nothing itself."""
        if name in cls.names:
            ways = " or ".join(dict.fromkeys(f"'{one.name}'" for one in cls.names[name]))
            raise ImportError(f"'{name}' is in more than one folder of TASKS_PATH: import {ways}")


def require_own_names(modules: list[Module]) -> None:
    """Raise ConfigError for a name that two files have, or that Python finds elsewhere first."""
    owners: dict[str, Module] = {}
    for module in modules:
        other = owners.setdefault(module.name, module)
        if not other.file.samefile(module.file):
            raise ConfigError(
                f"TASKS_PATH: {other.file} and {module.file} are both the module '{module.name}':"
                " rename one of them"
            )
        if where := elsewhere(module):
            raise ConfigError(
                f"TASKS_PATH: {module.file} has the name of {where}, which Python finds first:"
                f" rename {module.file.name}"
            )


def elsewhere(module: Module) -> str | None:
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
