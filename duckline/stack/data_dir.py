"""Lock a data directory: it belongs to the stack on one port, and one process uses it at a time.

Owns the mark (the file `port`), the lock, which is released when its holders exit, and the choice
between the default directory and `port-<PORT>` in it. The choice does not depend on which stack
starts first: a stack that used another folder would not find the tasks that it accepted. It does
not read the data.
"""

import fcntl
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

from duckline.stack.errors import StartRefused
from huey_tasks.settings import data_folder

OWNER_WAIT_S = 20.0  # longer than an orderly stop takes with the default SHUTDOWN_GRACE_S
LOCK = "lock"
_POLL_S = 0.05


class DataDirLock:
    """Locks `directory` for this process, and for every child that inherits `fd`.

    Redis inherits it: after a `kill -9` of the stack the lock is held until that Redis has written
    its last byte, so that two servers never append to the same file.
    """

    def __init__(self, directory: Path, fd: int) -> None:
        self.directory = directory
        self.fd = fd

    def release(self) -> None:
        """Release the directory; children that still hold `fd` keep it locked."""
        os.ftruncate(self.fd, 0)
        os.close(self.fd)


def claim(
    directory: Path, *, is_default: bool, port: int, say: Callable[[str], None]
) -> tuple[DataDirLock, str | None]:
    """Lock the folder of the stack on `port`, and mark it with that port on its first use.

    The folder is `directory`; if that is the default and is marked with another port, it is
    `directory/port-<port>`, whether or not the other stack runs. If another process holds the lock,
    wait up to OWNER_WAIT_S and call `say` with a line about it. Return the lock and, for the second
    folder, a line for the log. Raise StartRefused when the folder cannot be used.
    """
    deadline = time.monotonic() + OWNER_WAIT_S
    for attempt in itertools.count():
        # Read again each time: the holder of the lock may be marking the folder right now.
        folder = folder_of(port, directory) if is_default else directory
        lock, owner = _try(folder)
        if lock is not None:
            if is_default and folder_of(port, directory) != folder:
                lock.release()
                continue
            _mark(folder, port)
            note = f"{directory} belongs to the stack on another port; using {folder} for data"
            return lock, note if folder != directory else None
        if time.monotonic() > deadline:
            raise StartRefused(_in_use(folder, owner))
        # Wait silently for a killed owner: its Redis is writing its last bytes.
        if attempt == 1 and _is_alive(owner):
            say(f"DATA_DIR is in use by the stack with pid {owner}; waiting in case it is stopping")
        time.sleep(_POLL_S)
    raise AssertionError("the loop above never ends")


def folder_of(port: int, directory: Path) -> Path:
    """Return the folder of the stack on `port`. Raises StartRefused if it cannot be read."""
    try:
        return data_folder.folder_of(port, directory)
    except OSError as error:
        raise _unusable(directory, error) from error


def _mark(directory: Path, port: int) -> None:
    """Write the owner's port, in one step, into a locked folder without an owner."""
    new = directory / f"{data_folder.MARK}.new"
    try:
        if data_folder.marked(directory) is not None:
            return
        with new.open("w", encoding="ascii") as file:
            file.write(f"{port}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(directory / data_folder.MARK)
    except OSError as error:
        raise _unusable(directory, error) from error


def _try(directory: Path) -> tuple[DataDirLock | None, int]:
    """Return the lock, or None and the pid of the stack that holds it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(directory, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = _owner(fd)
        os.close(fd)
        return None, owner
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return DataDirLock(directory, fd), os.getpid()


def _owner(fd: int) -> int:
    text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else 0


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's process, and alive
    return True


def _unusable(directory: Path, error: OSError) -> StartRefused:
    return StartRefused(f"DATA_DIR {directory} cannot be used: {error.strerror}")


def _in_use(directory: Path, owner: int) -> str:
    return (
        f"DATA_DIR {directory} is in use by the stack with pid {owner}; "
        f"stop that one (kill {owner}) or set DATA_DIR to another folder"
    )
