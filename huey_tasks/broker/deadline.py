"""How long a caller waits for Redis: no longer than it can, whatever goes wrong on the way.

Owns the time of the caller, and a connection that keeps to it. redis-py knows only the longest wait
for one answer, and may wait for that several times.
"""

import contextlib
import math
import os
import socket
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import redis
from hiredis import pack_command
from redis.connection import HiredisRespSerializer

_AnyConnection = redis.Connection if TYPE_CHECKING else object

#: Seconds. A Redis that is silent for this long counts as away; `time_limit` may set less.
SOCKET_TIMEOUT_S = 5.0

#: Seconds after an answer in which a connection counts as open without a look. To look takes three
#: calls of the system. If it has ended meanwhile, the command fails as it does when the connection
#: ends a moment later: the client sends it again, and who called `send` does so itself.
TRUST_S = 0.5
_LOOK = -math.inf

#: Seconds for one call from the code of an application: two tries.
CALL_S = 2 * SOCKET_TIMEOUT_S


class _Limit:
    """The time that one caller has; it runs from the first call, and not while nothing is asked.

    A busy process would otherwise report its own slowness between two calls as an outage of Redis.
    """

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._ends: float | None = None
        self._answered_at: float | None = None

    def __enter__(self) -> None:
        self._reset = _limit.set(self)

    def __exit__(self, *error: object) -> None:
        _limit.reset(self._reset)

    def left_s(self) -> float:
        """Return the seconds that are left, negative when the time is up."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._total_s
        elif self._answered_at is not None:
            self._ends += now - self._answered_at
        self._answered_at = None
        return self._ends - now

    def answered(self) -> None:
        """Stop the time until the next call: Redis has answered this one."""
        self._answered_at = time.monotonic()

    def put_off(self, seconds: float) -> None:
        """Move the end of the limit by a wait that was not for Redis."""
        if self._ends is not None:
            self._ends += seconds

    def wait_s(self, longest_s: float) -> float:
        """Return the seconds that one wait may take now, at least 0.001."""
        return self.wait_of(self.left_s(), longest_s)

    def wait_of(self, left_s: float, longest_s: float) -> float:
        """Do the same, when `left_s` seconds are left."""
        return max(min(left_s, self._total_s / 2, longest_s), 0.001)


_limit: ContextVar[_Limit | None] = ContextVar("time_limit", default=None)

# A forked child has no limit: the caller that set it is in the parent.
os.register_at_fork(after_in_child=lambda: _limit.set(None))


def time_limit(total_s: float) -> contextlib.AbstractContextManager[None]:
    """Let all calls of Redis in here wait for it no longer than `total_s` seconds, all together.

    A single wait gets half of that, so that there is time for a second try on a new connection
    when the first one is dead and gives no error. When time is up, a call raises QueueUnavailable.
    Of limits within limits the innermost counts.
    """
    return _Limit(total_s)


def default_limit() -> contextlib.AbstractContextManager[None]:
    """Let all calls in here end within CALL_S seconds, if their caller has set no limit of its own.

    Without one, redis-py asks each Sentinel that does not answer again and again, for minutes.
    """
    return time_limit(CALL_S) if _limit.get() is None else contextlib.nullcontext()


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


_NUMBERS = frozenset((int, float))


def _texts(command: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a command with its numbers as text.

    For a number, hiredis calls code that runs the handlers of signals. When one raises, as a time
    limit does, hiredis goes on without a text, and the process ends with SIGSEGV.
    """
    return tuple([str(one) if type(one) in _NUMBERS else one for one in command])


def packed(*command: Any) -> bytes:
    """Return a command as it is sent; its name is one word."""
    return pack_command(_texts(command))


class _Packer(HiredisRespSerializer):
    def pack(self, *args: Any) -> Any:
        return super().pack(*_texts(args))


class InTime(_AnyConnection):
    """A connection whose waits end with its caller's time; mixed into each kind of redis-py's.

    Its errors carry `shown_url`, the URL that the settings name: `redis_errors` reads it there.
    """

    def __init__(self, *args: Any, shown_url: str = "", **options: Any) -> None:
        self._shown_url = shown_url
        #: Until when no look is needed; `_LOOK`: one is needed now, as after all but `ask`.
        self._trusted_until = _LOOK
        super().__init__(*args, command_packer=_Packer(), **options)

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

    def connect(self) -> None:
        try:
            super().connect()
        except BaseException as error:
            self.disconnect()  # it has a socket, but no reader, name or database yet
            if isinstance(error, redis.RedisError):
                self._mark(error)
            raise

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        self._trusted_until = _LOOK
        if self._sock is None:
            self.connect()  # not as redis-py does it, which would not ask the Sentinels again
        try:
            self._hurry()
            super().send_packed_command(command, check_health)
        except redis.RedisError as error:
            self._mark(error)
            raise

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            self._hurry()
            answer = super().read_response(*args, **options)
        except redis.RedisError as error:
            self._mark(error)
            raise
        if (limit := _limit.get()) is not None:
            limit.answered()
        return answer

    def ask(self, *command: Any) -> Any:
        """Send one command and return its answer; the name of the command is one word.

        redis-py's two methods do the same with five times as many calls, which take longer than
        Redis does for most scripts.
        """
        self.post(packed(*command))
        answer = self.answer()
        self._trusted_until = time.monotonic() + TRUST_S
        return answer

    def post(self, command: bytes) -> None:
        """Send one `packed` command, whose answer is to be read next."""
        self._trusted_until = _LOOK
        if self._sock is None:
            self.connect()
        try:
            self._hurry()
            sock: Any = self._sock
            sock.sendall(command)
        except BaseException as error:
            self._fail(error, "writing to")
            raise

    def answer(self) -> Any:
        """Read the answer to what was posted. Raises what Redis answers, if that is an error."""
        try:
            self._hurry()
            answer = self._parser.read_response()
        except BaseException as error:
            self._fail(error, "reading from")
            raise
        if isinstance(answer, redis.ResponseError):
            self._mark(answer)
            raise answer
        if (limit := _limit.get()) is not None:
            limit.answered()
        return answer

    def _fail(self, error: BaseException, doing: str) -> None:
        """Disconnect: an answer may be under way that nobody waits for. Raises redis-py's error."""
        self.disconnect()
        if isinstance(error, redis.RedisError):
            self._mark(error)
        elif isinstance(error, OSError):
            kind = redis.TimeoutError if isinstance(error, TimeoutError) else redis.ConnectionError
            broken = kind(f"Error while {doing} Redis: {error.args}")
            self._mark(broken)
            raise broken from error

    def is_quiet(self) -> bool:
        """Return whether there is nothing to read: no end, and no answer that nobody waited for.

        `can_read` asks a new poll object; gevent's runs the loop for that.
        """
        sock: Any = self._sock
        if sock is not None and time.monotonic() < self._trusted_until:
            return True
        if sock is None or hasattr(sock, "pending"):  # TLS has bytes beyond those of the socket
            return self.is_connected and not self.can_read()
        reader = vars(self._parser).get("_reader")
        if reader is None:  # a signal came while it was to be closed
            self.disconnect()
            return False
        if reader.has_data():
            return False
        sock.settimeout(0.0)
        try:
            sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _mark(self, error: redis.RedisError) -> None:
        vars(error)["shown_url"] = self._shown_url

    def _hurry(self) -> None:
        if self._sock is None:
            return
        wait_s = self._socket_timeout or SOCKET_TIMEOUT_S
        if (limit := _limit.get()) is not None:
            if (left_s := limit.left_s()) <= 0:
                self.disconnect()  # an answer may be under way that nobody waits for
                raise redis.TimeoutError("no answer in time")
            wait_s = limit.wait_of(left_s, wait_s)
        if self._sock.gettimeout() != wait_s:  # to set it is a call of the system
            self._sock.settimeout(wait_s)


class unread_closes:
    """Disconnect if what is in here ends without all answers, as when a signal stops it.

    The next caller would read them. An error that Redis answers is an answer.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and not isinstance(error, redis.ResponseError):
            self._connection.disconnect()
