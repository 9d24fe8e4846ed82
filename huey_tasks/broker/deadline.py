"""How long a caller waits for Redis: no longer than it can, whatever goes wrong on the way.

Owns the time of the caller, and a connection that keeps to it. redis-py knows only the longest wait
for one answer, and may wait for that several times.
"""

import contextlib
import os
import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import redis

_AnyConnection = redis.Connection if TYPE_CHECKING else object

#: Seconds. A Redis that is silent for this long counts as away; `time_limit` may set less.
SOCKET_TIMEOUT_S = 5.0


class _Limit:
    """The time that one caller has; it runs from the first call."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._ends: float | None = None

    def left_s(self) -> float:
        """Return the seconds that are left, negative when the time is up."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._total_s
        return self._ends - now

    def put_off(self, seconds: float) -> None:
        """Move the end of the limit by a wait that was not for Redis."""
        if self._ends is not None:
            self._ends += seconds

    def wait_s(self, longest_s: float) -> float:
        """Return the seconds that one wait may take now, at least 0.001."""
        return max(min(self.left_s(), self._total_s / 2, longest_s), 0.001)


_limit: ContextVar[_Limit | None] = ContextVar("time_limit", default=None)

# A forked child has no limit: the caller that set it is in the parent.
os.register_at_fork(after_in_child=lambda: _limit.set(None))


@contextlib.contextmanager
def time_limit(total_s: float) -> Generator[None]:
    """Let all calls of Redis in here end within `total_s` seconds of the first one's begin.

    A single wait gets half of that, so that there is time for a second try on a new connection
    when the first one is dead and gives no error. When time is up, a call raises QueueUnavailable.
    Of limits within limits the innermost counts.
    """
    reset = _limit.set(_Limit(total_s))
    try:
        yield
    finally:
        _limit.reset(reset)


def _in_time(wait_s: float | None) -> float:
    limit = _limit.get()
    longest_s = wait_s or SOCKET_TIMEOUT_S
    return longest_s if limit is None else limit.wait_s(longest_s)


def wait_for_connection_s() -> float:
    """Return the seconds that the caller may wait for a connection: all that are left."""
    limit = _limit.get()
    return SOCKET_TIMEOUT_S if limit is None else max(limit.left_s(), 0.001)


def stood_in_line(seconds: float) -> None:
    """Extend the caller's limit by its wait for other callers, while Redis answered those."""
    limit = _limit.get()
    if limit is not None:
        limit.put_off(seconds)


class InTime(_AnyConnection):
    """A connection whose waits end with its caller's time; mixed into each kind of redis-py's."""

    @property
    def socket_timeout(self) -> float:
        return _in_time(self._socket_timeout)

    @socket_timeout.setter
    def socket_timeout(self, value: float | None) -> None:
        self._socket_timeout = value

    @property
    def socket_connect_timeout(self) -> float:
        return _in_time(self._socket_connect_timeout)

    @socket_connect_timeout.setter
    def socket_connect_timeout(self, value: float | None) -> None:
        self._socket_connect_timeout = value

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self._sock is None:
            self.connect()  # not as redis-py does it, which would not ask the Sentinels again
        self._hurry()
        super().send_packed_command(command, check_health)

    def read_response(self, *args: Any, **options: Any) -> Any:
        self._hurry()
        return super().read_response(*args, **options)

    def _hurry(self) -> None:
        if self._sock is None:
            return
        limit = _limit.get()
        if limit is not None and limit.left_s() <= 0:
            self.disconnect()  # an answer may be under way that nobody waits for
            raise redis.TimeoutError("no answer in time")
        self._sock.settimeout(self.socket_timeout)
