"""Connections to Redis, and the one place where its errors become ours.

Owns: pools, finding the master that Sentinels name, and `redis_errors`, which no exception of redis
passes. Does not know any key or script; how long anything may take is in `deadline`.
"""

import os
import ssl
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.client import Pipeline
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
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from huey_tasks import redis_urls
from huey_tasks.broker.deadline import SOCKET_TIMEOUT_S, InTime, unread_closes
from huey_tasks.broker.pool import Patient, PoolFull
from huey_tasks.errors import ConfigError, QueueUnavailable, ServiceBusy
from huey_tasks.processes.descriptors import apart, fill_standard

#: Seconds.
CONNECT_TIMEOUT_S = 2.0

#: Seconds between questions for the master.
ASK_SENTINELS_S = 1.0

#: Errors that mean "not now": the command was refused and nothing was changed. redis-py has a
#: class for some of them; the first word of the reply identifies the others.
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


class _Apart(InTime):
    """A connection whose socket never has the number of a standard stream, nor a low one.

    A task may close those; a later print would then write into the socket that got the number.
    """

    def _connect(self) -> Any:
        fill_standard()
        found: Any = super()._connect()  # pyright: ignore[reportAttributeAccessIssue]
        return found if isinstance(found, ssl.SSLSocket) else apart(found)

    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        wrap: Any = super()._wrap_socket_with_ssl  # pyright: ignore[reportAttributeAccessIssue]
        return wrap(apart(sock))


class _Tcp(_Apart, redis.Connection): ...


class _Tls(_Apart, redis.SSLConnection): ...


class _Unix(_Apart, redis.UnixDomainSocketConnection):
    # redis-py 8.1 asks for them when a connect takes too long.
    port = 0
    host = property(lambda self: "")  # pyright: ignore[reportIncompatibleMethodOverride]


class _Master(_Apart, SentinelManagedConnection): ...


class _TlsMaster(_Apart, SentinelManagedSSLConnection): ...


class _Pool(Patient, redis.ConnectionPool): ...


class _MasterPool(Patient, SentinelConnectionPool):
    """Asks the Sentinels every second, and drops its connections when they name another master.

    A master that was frozen resumes and accepts writes of the clients that are still connected to
    it, until the Sentinels demote it after ten seconds: then all of those writes are lost.
    """

    _ask_at = 0.0

    def get_connection(self, *args: Any, **options: Any) -> Any:
        now = time.monotonic()
        if now >= self._ask_at:
            self._ask_at = now + ASK_SENTINELS_S
            try:
                self.get_master_address()
            except (redis.ConnectionError, redis.TimeoutError):  # work goes on without Sentinels
                self._ask_at = now + 10 * ASK_SENTINELS_S
        return super().get_connection(*args, **options)


class _Pipeline(Pipeline):
    def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: bool) -> Any:
        with unread_closes(connection):
            return super()._execute_pipeline(connection, commands, raise_on_error)

    def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: bool) -> Any:
        with unread_closes(connection):
            return super()._execute_transaction(connection, commands, raise_on_error)


class _Client(redis.Redis):
    """A client without what redis-py counts for OpenTelemetry: half of the time of a command."""

    def ask(self, *command: Any) -> Any:
        """Send a command and return its answer as Redis gives it; its name is one word."""
        return self._asked(lambda connection: connection.ask(*command))

    def execute_command(self, *args: Any, **options: Any) -> Any:
        return self._asked(lambda connection: self._ask(connection, args, options))

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        pool = self.connection_pool
        connection = pool.get_connection()
        try:
            with unread_closes(connection):
                return connection.retry.call_with_retry(
                    lambda: ask(connection),
                    lambda _: connection.disconnect(),  # pyright: ignore[reportUnknownLambdaType]
                )
        finally:
            pool.release(connection)

    def send(self, command: bytes) -> "SentCommand":
        """Send a `packed` command whose answer is read later; nothing repeats it."""
        pool = self.connection_pool
        connection: Any = pool.get_connection()
        try:
            connection.post(command)
            return SentCommand(pool, connection)
        except BaseException:
            connection.disconnect()
            pool.release(connection)
            raise

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "_Pipeline":
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def _ask(self, connection: Any, command: tuple[Any, ...], options: dict[str, Any]) -> Any:
        connection.send_command(*command, **options)
        return self.parse_response(connection, command[0], **options)


class SentCommand:
    """A command that was sent; it keeps a connection until its answer is read."""

    def __init__(self, pool: redis.ConnectionPool, connection: Any) -> None:
        self._pool, self._connection = pool, connection

    def answer(self) -> Any:
        """Wait for the answer, once. Raises what a command raises, QueueUnavailable for one."""
        try:
            with redis_errors():
                return self._connection.answer()
        except BaseException:
            self._connection.disconnect()  # the next one may lead to another master
            raise
        finally:
            self._pool.release(self._connection)


def connect(url: str) -> redis.Redis:
    """Return a client with a pool of its own; connects at the first command.

    Retries a broken connection once, at once: every script may be sent twice. Retries a refusal as
    read-only too: a new connection may lead to the server that is the master now.
    Raises ConfigError for a URL with options that redis-py does not know.
    """
    try:
        pool = _sentinel_pool(url) if redis_urls.is_sentinel(url) else _pool(url)
        pool.connection_class(**pool.connection_kwargs)  # makes a socket only when it connects
    except (TypeError, ValueError, redis.RedisError) as error:
        raise ConfigError(f"A Redis URL is not right: {_first_line(error)}") from error
    return _Client(connection_pool=pool)


def _pool(url: str, **options: Any) -> redis.ConnectionPool:
    settings: dict[str, Any] = {
        **_options(), "shown_url": redis_urls.without_secrets(url), **options, **parse_url(url)
    }  # fmt: skip
    kind = settings.pop("connection_class", redis.Connection)
    timed = {redis.SSLConnection: _Tls, redis.UnixDomainSocketConnection: _Unix}.get(kind, _Tcp)
    return _Pool(connection_class=timed, **settings)


def _sentinel_pool(url: str) -> redis.ConnectionPool:
    split = redis_urls.split_sentinel(url)
    settings: dict[str, Any] = {**_options(), **parse_url(split.master)}
    settings.pop("host")
    settings["shown_url"] = redis_urls.without_secrets(url)
    tls = settings.pop("connection_class", None) is redis.SSLConnection
    shared = {
        name: value for name, value in settings.items() if name.startswith(("socket_", "ssl_"))
    }
    options = {**shared, **dict(split.sentinel_options)}
    manager = Sentinel([])
    for host, port in split.sentinels:
        place = {**options, "host": host, "port": port}
        pool = _pool("rediss://" if tls else "redis://", **place)
        manager.sentinels.append(redis.Redis(connection_pool=pool))
    kind = _TlsMaster if tls else _Master
    return _MasterPool(split.service, manager, connection_class=kind, **settings)


def _options() -> dict[str, Any]:
    return {
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "retry": Retry(ExponentialWithJitterBackoff(cap=0.05, base=0.01), 1),
        "retry_on_error": [redis.ReadOnlyError],
        "max_connections": 2**31,  # redis-py raises at its own limit; `Patient` waits at ours
        "client_name": f"duckline-{os.getpid()}",
        # Each of these would cost a round trip whenever a connection is made.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "protocol": 2,
    }


#: For the operator, at the end of the error that no Redis answers.
_advice = ""


def advise(text: str) -> None:
    """Add a sentence to the error that no Redis answers: what may be wrong with its address."""
    global _advice
    _advice = text


class redis_errors:
    """Turn what the Redis client raises for a Redis that cannot serve now into QueueUnavailable.

    Any other reply error is a defect of ours (a broken script, a wrong type) and passes unchanged.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, redis.RedisError) and (ours := _as_ours(error)) is not None:
            raise ours from error


def _as_ours(error: redis.RedisError) -> QueueUnavailable | None:
    """Return what an error of the client means to callers; None for a defect of ours."""
    match error:
        case PoolFull():
            return ServiceBusy("Too many requests are under way; try again.", str(error))
        case redis.AuthenticationError():
            return _unavailable("Redis does not let us in.", error)
        case redis.ConnectionError() | redis.TimeoutError():
            return _unavailable("Redis does not answer.", error, answered=False)
        case redis.InvalidResponse():
            return _unavailable("Something other than Redis answers.", error)
        case redis.ResponseError():
            text = str(error)[:200]
            if isinstance(error, NoPermissionError) or _is_denial(text):
                return _unavailable("Redis forbids it.", error)
            if isinstance(error, _REFUSALS) or any(word in text for word in _REFUSAL_WORDS):
                return _unavailable("Redis cannot take it now.", error)
        case _:
            pass
    return None


def unless_full(reply: Any) -> Any:
    """Return one reply of a pipeline; None if Redis was too full for it. Raises another error."""
    if not isinstance(reply, Exception):
        return reply
    if isinstance(reply, redis.OutOfMemoryError) or "OOM" in str(reply)[:200]:  # since 7.0; before
        return None
    raise reply


def _is_denial(text: str) -> bool:
    return any(denial in text for denial in _DENIALS)


def _unavailable(detail: str, error: Exception, *, answered: bool = True) -> QueueUnavailable:
    address = vars(error).get("shown_url", "")
    cause = _first_line(error) if answered else f"{_first_line(error)} {_advice}".rstrip()
    return QueueUnavailable(detail, cause, answered=answered, address=address)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    if isinstance(error, MasterNotFoundError):  # the rest is how redis-py writes its clients
        lines = lines[0].split(" : ", 1)
    return lines[0][:120] if lines else type(error).__name__
