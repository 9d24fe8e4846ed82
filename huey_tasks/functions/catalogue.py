"""The functions of all folders in FUNCTIONS_PATH, as they are on disk now.

Each call looks at the file system, by `stat`, and reads again what has changed: no watcher can miss
a change, and the next call of a function runs what is there. Nothing is imported, and a file that
is being written, or cannot be read or parsed, is a function's fault and never an error here.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from huey_tasks.config import Config
from huey_tasks.functions.function import Function, Ignored
from huey_tasks.functions.place import Place, Service
from huey_tasks.functions.settings_file import NAME as SETTINGS

_SERVICE = Service()


@dataclass(frozen=True)
class Sight:
    """What a look at all folders has found.

    `has_folder`: whether one of them is there. `is_readable`: whether each settings file could be
    read; half a file says nothing of what is gone. `unknown`: the settings files and templates that
    no look could read yet; another one that is unreadable now says what it said before.
    """

    functions: Mapping[str, Function]
    ignored: tuple[Ignored, ...]
    has_folder: bool
    is_readable: bool
    unknown: tuple[Ignored, ...]


class Catalogue:
    """Finds functions below `paths`; of two with one name, the one in the first path wins.

    `service` is what settings may refer to. May be used by several threads.
    """

    def __init__(self, paths: Iterable[Path], service: Service = _SERVICE) -> None:
        folders = dict.fromkeys(path.expanduser().absolute() for path in paths)
        self._places = [Place(folder, service) for folder in folders]
        self._lock = threading.Lock()

    @classmethod
    def of(cls, config: Config) -> "Catalogue":
        """Return the catalogue of the settings."""
        service = Service(config.queue_names, config.aws_region, config.aws_account_id)
        return cls(config.functions_path, service)

    def find(self, name: str) -> Function | None:
        """Return the function of that name as it is now, None if there is none."""
        with self._lock:
            for place in self._places:
                if (found := place.find(name)) is not None:
                    return found
            return None

    def functions(self) -> Mapping[str, Function]:
        """Return all functions by name, sorted."""
        return self.look().functions

    def ignored(self) -> tuple[Ignored, ...]:
        """Return what is in the folders and is no function, or changes nothing, and why."""
        return self.look().ignored

    def look(self) -> Sight:
        """Return all that is in the folders."""
        found = dict[str, Function]()
        ignored = list[Ignored]()
        with self._lock:
            for place in self._places:
                ignored += place.ignored()
                for name, each in place.all():
                    if isinstance(each, Ignored):
                        ignored.append(each)
                    elif name in found:
                        reason = f"the name '{name}' is taken by {found[name].file}"
                        ignored.append(Ignored(each.file, reason))
                    else:
                        found[name] = each
            ignored += self._beside()
            has_folder = any(place.path.is_dir() for place in self._places)
            is_readable = all(place.is_readable for place in self._places)
            unknown = tuple(each for place in self._places for each in place.unknown())
        functions = MappingProxyType(dict(sorted(found.items())))
        return Sight(functions, tuple(ignored), has_folder, is_readable, unknown)

    def _beside(self) -> Iterator[Ignored]:
        """Yield the settings that lie beside a folder of functions and not in it."""
        folders = [place.path for place in self._places]
        for folder in folders:
            file = folder.parent / SETTINGS
            if folder.parent not in folders and os.path.isfile(file):  # noqa: PTH113 - never raises
                yield Ignored(file, f"it changes nothing here: move it to {folder / SETTINGS}")
