"""Report which source files change, in folders that may be others after each change."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

SOURCE_SUFFIXES = (".py", ".lua", ".html", ".js", ".css", ".svg", ".json")


class SourceFilter(DefaultFilter):
    """Accepts source files below some folders; not what tools and editors write beside them.

    These are caches, copies, and all that is hidden or in a hidden folder: Python imports none of
    it. The folders themselves may be in a hidden one.
    """

    ignore_entity_patterns = (*DefaultFilter.ignore_entity_patterns, "^~", r"_flymake\.py$")

    def __init__(self, folders: Iterable[Path]) -> None:
        super().__init__()
        self._folders = tuple(folders)

    def __call__(self, change: Change, path: str) -> bool:
        return (
            path.endswith(SOURCE_SUFFIXES)
            and super().__call__(change, path)
            and not any(self._is_hidden_in(folder, Path(path)) for folder in self._folders)
        )

    @staticmethod
    def _is_hidden_in(folder: Path, file: Path) -> bool:
        inner = file.relative_to(folder).parts if file.is_relative_to(folder) else ()
        return any(part.startswith(".") for part in inner)


@dataclass(frozen=True)
class Watched:
    """Folders to watch: some with all that is below them, others with their own files only."""

    whole: frozenset[Path]
    flat: frozenset[Path]

    def covers(self, path: Path) -> bool:
        """Return whether a folder is watched already: a second watch would report all twice."""
        return any(path.is_relative_to(folder) for folder in self.whole)

    def __or__(self, other: "Watched") -> "Watched":
        return Watched(self.whole | other.whole, self.flat | other.flat)


def folders_of(files: Iterable[Path]) -> Watched:
    """Return the packages of these files, and the folders of those that are in none.

    Such a folder may be a home folder: what is below it is not watched.
    """
    whole, flat = set[Path](), set[Path]()
    for file in files:
        top = None
        for folder in file.parents:
            if not (folder / "__init__.py").exists():
                break
            top = folder
        if top is None:
            flat.add(file.parent)
        else:
            whole.add(top)
    return Watched(frozenset(whole), frozenset(flat))


class Changes:
    """Collects the names of changed files until they are asked for."""

    def __init__(self) -> None:
        self._files: set[Path] = set()
        self._some = asyncio.Event()
        self._watched = Watched(frozenset(), frozenset())
        self._tasks: list[asyncio.Task[None]] = []

    def follow(self, watched: Watched) -> None:
        """Watch these folders, too. Those before stay watched, so that no change is missed."""
        known = self._watched
        whole = frozenset(path for path in watched.whole if not known.covers(path))
        known = Watched(known.whole | whole, known.flat)
        flat = frozenset(path for path in watched.flat - known.flat if not known.covers(path))
        self._watched = Watched(known.whole, known.flat | flat)
        for paths, recursive in ((whole, True), (flat, False)):
            if paths:
                self._tasks.append(asyncio.create_task(self._collect(paths, recursive)))

    async def next(self) -> set[Path]:
        """Wait for changes; return the files that have changed since the last call."""
        await self._some.wait()
        self._some.clear()
        files, self._files = self._files, set()
        return files

    async def close(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _collect(self, paths: frozenset[Path], recursive: bool) -> None:
        changed = awatch(*paths, watch_filter=SourceFilter(paths), recursive=recursive)
        async for changes in changed:
            self._files |= {Path(path) for _, path in changes}
            self._some.set()
