"""The one way in which a test waits for something: until it is true, never for a fixed time.

A limit ends what would never come true; it is no measure of speed, and far above what a machine
with much else to do needs.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.01
#: Of the time between two looks no more counts: for the rest, the machine did something else.
_COUNTS_S = 1.0


def wait_until(predicate: Callable[[], T], *, description: str, timeout_s: float = 30.0) -> T:
    """Poll `predicate` until it is truthy and return that value.

    Raise AssertionError with `description` when it has not come true within `timeout_s` seconds.
    Time in which nobody could look does not count: a process that stood still has seen nothing,
    and what it waits for may have stood still with it.
    """
    pause = threading.Event()
    left_s, looked_at = timeout_s, time.monotonic()
    while not (value := predicate()):
        if left_s < 0:
            raise AssertionError(f"still not true after {timeout_s:g} s: {description}")
        pause.wait(_POLL_S)
        now = time.monotonic()
        left_s -= min(now - looked_at, _COUNTS_S)
        looked_at = now
    return value
