"""Import the task modules of TASKS and TASKS_PATH, each once and under one name.

A module whose name is taken, or whose import fails, is reported in one line with the user's file
and line.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from huey_tasks.errors import ConfigError
from huey_tasks.registry import import_watch, task_folders, types
from huey_tasks.registry.import_errors import import_one
from huey_tasks.registry.named_modules import import_named
from huey_tasks.registry.task_folders import Module

if TYPE_CHECKING:
    from huey_tasks.config import Config

#: Whether this process has loaded its task types, or loads them now.
_loaded = False

#: Whether a fork server is to import no code of users: each consumer reads it for itself.
_held_back = False

#: Takes the line about a module that cannot be imported.
OnBroken = Callable[[ConfigError], None]


def _raise(error: ConfigError) -> None:
    raise error


def _leave_out(error: ConfigError) -> None:
    import_watch.say("broken", str(error))


def load_task_types(config: "Config") -> None:
    """Register the demo tasks, and those of TASKS and TASKS_PATH, once in this process.

    The task modules import `huey_tasks`, which calls this again: that call does nothing.
    Raises ConfigError as `load_modules` and `load_tasks` do, unless broken modules are left out.
    """
    global _loaded
    if _loaded:
        return
    _loaded = True
    try:
        if config.demo_tasks and _is_service():
            importlib.import_module("huey_tasks.tasks")
        _load_users(config)
    except BaseException:
        _loaded = False
        raise


def hold_back() -> None:
    """Import no code of users before `load_held_back`, which a forked process calls."""
    global _held_back
    _held_back = True


def load_held_back() -> None:
    """Import it now. Raises ConfigError as `load_task_types` does."""
    global _held_back
    _held_back = False
    types.load_rest()


def _load_users(config: "Config") -> None:
    if not (config.tasks or config.tasks_path):
        return
    if _held_back or _is_under_way(config):
        types.leave_for_later(lambda: _load_users(config))
        return
    on_broken = _leave_out if config.broken_tasks_are_left_out else _raise
    make_importable(Path.cwd())
    load_modules(config.tasks, on_broken)
    load_tasks(config.tasks_path, on_broken)


def _is_under_way(config: "Config") -> bool:
    """Return whether an application is importing a task module itself, which has imported us.

    Another task module may need that one, which is not complete yet: they are imported later.
    """
    tops = {name.partition(".")[0] for name in config.tasks}
    for name, module in list(sys.modules.items()):
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            file = Path(getattr(module, "__file__", None) or "/")
            inside = any(file.is_relative_to(folder) for folder in config.tasks_path)
            if inside or name.partition(".")[0] in tops:
                return True
    return False


def _is_service() -> bool:
    """Return whether this is more than the library alone, which has no use for demo types."""
    return importlib.util.find_spec("email_validator") is not None


def make_importable(folder: Path) -> None:
    """Let Python find the modules of a folder, behind all others: it hides none of them."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()


def load_modules(names: Iterable[str], on_broken: OnBroken = _raise) -> None:
    """Import modules by their names, and packages with all that is in them.

    Raises ConfigError with the user's file and line for the first that cannot be imported, or calls
    `on_broken` with it for each. Reports one that declares nothing, unless it was there before:
    another module has imported it.
    """
    for name in names:
        was_there, before = name in sys.modules, types.declared()
        import_named(name, on_broken)
        if not was_there and name in sys.modules and types.declared() <= before:
            text = (
                f"TASKS: {name} declares no task; decorate its functions with @task of huey_tasks"
            )
            import_watch.say("empty", text)


def load_tasks(folders: Iterable[Path], on_broken: OnBroken = _raise) -> list[str]:
    """Import every module of the folders, so that its task types are registered.

    Files and packages whose names begin with `_` or `test_`, and `conftest`, are left out, and so
    is a file that is imported already. Returns the names of the modules. Raises ConfigError with
    file and line for the first module whose name is taken; calls `on_broken` with it for each that
    cannot be imported.
    """
    roots = list(dict.fromkeys(folder.resolve() for folder in folders))
    found = [module for root in roots for module in task_folders.modules_of(root)]
    found = task_folders.with_unique_names(_not_imported(found))
    task_folders.require_own_names(found)
    for place in dict.fromkeys(module.place for module in found):
        make_importable(Path(place))
    loaded = list(dict.fromkeys(module for module in found if not module.is_private))
    with import_watch.Watch("TASKS_PATH", roots) as watch:
        for module in loaded:
            watch.begin(str(module.file))
            try:
                _import_file(module, roots)
            except ConfigError as error:
                on_broken(error)
    return list(dict.fromkeys(module.name for module in loaded))


def _not_imported(modules: list[Module]) -> list[Module]:
    """Return the modules without those whose file TASKS has imported under another name."""
    wanted = {module.file.name for module in modules}
    names = dict[Path, str]()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).name in wanted:
            names[Path(file).resolve()] = name
    return [
        module
        for module in modules
        if names.get(module.file, module.name) == module.name or module.is_private
    ]


def _import_file(module: Module, roots: Sequence[Path]) -> None:
    import_one(module.name, "TASKS_PATH", roots, str(module.file))
    file = getattr(sys.modules.get(module.name), "__file__", None)
    if file is None or not module.file.samefile(file):
        raise ConfigError(f"TASKS_PATH: {module.file} is hidden by {file}: rename it")
