"""What must end when this process is told to go: requests that wait on purpose, and sockets.

gunicorn lets requests end for a few seconds and then cuts them off. Its worker is told by SIGTERM
and has no hook for that, so the signal is heard here, before gunicorn's own handler has it.
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
    """Begin to hear the signal; gunicorn's own handler has to be there already."""
    before = signal.getsignal(signal.SIGTERM)

    def stop_all(signum: int, frame: FrameType | None) -> None:
        for stop in _stops:
            stop()
        if callable(before):
            before(signum, frame)

    signal.signal(signal.SIGTERM, stop_all)
