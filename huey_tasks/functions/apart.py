"""The functions as another process sees them, for one that must not wait for a disk.

A network folder may hang, and a process that looks into it hangs too, where no signal reaches it. A
supervisor has leases to renew, so a process of its own looks for it, and only that one hangs:
meanwhile the supervisor goes on with what was there at the last look.
"""

import gc
import logging
import os
import signal
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType
from typing import Any

from huey_tasks.functions.catalogue import Catalogue, Sight
from huey_tasks.functions.function import Function, Ignored
from huey_tasks.processes import offspring

logger = logging.getLogger(__name__)

#: Seconds that an answer of the other process is used.
LOOK_S = 0.9
#: Seconds until a process that has none of the folders looks again; it has no other process then.
EMPTY_S = 10.0
#: Seconds that the first call after a request waits for its answer; later ones do not wait.
PATIENCE_S = 0.2


class NotSeen(Exception):
    """The folders have not answered yet, so nothing is known."""


def _proxy(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


def _reduce(mapping: MappingProxyType[Any, Any]) -> tuple[Any, tuple[dict[Any, Any]]]:
    return _proxy, (dict(mapping),)


ForkingPickler.register(MappingProxyType, _reduce)


class Apart:
    """A catalogue that looks itself, and after `look_apart` by another process."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._owner = 0  # the process that looks by another one; its children look themselves
        self._forget()

    def look_apart(self) -> None:
        """Let this process look by another one from now on; it is started at the first look."""
        self._owner = os.getpid()
        self._forget()

    def processes(self) -> set[int]:
        """Return the id of the other process, if there is one, and of those that still end."""
        if os.getpid() != self._owner:
            return set()
        return {*self._left, *([self._pid] if self._pid else [])}

    def find(self, name: str) -> Function | None:
        """Return the function of that name, None if there is none. Raises NotSeen."""
        if os.getpid() != self._owner:
            return self._catalogue.find(name)
        return self.look().functions.get(name)

    def functions(self) -> Mapping[str, Function]:
        """Return all functions by name, sorted. Raises NotSeen."""
        return self.look().functions

    def ignored(self) -> tuple[Ignored, ...]:
        """Return what is in the folders and is no function, and why. Raises NotSeen."""
        return self.look().ignored

    def look(self) -> Sight:
        """Return all that is known of the folders. Raises NotSeen."""
        if os.getpid() != self._owner:
            return self._catalogue.look()
        try:
            self._exchange()
        except (OSError, EOFError):  # the other process has ended
            self._hang_up()
        if self._sight is None:
            raise NotSeen
        return self._sight

    def _exchange(self) -> None:
        """Ask if the last answer is old, and take the answer if it is there."""
        self._left = {pid for pid in self._left if not _has_ended(pid)}
        is_new_question = self._asked_at is None and time.monotonic() >= self._next_at
        if is_new_question:
            self._asked_at = time.monotonic()
            if self._pipe is None:
                self._pid, self._pipe = _start(self._catalogue)
            self._pipe.send(None)
        if self._asked_at is None or self._pipe is None:
            return
        if not self._pipe.poll(PATIENCE_S if is_new_question else 0):
            if is_new_question:
                logger.warning("a folder of functions does not answer")
            return
        sight: Sight | None = self._pipe.recv()
        if sight is not None:  # None: nothing has changed
            self._sight = sight
        self._asked_at, self._next_at = None, time.monotonic() + LOOK_S
        if self._sight is not None and not self._sight.has_folder:
            self._hang_up()
            self._next_at += EMPTY_S

    def _hang_up(self) -> None:
        """Let the other process end."""
        if self._pipe is not None:
            self._pipe.close()
            self._left.add(self._pid)
        self._pid, self._pipe, self._asked_at = 0, None, None
        self._next_at = time.monotonic() + LOOK_S

    def _forget(self) -> None:
        self._pid = 0
        self._left = set[int]()  # other processes that end, to be collected
        self._pipe: Connection[None, Sight | None] | None = None
        self._sight: Sight | None = None
        self._asked_at: float | None = None
        self._next_at = 0.0


def _has_ended(pid: int) -> bool:
    """Collect a child if it has ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # somebody else has collected it
        return True


def _start(catalogue: Catalogue) -> "tuple[int, Connection[None, Sight | None]]":
    """Start the other process; it ends with this one, or when the pipe is closed."""
    ours, theirs = Pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    try:
        ours.close()
        _answer(theirs, catalogue, parent)
    except (OSError, EOFError):  # it is needed no more
        logger.debug("the look at the folders of functions ends")
    except Exception:  # a defect of ours; another process takes over
        logger.exception("the look at the folders of functions")
    finally:
        os._exit(0)


def _answer(pipe: "Connection[Sight | None, None]", catalogue: Catalogue, parent: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    offspring.die_with(parent)
    gc.freeze()  # what was there before stays shared memory
    last: Sight | None = None
    while True:
        pipe.recv()
        sight = catalogue.look()
        pipe.send(None if sight == last else sight)
        last = sight
