"""A forked child of a worker behaves as a child of any Python program.

A worker has signal handlers of its own, which a fork inherits: a child would note SIGTERM instead
of ending, and could not be terminated. A child that executes another program needs nothing: there
the kernel resets handlers to their defaults (but not signals that are ignored, so a worker
ignores none).
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

# Registers a handler of forks: those come in the order of their registration, and ours is the last.
from huey_tasks.processes import forked_children as forked_children

Handler = Callable[[int, FrameType | None], object]

#: Seconds, as Python has it where nobody has changed it.
PLAIN_SWITCH_S = 0.005

_ALL = signal.valid_signals()


def reset_in_forks(ours: Mapping[signal.Signals, Handler | None]) -> None:
    """Reset these signals to Python's defaults in every child that this process forks.

    `ours` has the worker's handler of each; one that a task has set instead stays, as it would in a
    program of its own. None: whatever handler is there is the worker's.
    """

    masks: dict[int, set[Any]] = {}

    def hold() -> None:
        # One that came at once would be noted by our handler, or forgotten: Python takes what has
        # come in a new child for its parent's.
        masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)

    def release() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.pop(threading.get_ident()))

    def reset() -> None:
        sys.setswitchinterval(PLAIN_SWITCH_S)
        for signum, handler in ours.items():
            if handler is None or signal.getsignal(signum) is handler:
                signal.signal(signum, _default(signum))
        if getattr(signal.getsignal(signal.SIGALRM), "__module__", "") == "huey.consumer":
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the time limit is the worker's
        if signal.SIGINT in signal.sigpending():  # what a handler raises here, Python would ignore
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        release()

    os.register_at_fork(before=hold, after_in_parent=release, after_in_child=reset)


def ignore(signum: int, frame: FrameType | None) -> None:
    """Do nothing: what SIG_IGN does, but programs that a task executes do not inherit it."""


def _default(signum: signal.Signals) -> Handler | signal.Handlers:
    return signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
