"""What a dead process of the stack has left behind comes to the stack, and is ended there.

Every process of the stack ends what its own children leave behind. When one is killed, nobody is
left to do that: its orphans become children of the nearest process that adopts them. Linux only.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans(own: Collection[int]) -> int:
    """Kill and collect the children that are not `own`; returns how many were killed.

    What runs in this process's own session was started by the stack itself, and is left alone. Its
    end comes with a SIGCHLD, and what it leaves behind with the next call.
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
    """The id and the state of each: only its parent, this process, can take a child's id away."""
    found: list[tuple[int, str]] = []
    for folder in Path("/proc").iterdir() if sys.platform == "linux" else ():
        if not folder.name.isdigit() or int(folder.name) in own:
            continue
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it has gone meanwhile
            continue
        state, parent, _, session = stat.rpartition(")")[2].split()[:4]
        if int(parent) == os.getpid() and int(session) != os.getsid(0):
            found.append((int(folder.name), state))
    return found
