"""The connections of one process to one Redis: a fixed number, shared by all callers.

redis-py's own pool raises at once when more callers than connections come, which looks like an
outage. Here they wait, first come first served, within the time of their caller. A few dozen
connections serve thousands of callers: Redis runs one command at a time anyway, and each connection
costs both sides memory and a place in their loops.
"""

import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import redis

from huey_tasks.broker.deadline import stood_in_line, wait_for_connection_s

_AnyPool = redis.ConnectionPool if TYPE_CHECKING else object

#: Connections of one process to one Redis.
SIZE = 64
#: Seconds. The longest wait while Redis answers the callers before, and between two checks of that.
LONGEST_LINE_S, STEP_S = 10.0, 1.0


class PoolFull(redis.RedisError):
    """Every connection was in use for as long as the caller could wait; nothing was sent."""


class Patient(_AnyPool):
    """A pool whose callers wait for a free connection; mixed into each kind of redis-py's.

    The connection that was used last is given first, because redis-py keeps the free ones in a
    list: connections that a quiet hour does not need stay idle.
    """

    size = SIZE

    def reset(self) -> None:
        self._waiting: deque[threading.Event] = deque()
        self._woken: set[threading.Event] = set()  # and not yet run: a place is kept for each
        self._answered = 0
        super().reset()
        # Not a set: a caller that a signal stops just after `get_connection`, or just before
        # `release`, loses its connection, which must not count as in use for ever.
        self._in_use_connections: Any = WeakSet()

    def get_connection(self, *args: Any, **options: Any) -> Any:
        if self._waiting or not self._has_room():
            self._wait()
        try:
            return self._kept() or super().get_connection(*args, **options)
        except BaseException:
            self._wake()
            raise

    def release(self, connection: Any) -> None:
        if connection.is_connected:  # it was not cut off for being silent
            self._answered += 1
        self._give_back(connection)
        self._wake()

    def _kept(self) -> Any:
        """Return a free connection that can be used at once; None if there is none.

        redis-py does the same and much more, and takes longer than Redis for a short command.
        """
        if self.pid != os.getpid():
            return None
        with self._lock:
            if not self._available_connections:
                return None
            connection = self._available_connections.pop()
            self._in_use_connections.add(connection)
        is_ready = False
        try:
            is_ready = connection.is_quiet()
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            return None
        finally:
            if not is_ready:
                self._give_back(connection)  # redis-py connects it again
        return connection if is_ready else None

    def _give_back(self, connection: Any) -> None:
        """Let the next caller have it; one of another process, or another master, is closed.

        In a copy of this process that has not asked yet, it is forgotten at the next question.
        """
        if self.owns_connection(connection):
            with self._lock:
                if connection in self._in_use_connections:
                    self._in_use_connections.remove(connection)
                    self._available_connections.append(connection)
        else:
            super().release(connection)

    def _has_room(self) -> bool:
        return len(self._in_use_connections) + len(self._woken) < self.size

    def _wait(self) -> None:
        turn = threading.Event()
        self._waiting.append(turn)
        self._wake()  # a connection that came free before this wait began has woken no caller
        begun = time.monotonic()
        try:
            self._wait_while_it_moves(turn, begun)
        finally:  # a cancelled task leaves the line in the middle of its wait
            came = turn in self._woken
            self._woken.discard(turn)
            if not came:
                self._leave(turn)
        if not came:
            raise PoolFull(f"all {self.size} connections are in use")
        stood_in_line(time.monotonic() - begun)

    def _wait_while_it_moves(self, turn: threading.Event, begun: float) -> None:
        """Wait for as long as the caller can, and longer while Redis answers those before it."""
        answered, wait_s = self._answered, wait_for_connection_s()
        while not turn.wait(wait_s):
            if self._answered == answered or time.monotonic() - begun > LONGEST_LINE_S:
                return
            answered, wait_s = self._answered, STEP_S

    def _leave(self, turn: threading.Event) -> None:
        try:
            self._waiting.remove(turn)
        except ValueError:  # woken in this moment by another thread: the next one may go
            self._woken.discard(turn)
            self._wake()

    def _wake(self) -> None:
        while self._waiting and self._has_room():
            try:
                turn = self._waiting.popleft()
            except IndexError:
                return  # another thread has woken it
            self._woken.add(turn)
            turn.set()
