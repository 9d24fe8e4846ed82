"""Who owns a data directory: one stack at a time, held by a lock that dies with its holders.

Owns the lock and the choice of a directory for a second stack. It does not look inside the data.
"""

import fcntl
import os
import time
from pathlib import Path

from stack.errors import StartRefused

DYING_OWNER_WAIT_S = 10.0
_POLL_S = 0.05


class DataDirLock:
    """Hold `directory` for this process, and for every child that inherits `fd`.

    Redis inherits it: after a `kill -9` of the stack the lock stays taken until that Redis has
    written its last byte, so that two servers never append to the same file.
    """

    def __init__(self, directory: Path, fd: int) -> None:
        self.directory = directory
        self.fd = fd

    def release(self) -> None:
        """Give the directory up; children that still hold `fd` keep it."""
        os.ftruncate(self.fd, 0)
        os.close(self.fd)


def claim(directory: Path, *, is_default: bool, port: int) -> tuple[DataDirLock, str | None]:
    """Lock `directory`, or `directory/port-<port>` if it is only the default and in use.

    Return the lock and, when the fallback was taken, a line for the log. Raise StartRefused when
    neither can be had.
    """
    lock, owner = _try(directory)
    if lock is not None:
        return lock, None
    if not is_default:
        raise StartRefused(_in_use(directory, owner))
    fallback = directory / f"port-{port}"
    lock, other_owner = _try(fallback)
    if lock is None:
        raise StartRefused(_in_use(fallback, other_owner))
    return lock, f"{directory} is in use by the stack with pid {owner}; keeping data in {fallback}"


def _try(directory: Path) -> tuple[DataDirLock | None, int]:
    """Return the lock, or None and the pid of the stack that holds it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartRefused(f"DATA_DIR {directory} cannot be used: {error.strerror}") from error
    deadline = time.monotonic() + DYING_OWNER_WAIT_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(fd)
            if _is_alive(owner) or time.monotonic() > deadline:
                os.close(fd)
                return None, owner
            time.sleep(_POLL_S)  # a killed stack's Redis is still writing its last bytes
        else:
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
        return True  # somebody else's process, and alive
    return True


def _in_use(directory: Path, owner: int) -> str:
    return (
        f"DATA_DIR {directory} is in use by the stack with pid {owner}; "
        f"stop that one (kill {owner}) or set DATA_DIR to another folder"
    )
