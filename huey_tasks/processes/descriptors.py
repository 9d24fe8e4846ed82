"""File descriptors that must be what they are: 0, 1 and 2, and those that a worker itself needs.

A print writes to number 1, whatever file has that number. So numbers 0 to 2 are never left open for
another file or socket to take, and our own sockets stand above those that programs close in bulk.
"""

import contextlib
import fcntl
import os
import socket
from collections.abc import Sequence

STANDARD = (0, 1, 2)

#: Our own sockets and duplicates have numbers from here on, where the limits allow it.
HIGH = 64

Identity = tuple[int, int]  # device, inode


def identity(fd: int) -> Identity | None:
    """Which file or socket has this number; None if it is free."""
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def fill_standard() -> None:
    """Open /dev/null in the place of each of 0, 1 and 2 that is closed."""
    for fd in STANDARD:
        if identity(fd) is None:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest free one


def apart(found: socket.socket) -> socket.socket:
    """Return the socket under a high number; as it is, where the process may have none so high."""
    if found.fileno() >= HIGH:
        return found
    try:
        moved = socket.socket(fileno=duplicate(found.fileno()))
    except OSError:
        return found
    moved.settimeout(found.gettimeout())
    found.close()
    return moved


def duplicate(fd: int) -> int:
    """Return a duplicate with a high number that no program inherits. Raises OSError."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH)


class StandardDescriptors:
    """Numbers 0 to 2 as they are now, with a duplicate of each to restore it from.

    `needed` are others, which cannot be restored.
    """

    def __init__(self, needed: Sequence[int] = ()) -> None:
        fill_standard()
        self._needed = tuple(needed)
        self._known = [identity(fd) for fd in STANDARD]
        self._kept: list[int] = []
        for fd in STANDARD:
            with contextlib.suppress(OSError):  # no descriptor is free: the worker is replaced
                self._kept.append(duplicate(fd))

    def read(self) -> list[Identity | None]:
        """Which files the numbers 0 to 2, their duplicates and the needed ones are."""
        return [identity(fd) for fd in (*STANDARD, *self._kept, *self._needed)]

    def restore(self, _: object = None) -> None:
        """Restore each number, or open /dev/null there, so that no other file takes the number."""
        for fd, known, kept in zip(STANDARD, self._known, self._kept, strict=False):
            if identity(fd) != known and identity(kept) == known:
                os.dup2(kept, fd)
        fill_standard()


class Reserve:
    """Some descriptors for the end: a worker without any could not commit what it has done."""

    SIZE = 8

    def __init__(self) -> None:
        self._known = identity(0)
        self._fds: list[int] = []
        with contextlib.suppress(OSError):  # none is free even now
            self._fds = [duplicate(0) for _ in range(self.SIZE)]

    def give_up(self) -> None:
        """Close those that are still ours, so that their numbers can be used."""
        while self._fds:
            fd = self._fds.pop()
            if identity(fd) == self._known:
                os.close(fd)
