"""What may be a function: a file or a folder, looked at again at each call.

A candidate keeps what it has found, and returns the same record as long as nothing has changed.
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from huey_tasks.functions import code, files
from huey_tasks.functions.code import Code, Sources
from huey_tasks.functions.files import Content, Seen
from huey_tasks.functions.function import Fault, Function, Ignored
from huey_tasks.functions.settings import Settings

#: A folder with more files is not looked at by every call: looking takes a tenth of the time then.
_MANY_FILES = 500
_PAUSE_A_FILE_S = 50e-6


@dataclass(frozen=True, eq=False)
class Given:
    """The settings of one function; `fault` if they are wrong, then the others are defaults."""

    settings: Settings
    fault: Fault | None
    notes: tuple[str, ...]


class Candidate:
    """A file or a folder, by the name that its function has."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self._contents: Mapping[str, Content] | None = None
        self._given: Given | None = None
        self._answer: Function | Ignored | None = None

    def function(self, given: Given) -> Function | Ignored | None:
        """Return the function as it is now, or why it is none; None if it is not there any more."""
        contents = self.look()
        if contents is None:
            self._answer = Ignored(self.path, f"it has more than {files.MOST_FILES} files")
        elif contents is not self._contents or given is not self._given:
            found = self.code(contents, given.settings.handler)
            self._answer = _answer(self.name, self.path, found, given)
        self._contents, self._given = contents, given
        return self._answer

    def look(self) -> Mapping[str, Content] | None:
        """Return the contents, the same object if nothing has changed; None: they are too many."""
        raise NotImplementedError

    def code(self, contents: Mapping[str, Content], handler: str | None) -> Code | str | None:
        """Return what the files say, why they are no function, or None if there are none."""
        raise NotImplementedError


class FolderCandidate(Candidate):
    """A folder: all that is in it belongs to the function."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, path)
        self._sources = Sources(path)
        self._seen: dict[str, Seen] = {}
        self._known: Mapping[str, Content] | None = {}
        self._next_look = 0.0

    def look(self) -> Mapping[str, Content] | None:
        """Return the contents of all files in the folder."""
        now = time.monotonic()
        if now < self._next_look:
            return self._known
        seen = files.look_at_all(str(self.path), self._seen)
        number = files.MOST_FILES if seen is None else len(seen)
        self._next_look = now + (number * _PAUSE_A_FILE_S if number > _MANY_FILES else 0)
        self._seen = seen or {}
        self._known = None if seen is None else _kept(self._known, _contents(seen))
        return self._known

    def code(self, contents: Mapping[str, Content], handler: str | None) -> Code | str | None:
        """Return what the folder's files say."""
        if not contents and not self.path.is_dir():
            return None
        return code.code_of(self.path, code.ENTRIES, contents, self._sources, handler)


class FileCandidate(Candidate):
    """One file, with what it imports from beside it."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, path)
        self._sources = Sources(path.parent)
        self._seen: dict[str, Seen] = {}
        self._known: Mapping[str, Content] = {}
        self.listing: Mapping[str, bool] = {}

    def look(self) -> Mapping[str, Content] | None:
        """Return the contents of the file and of what belongs to it."""
        now_seen = dict[str, Seen]()

        def look(name: str, is_folder: bool) -> Mapping[str, Content]:
            path = os.path.join(self.path.parent, name)  # noqa: PTH118 - at every call
            if is_folder:
                before = {
                    key.removeprefix(f"{name}/"): seen
                    for key, seen in self._seen.items()
                    if key.startswith(f"{name}/")
                }
                inner = files.look_at_all(path, before) or {}
                found = {f"{name}/{key}": seen for key, seen in inner.items()}
            else:
                seen = files.look(path, self._seen.get(name))
                found = {} if seen is None else {name: seen}
            now_seen.update(found)
            return _contents(found)

        contents = code.local_files(self.path.name, self.listing, look, self._sources)
        self._seen = now_seen
        self._known = _kept(self._known, contents)
        return self._known

    def code(self, contents: Mapping[str, Content], handler: str | None) -> Code | str | None:
        """Return what the file says."""
        if self.path.name not in contents:
            return None
        entries = (self.path.name,)
        return code.code_of(self.path.parent, entries, contents, self._sources, handler)


def _contents(seen: Mapping[str, Seen]) -> dict[str, Content]:
    return {name: each.content for name, each in seen.items()}


def _kept(
    before: Mapping[str, Content] | None, now: Mapping[str, Content]
) -> Mapping[str, Content]:
    """Return `before` if `now` has the same contents."""
    if before is None or len(before) != len(now):
        return now
    return before if all(before.get(name) is each for name, each in now.items()) else now


def _answer(
    name: str, path: Path, found: Code | str | None, given: Given
) -> Function | Ignored | None:
    if found is None:
        return None
    if isinstance(found, str):
        return Ignored(path, found)
    settings = given.settings
    return Function(
        name=name,
        root=found.root,
        file=found.file,
        handler=found.handler,
        line=found.line,
        runtime=found.runtime,
        version=_version(found, settings),
        code_sha256=found.sha256,
        code_size=found.size,
        modified_at=found.modified_at,
        requirements=found.requirements,
        timeout_s=settings.timeout,
        memory_mb=settings.memory,
        env=MappingProxyType(settings.env),
        queue=settings.queue,
        reserved_concurrency=settings.reserved_concurrency,
        retries=settings.retries,
        max_age_s=settings.max_age,
        on_success=settings.on_success,
        on_failure=settings.on_failure,
        dead_letter=settings.dead_letter,
        durable=settings.durable_limits(found.is_durable),
        url=settings.function_url(),
        schedule=settings.schedules(),
        events=settings.patterns(),
        watch=tuple(settings.watch),
        debug=settings.debug,
        description=settings.description,
        fault=given.fault or found.fault,
        notes=given.notes,
    )


def _version(found: Code, settings: Settings) -> str:
    """Return a hash of all that a process of the function was started with."""
    seen = [found.digest.hex(), found.runtime, found.handler, sorted(settings.env.items()),
            settings.memory, settings.debug]  # fmt: skip
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
