"""Connections to Redis, and the one place where its errors become ours.

Owns: pools with their time limits, the time that a caller has (`time_limit`), finding the master
that Sentinels name, and `redis_errors`, the border that no redis exception crosses. Does not know
any key or script.
"""

import contextlib
import os
import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.client import Pipeline
from redis.commands.core import Script
from redis.connection import parse_url
from redis.exceptions import (
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    NoScriptError,
)
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from redis.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from huey_tasks import redis_urls
from huey_tasks.errors import ConfigError, QueueUnavailable

_AnyConnection = redis.Connection if TYPE_CHECKING else object

#: Seconds. A Redis that says nothing for so long counts as away; `time_limit` may say less.
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 2.0

#: Errors that mean "not now": the command was refused and nothing was changed. redis-py has a
#: class for some of them, and leaves the others to be told by the first words of the reply.
_REFUSALS = (
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
    MasterDownError,
    ClusterDownError,
    NoScriptError,
)
_REFUSAL_WORDS = ("OOM", "READONLY", "MISCONF", "BUSY", "NOREPLICAS", "UNBLOCKED", "MASTERDOWN")

#: What Redis says when the rights of its user do not suffice inside a script (7.0; before).
_DENIALS = ("ACL failure in script", "The user executing the script")


class _Limit:
    """The time that one caller has; it runs from the first call."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._ends: float | None = None

    def left_s(self) -> float:
        """The seconds that are left, negative when the time is up."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._total_s
        return self._ends - now

    def wait_s(self, longest_s: float) -> float:
        """The seconds that one wait may take now; a moment, when the time is up."""
        return max(min(self.left_s(), self._total_s / 2, longest_s), 0.001)


_limit: ContextVar[_Limit | None] = ContextVar("time_limit", default=None)

# What a process forks has all the time that it wants.
os.register_at_fork(after_in_child=lambda: _limit.set(None))


@contextlib.contextmanager
def time_limit(total_s: float) -> Generator[None]:
    """Let all calls of Redis in here end within `total_s` seconds of the first one's begin.

    A single wait gets half of that, so that there is time for a second try on a new connection
    when the first has gone dead without a word. When time is up, a call raises QueueUnavailable.
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


class _InTime(_AnyConnection):
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


class _Tcp(_InTime, redis.Connection): ...


class _Tls(_InTime, redis.SSLConnection): ...


class _Unix(_InTime, redis.UnixDomainSocketConnection):
    # redis-py 8.1 asks for them when a connect takes too long.
    port = 0
    host = property(lambda self: "")  # pyright: ignore[reportIncompatibleMethodOverride]


class _Master(_InTime, SentinelManagedConnection): ...


class _TlsMaster(_InTime, SentinelManagedSSLConnection): ...


class _SurvivingScript(Script):
    """A script that runs even if the server forgets it between one command and the next."""

    def __call__(self, keys: Any = None, args: Any = None, client: Any = None) -> Any:
        client = client or self.registered_client
        arguments = [*(keys or ()), *(args or ())]
        if not isinstance(client, Pipeline):  # what stands in a pipeline cannot be tried again
            with contextlib.suppress(NoScriptError):
                return client.evalsha(self.sha, len(keys or ()), *arguments)
        return client.eval(cast(str, self.script), len(keys or ()), *arguments)


class _Client(redis.Redis):
    def register_script(self, script: Any) -> Any:
        return _SurvivingScript(self, script)


def connect(url: str) -> redis.Redis:
    """Return a client with a pool of its own; connects at the first command.

    A broken connection is tried again once at once: every script may be sent twice. So is a
    refusal as read-only: a new connection may lead to the server that is the master now.
    Raises ConfigError for a URL with options that redis-py does not know.
    """
    try:
        pool = _sentinel_pool(url) if redis_urls.is_sentinel(url) else _pool(url)
        pool.connection_class(**pool.connection_kwargs)  # makes a socket only when it connects
    except (TypeError, ValueError, redis.RedisError) as error:
        raise ConfigError(f"A Redis URL is not right: {_first_line(error)}") from error
    return _Client(connection_pool=pool)


def _pool(url: str, **options: Any) -> redis.ConnectionPool:
    told: dict[str, Any] = {**_options(), **options, **parse_url(url)}
    kind = told.pop("connection_class", redis.Connection)
    timed = {redis.SSLConnection: _Tls, redis.UnixDomainSocketConnection: _Unix}.get(kind, _Tcp)
    return redis.ConnectionPool(connection_class=timed, **told)


def _sentinel_pool(url: str) -> redis.ConnectionPool:
    split = redis_urls.split_sentinel(url)
    told: dict[str, Any] = {**_options(), **parse_url(split.master)}
    told.pop("host")
    tls = told.pop("connection_class", None) is redis.SSLConnection
    shared = {name: value for name, value in told.items() if name.startswith(("socket_", "ssl_"))}
    options = {**shared, **dict(split.sentinel_options)}
    manager = Sentinel([])
    for host, port in split.sentinels:
        place = {**options, "host": host, "port": port}
        pool = _pool("rediss://" if tls else "redis://", **place)
        manager.sentinels.append(redis.Redis(connection_pool=pool))
    kind = _TlsMaster if tls else _Master
    return SentinelConnectionPool(split.service, manager, connection_class=kind, **told)


def _options() -> dict[str, Any]:
    return {
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "retry": Retry(ExponentialWithJitterBackoff(cap=0.05, base=0.01), 1),
        "retry_on_error": [redis.ReadOnlyError],
        "client_name": f"duckline-{os.getpid()}",
        # Each of these would cost a round trip whenever a connection is made.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "protocol": 2,
    }


@contextlib.contextmanager
def redis_errors() -> Generator[None]:
    """Turn what the Redis client raises for a Redis that cannot serve now into QueueUnavailable.

    Any other reply error is a defect of ours (a broken script, a wrong type) and passes unchanged.
    """
    try:
        yield
    except redis.AuthenticationError as error:
        raise QueueUnavailable("Redis does not let us in.", _first_line(error)) from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        told = _first_line(error)
        raise QueueUnavailable("Redis does not answer.", told, answered=False) from error
    except redis.ResponseError as error:
        words = str(error)[:200]
        if isinstance(error, NoPermissionError) or _is_denial(words):
            raise QueueUnavailable("Redis forbids it.", _first_line(error)) from error
        if isinstance(error, _REFUSALS) or any(word in words for word in _REFUSAL_WORDS):
            raise QueueUnavailable("Redis cannot take it now.", _first_line(error)) from error
        raise


def _is_denial(words: str) -> bool:
    return any(denial in words for denial in _DENIALS)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
