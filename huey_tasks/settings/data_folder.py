"""The folder of the embedded Redis: which one belongs to a port, and where its socket is.

The stack locks and marks the folder (`duckline.stack.data_dir`). Every other process on this
machine that has no REDIS_URL reads the mark, so a web application submits to the stack that runs
in its folder.
"""

import os
from pathlib import Path
from urllib.parse import quote

#: The file with the port of the stack that a folder belongs to, and the socket of its Redis.
MARK, SOCKET = "port", "redis.sock"

#: sockaddr_un has 108 bytes on Linux and 104 on macOS, including the terminating zero.
LONGEST_SOCKET_PATH_BYTES = 100


def marked(directory: Path) -> int | None:
    """Return the port that the folder belongs to; None if it has no owner yet. Raises OSError."""
    try:
        text = (directory / MARK).read_text("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return int(text) if text.isdecimal() else None


def folder_of(port: int, directory: Path) -> Path:
    """Return where the stack on `port` keeps its data below the default `directory`."""
    own = directory / f"port-{port}"
    return directory if marked(own) != port and marked(directory) in (None, port) else own


def socket_in(directory: Path) -> Path:
    """Return the path of the socket, which is elsewhere if that in `directory` is too long."""
    path = directory / SOCKET
    return path.readlink() if path.is_symlink() else path


def url(path: Path, database: int) -> str:
    """Return the URL of one database behind the socket."""
    return f"unix://{quote(str(path))}?db={database}"


def url_of(directory: Path, port: int, *, is_default: bool) -> str | None:
    """Return the URL of the Redis of the stack on `port`, whether or not it runs now.

    None if no stack has used the folder: a stack that starts later, or again, is found by the same
    path.
    """
    found = _found(directory, port, is_default=is_default)
    return found[1] if found else None


def of_url(broker_url: str, directory: Path, port: int, *, is_default: bool) -> Path | None:
    """Return the folder of the stack on `port` if its Redis is the one with that URL, else None."""
    found = _found(directory, port, is_default=is_default)
    return found[0] if found and found[1] == broker_url else None


def _found(directory: Path, port: int, *, is_default: bool) -> tuple[Path, str] | None:
    """Return the folder of the stack on `port`, and the URL of its Redis."""
    try:
        folder = directory.expanduser().absolute()
        folder = folder_of(port, folder) if is_default else folder
        path = socket_in(folder)
        used = marked(folder) is not None
    except (OSError, RuntimeError):  # the folder of somebody else, or of a user without a home
        return None
    return (folder, url(path, 0)) if used and _is_short(path) else None


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES
