"""End long requests when this process stops: those that wait on purpose, and sockets.

gunicorn lets requests finish for a few seconds and then cuts them off. It has no hook for SIGTERM
in a worker, so this handler runs before gunicorn's own.
"""

import signal
from collections.abc import Callable
from types import FrameType

_stops: list[Callable[[], None]] = []


def when_stopping(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM. It may only set a flag: under gevent it can run in the hub."""
    if stop not in _stops:
        _stops.append(stop)


def hear_sigterm() -> None:
    """Install the handler; gunicorn's own must be installed already."""
    before = signal.getsignal(signal.SIGTERM)

    def stop_all(signum: int, frame: FrameType | None) -> None:
        for stop in _stops:
            stop()
        if callable(before):
            before(signum, frame)

    signal.signal(signal.SIGTERM, stop_all)
