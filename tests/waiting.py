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


def wait_until(predicate: Callable[[], T], *, description: str, timeout_s: float = 30.0) -> T:
    """Poll `predicate` until it is truthy and return that value.

    Raise AssertionError with `description` when it has not come true within `timeout_s` seconds.
    """
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not true after {timeout_s:g} s: {description}")
        pause.wait(_POLL_S)
    return value
