"""Forks in a pool of greenlets: each is noted, and takes along only the greenlet that makes it.

As a fork does with threads. gevent lets all greenlets go on in a child that waits, where they would
read what Redis answers to those of the pool, and run the tasks that are claimed there.
Only to be imported in a process that gevent has patched.
"""

import _posixsubprocess
import gc
import os
from collections.abc import Callable
from typing import Any

import gevent
from gevent import core  # pyright: ignore[reportAttributeAccessIssue]
from gevent import os as gevent_os
from gevent import subprocess as gevent_subprocess

#: What would have called the other greenlets; freed, it would end each by an exception.
_held: list[Any] = []


def note_forks(note: Callable[[int], None]) -> None:
    """Call `note` on both sides of each fork, with its result, in the greenlet that forks."""

    def noting(start: Callable[..., Any], *, runs_on: bool = False) -> Callable[..., Any]:
        def start_and_note(*args: Any, **options: Any) -> Any:
            found = start(*args, **options)
            pid = found[0] if isinstance(found, tuple) else found
            if pid == 0 and runs_on:
                _hold_others()
            note(pid)
            return found

        return start_and_note

    # Each is called by whatever starts a process in its way, and by nothing of the others. The
    # children of the first two run on in Python; those of the others execute a program at once.
    for module, name in (
        (gevent_os, "_raw_fork"),
        (gevent_os, "_raw_forkpty"),
        (gevent_os, "_raw_posix_spawn"),
        (gevent_os, "_raw_posix_spawnp"),
        (gevent_subprocess, "fork"),
        (_posixsubprocess, "fork_exec"),  # how multiprocessing spawns
    ):
        if hasattr(module, name):
            runs_on = name.startswith("_raw_fork")
            setattr(module, name, noting(getattr(module, name), runs_on=runs_on))
    os.system = _system  # C forks for it, and all greenlets would wait


def _system(command: str | bytes) -> int:
    code = gevent_subprocess.call(command, shell=True)  # noqa: S604 - as os.system does
    return -code if code < 0 else code << 8


def _hold_others() -> None:
    """Stop every event that another greenlet waits for; this one waits for nothing.

    gevent has no list of it. What the loop does for itself after a fork goes on.
    """
    loop: Any = gevent.get_hub().loop
    for pending in loop._callbacks:  # noqa: SLF001 - gevent has no public list of them
        _held.append((pending.callback, pending.args))
        pending.stop()
    for one in gc.get_objects():
        if isinstance(one, core.watcher) and one.active and not isinstance(one, core.fork):
            _held.append((one.callback, one.args))
            one.stop()
