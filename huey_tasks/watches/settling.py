"""Whether a file is complete, as far as that can be known: nobody says so.

A file is complete when it has not changed for a while. How long is enough depends on whether the
kernel knows of a process that has it open for writing. It says so for a file of our own user on a
local file system, when asked for a lease; elsewhere only time can tell.
"""

import fcntl
import os
from enum import Enum

from huey_tasks.watches.listing import Version


class Writers(Enum):
    """What the kernel says of those who write a file."""

    NONE = 1
    SOME = 2
    UNKNOWN = 3
    #: It is another version by now, or cannot be read.
    CHANGED = 4


#: Seconds for which a file must be unchanged.
SETTLED_S = {Writers.NONE: 0.5, Writers.UNKNOWN: 3.0, Writers.SOME: 60.0}


def writers_of(path: str, version: Version) -> Writers:
    """Ask the kernel. SIGIO must be ignored: it comes if somebody opens the file meanwhile."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Writers.CHANGED
    try:
        info = os.fstat(fd)
        if (info.st_size, info.st_mtime_ns) != version:
            return Writers.CHANGED
        return _ask(fd)
    finally:
        os.close(fd)


def _ask(fd: int) -> Writers:
    if not hasattr(fcntl, "F_SETLEASE"):
        return Writers.UNKNOWN
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return Writers.SOME
    except OSError:
        return Writers.UNKNOWN
    return Writers.NONE
