"""The files of a function and their content, read again only when they have changed.

A file is looked at by `stat`, and read when its size, times or inode differ from the last look. A
clock of a file system is coarse, so two writes within one tick may look the same: what was changed
less than two seconds before it was read is read again.

A file may change, vanish or be no regular file at any moment: none of that raises.
"""

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Folders and files that are never part of a function: they are made by tools, and may be huge.
_TOOLS = frozenset({
    "__pycache__", "node_modules", ".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox",
    ".idea", ".vscode", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
    ".aws-sam", ".DS_Store",
})  # fmt: skip
_TOOL_ENDS = (".pyc", ".swp", ".swo", "~", ".part", ".crdownload")
#: More files than this in one function are a mistake, such as a link to a home folder.
MOST_FILES = 20_000
#: A file above this is known by its size and times; reading a model of 2 GB takes seconds.
_MOST_BYTES_READ = 64 * 2**20
_PIECE = 2**20
#: What was changed within this time before it was read may change again without a trace.
_COARSE_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file. The same object as at the last look means: nothing has changed."""

    sha256: bytes
    size: int
    mtime_ns: int
    is_executable: bool


@dataclass(slots=True)
class Seen:
    """A file at the last look: how it was recognised, and its content."""

    signature: tuple[int, ...]
    content: Content
    is_settled: bool


def look(path: str, before: Seen | None) -> Seen | None:
    """Return what is in a regular file now, reading it if need be; None if there is none.

    A file that cannot be read has a content of its own, so that a later success is a change.
    """
    try:
        info = os.stat(path)  # noqa: PTH116 - a Path would take twice as long, at every call
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(info.st_mode):
        return None
    signature = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_mode)
    if before is not None and before.is_settled and before.signature == signature:
        return before
    now = time.time_ns()
    content = Content(
        sha256=_digest(path, info),
        size=info.st_size,
        mtime_ns=info.st_mtime_ns,
        is_executable=bool(info.st_mode & 0o111),
    )
    if before is not None and before.content == content:
        content = before.content
    is_settled = max(info.st_mtime_ns, info.st_ctime_ns) < now - _COARSE_NS
    return Seen(signature, content, is_settled)


def read(path: Path) -> bytes | None:
    """Return the bytes of a regular file, None if it cannot be read."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            return file.read()
    except OSError:
        return None


def look_at_all(root: str, before: Mapping[str, Seen]) -> dict[str, Seen] | None:
    """Return the files below a folder by their relative paths, sorted; links are followed.

    Returns None if there are more than MOST_FILES.
    """
    found = dict[str, Seen]()
    for number, (name, path) in enumerate(_walk(root, "", frozenset())):
        if number >= MOST_FILES:
            return None
        if (seen := look(path, before.get(name))) is not None:
            found[name] = seen
    return dict(sorted(found.items()))


def is_tools(name: str) -> bool:
    """Return whether a file or folder of that name is made by a tool, and no part of a program."""
    return name in _TOOLS or name.endswith(_TOOL_ENDS) or name.startswith(".#")


def digest_of(contents: Mapping[str, Content]) -> bytes:
    """Return the SHA-256 of names and contents."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        entry = f"{len(name)}:{name}:{int(content.is_executable)}:"
        digest.update(entry.encode(errors="surrogateescape"))
        digest.update(content.sha256)
    return digest.digest()


def _walk(root: str, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """Yield relative name and path of each file; not into a link to a folder that is above it."""
    try:
        info = os.stat(root)  # noqa: PTH116
        here = (info.st_dev, info.st_ino)
        if here in above:
            return
        with os.scandir(root) as entries:
            inner = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inner:
        if is_tools(entry.name):
            continue
        if is_folder(entry):
            yield from _walk(entry.path, f"{prefix}{entry.name}/", above | {here})
        else:
            yield prefix + entry.name, entry.path


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Return whether an entry is a folder, or a link to one; a loop of links is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _digest(path: str, info: os.stat_result) -> bytes:
    if info.st_size > _MOST_BYTES_READ:
        return hashlib.sha256(f"{info.st_size}:{info.st_mtime_ns}".encode()).digest()
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0, opener=_without_waiting) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        return hashlib.sha256(f"unreadable: {error.errno}".encode()).digest()
    return digest.digest()


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting: a file that has become a pipe meanwhile has perhaps no writer."""
    return os.open(path, flags | os.O_NONBLOCK)
