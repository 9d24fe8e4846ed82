"""Import the modules of TASKS by their names, and packages with all that they hold."""

import difflib
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from huey_tasks.errors import ConfigError
from huey_tasks.registry.import_errors import import_one
from huey_tasks.registry.import_watch import Watch

SETTING = "TASKS"


def import_named(name: str, on_broken: Callable[[ConfigError], None]) -> None:
    """Import a module; of a package also its modules, but none that begins with `_` or `test_`.

    Calls `on_broken` with the line about each that cannot be imported.
    """
    importlib.invalidate_caches()
    roots = [Path.cwd(), *_places_of(name.partition(".")[0])]
    with Watch(SETTING, roots) as watch:
        for module in _with_what_it_holds(name):
            watch.begin(module)
            try:
                _import(module, roots)
            except ConfigError as error:
                on_broken(error)


def _with_what_it_holds(name: str) -> Iterator[str]:
    """Yield a name and, once that module is imported, the names below it."""
    yield name
    path = getattr(sys.modules.get(name), "__path__", None)
    for found in pkgutil.iter_modules(path) if path else ():
        if not found.name.startswith(("_", "test_")) and found.name not in ("conftest", "tests"):
            yield from _with_what_it_holds(f"{name}.{found.name}")


def _places_of(top: str) -> list[Path]:
    """Return where a package or module lies that may be installed."""
    spec = None if top in sys.modules else PathFinder.find_spec(top)
    if spec is None:
        return []
    inside = spec.submodule_search_locations
    where = list(inside) if inside is not None else [spec.origin or ""]
    return [Path(place).resolve() for place in where if place]


def _import(name: str, roots: list[Path]) -> None:
    try:
        import_one(name, SETTING, roots, name)
    except ConfigError as error:
        missing = error.__cause__
        if isinstance(missing, ModuleNotFoundError) and f"{name}.".startswith(f"{missing.name}."):
            raise ConfigError(_not_found(name, str(missing.name))) from error
        raise
    file = getattr(sys.modules[name], "__file__", None)
    if file is not None and (ours := _in_the_working_folder(name)) and not ours.samefile(file):
        raise ConfigError(f"{SETTING}: {ours} is hidden by {file}: rename it")


def _in_the_working_folder(name: str) -> Path | None:
    path = Path.cwd().joinpath(*name.split("."))
    files = [path.with_name(f"{path.name}.py"), path / "__init__.py"]
    return next((file for file in files if file.is_file()), None)


def _not_found(name: str, missing: str) -> str:
    """Return the line about a name that nothing has: what hides it, or what it may have meant."""
    ours = _in_the_working_folder(name)
    hides = getattr(sys.modules.get(name.partition(".")[0]), "__file__", None)
    if ours is not None and hides is not None:
        return f"{SETTING}: {ours} is hidden by {hides}: rename its package"
    parent, _, last = missing.rpartition(".")
    path = getattr(sys.modules.get(parent), "__path__", None) or [str(Path.cwd())]
    rest = name.removeprefix(missing)
    known = [each for folder in path for each in _importable(Path(folder), rest)]
    near = difflib.get_close_matches(last, known, n=1)
    meant = f"did you mean '{'.'.join(filter(None, [parent, near[0]]))}{rest}'?" if near else ""
    where = f"Python looked in the working folder, {Path.cwd()}, and where packages are installed"
    return f"{SETTING}: there is no module '{missing}'; {meant or where}"


def _importable(folder: Path, rest: str) -> Iterator[str]:
    """Yield the modules and folders of modules in a folder that have the module `rest` below."""
    below = rest.split(".")[1:]
    for entry in folder.iterdir() if folder.is_dir() else ():
        name = entry.stem if entry.suffix == ".py" else entry.name
        meant = folder.joinpath(name, *below)
        is_module = meant.with_name(f"{meant.name}.py").is_file()
        if name.isidentifier() and (is_module or any(meant.glob("*.py"))):
            yield name
