"""The folder in which the web processes of one server count for /metrics.

A server that is killed cannot remove its own, so the next one does: it is unused when nobody holds
its lock, which the server and the web processes that it forks hold as long as one of them lives.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "duckline-counts-"


def make() -> str:
    """Make a folder for this process and those that it forks. Raises OSError."""
    _remove_unused()
    # Another server must not see it under its name before it is locked.
    new = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    fcntl.flock(os.open(new, os.O_RDONLY), fcntl.LOCK_SH)  # it stays open, and locked
    return str(new.rename(new.with_name(new.name.removeprefix("new-"))))


def _remove_unused() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another user's, or removed meanwhile
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(fd)
