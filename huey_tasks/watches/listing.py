"""The files that the patterns of one function fit, as they are in the file system now.

A pattern is a path below the folder of the functions: `*` and `?` fit within a name, `**` any
folders between. Names that begin with a dot fit only where the pattern has the dot. Links to
folders are not followed, except those that the pattern names itself before its first `*`. A link to
a file counts if it leads to a file below the same folder. Paths are texts as `os.fsdecode` makes
them, so every name can be one.
"""

import fnmatch
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_WILD = re.compile(r"[*?\[]")


class Version(NamedTuple):
    """What tells a version of a file from another one."""

    size: int
    mtime_ns: int

    def __str__(self) -> str:
        return f"{self.mtime_ns}-{self.size}"


@dataclass
class Listing:
    """What one look has found, by paths below the folder of the functions.

    `problem`: what could not be read, so that a file may be missing here. `folders`: device and
    inode of each pattern's folder, which differ when something is mounted there or not any more.
    """

    files: dict[str, Version] = field(default_factory=dict[str, Version])
    problem: str | None = None
    folders: tuple[tuple[int, int], ...] = ()


class Pattern:
    """One pattern: the folder before its first `*`, and what fits below that."""

    def __init__(self, text: str) -> None:
        parts = [part for part in text.split("/") if part not in ("", ".")]
        fixed = 0
        while fixed < len(parts) - 1 and not _WILD.search(parts[fixed]):
            fixed += 1
        self.folder, self._parts = "/".join(parts[:fixed]), parts[fixed:]
        self._depth = None if "**" in self._parts else len(self._parts)
        self._with_hidden = any(part.startswith(".") for part in self._parts)

    def fits(self, path: str) -> bool:
        """Return whether a path below the folder fits."""
        return _fit(path.split("/"), self._parts)

    def goes_into(self, path: str) -> bool:
        """Return whether a file below that folder may fit."""
        if self._depth is not None and path.count("/") + 2 > self._depth:
            return False
        return self._with_hidden or not path.rpartition("/")[2].startswith(".")


def _fit(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Return whether the names of a path fit the parts of a pattern, one by one."""
    if not parts or not names:
        return not parts and not names
    name, part, others = names[0], parts[0], parts[1:]
    if name.startswith(".") and not part.startswith("."):
        return False
    if part != "**":
        return fnmatch.fnmatchcase(name, part) and _fit(names[1:], others)
    if not others:
        return len(names) == 1 or _fit(names[1:], parts)
    return _fit(names, others) or _fit(names[1:], parts)


def list_files(root: str, patterns: Sequence[Pattern]) -> Listing:
    """Return the files below `root` that fit one of the patterns. Raises nothing."""
    found = Listing()
    for pattern in patterns:
        folder = os.path.join(root, pattern.folder)  # noqa: PTH118 - bytes that are no text
        try:
            info = os.stat(folder)  # noqa: PTH116
            found.folders += ((info.st_dev, info.st_ino),)
            real = os.path.realpath(folder)
        except OSError as error:
            found.problem = found.problem or _words(pattern.folder, error)
            continue
        for path, version in _walk(folder, real, "", pattern, found):
            found.files[f"{pattern.folder}/{path}".lstrip("/")] = version
    return found


def _walk(
    folder: str, real: str, below: str, pattern: Pattern, found: Listing
) -> Iterator[tuple[str, Version]]:
    inner: list[str] = []
    try:
        with os.scandir(os.path.join(folder, below)) as entries:  # noqa: PTH118
            for entry in entries:
                path = f"{below}/{entry.name}" if below else entry.name
                if not entry.is_symlink() and entry.is_dir(follow_symlinks=False):
                    if pattern.goes_into(path):
                        inner.append(path)
                elif pattern.fits(path) and (version := _version(entry, real)) is not None:
                    yield path, version
    except FileNotFoundError as error:
        if not below:  # a folder inside may go at any moment
            found.problem = found.problem or _words(pattern.folder, error)
    except OSError as error:
        found.problem = found.problem or _words(f"{pattern.folder}/{below}".rstrip("/"), error)
    for path in inner:
        yield from _walk(folder, real, path, pattern, found)


def _version(entry: "os.DirEntry[str]", real: str) -> Version | None:
    """Return the version of a regular file; None for anything else, and for what has gone."""
    try:
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if not target.startswith(f"{real.rstrip('/')}/"):
                return None
            info = os.stat(target)  # noqa: PTH116
        else:
            info = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return Version(info.st_size, info.st_mtime_ns) if stat.S_ISREG(info.st_mode) else None


def _words(folder: str, error: OSError) -> str:
    return f"{folder or '.'} cannot be read: {error.strerror}"
