"""Kill the orphans that a dead process of the stack leaves behind. Linux only.

Every process of the stack kills the orphans of its own children. When the process itself is killed,
its children become children of the nearest process that adopts orphans: the stack.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent exits."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans(own: Collection[int]) -> int:
    """Kill and reap the children that are not `own`; return how many were killed.

    Processes in this process's own session were started by the stack itself and are not killed.
    Each end causes a SIGCHLD; orphans of an orphan are killed by the next call.
    """
    killed = 0
    for pid, state in _adopted(own):
        if state == "Z":
            os.waitpid(pid, os.WNOHANG)
        else:
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def _adopted(own: Collection[int]) -> list[tuple[int, str]]:
    """Return the id and state of each; only its parent, this process, can free a child's id."""
    found: list[tuple[int, str]] = []
    for folder in Path("/proc").iterdir() if sys.platform == "linux" else ():
        if not folder.name.isdigit() or int(folder.name) in own:
            continue
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it has exited meanwhile
            continue
        state, parent, _, session = stat.rpartition(")")[2].split()[:4]
        if int(parent) == os.getpid() and int(session) != os.getsid(0):
            found.append((int(folder.name), state))
    return found
