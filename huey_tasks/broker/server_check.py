"""Whether the Redis behind a setting can be trusted with tasks: asked at the start, in plain lines.

Owns what is asked (version, kind, eviction policy, persistence, rights) and how the answers are
put. What would lose tasks or cannot work is refused; what may lose them is a warning. A server
that forbids the question, as managed ones do, is accepted, and a warning says so.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import redis
from redis.exceptions import NoPermissionError

from huey_tasks import redis_urls
from huey_tasks.broker import keys, permissions
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import connect, redis_errors
from huey_tasks.broker.deadline import time_limit
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError

logger = logging.getLogger(__name__)

OLDEST_VERSION = (6, 2)

#: Seconds. A start waits no longer for a silent Redis; the check is then made later.
TIME_LIMIT_S = 3.0

Info = Mapping[str, Any]


class ServerCheck:
    """The check of one process: made once, at the first contact."""

    def __init__(self, config: Config, queues: Iterable[str] = ()) -> None:
        """`queues`: those whose keys this process uses; none: all."""
        self._config, self._queues = config, tuple(queues)
        self.made = False

    def make(self) -> None:
        """Check, unless it has been done, and log what the operator should know.

        Raises ConfigError for what cannot work, QueueUnavailable while Redis is away.
        """
        if self.made:
            return
        warnings = check(self._config, self._queues)
        self.made = True
        for warning in [] if self._config.redis_is_checked else warnings:
            logger.warning(warning)


def check(config: Config, queues: Iterable[str] = ()) -> list[str]:
    """Ask the broker and the result backend; return what the operator should know, in lines.

    Raises ConfigError with one line for what cannot work, QueueUnavailable when Redis is away.
    """
    # A start may look at Redis before it has any queue.
    keys.use(config.key_prefix, config.queue_names)
    names, warnings, seen = tuple(queues) or keys.queue_names(), list[str](), set[str]()
    with redis_errors(), time_limit(TIME_LIMIT_S):
        for setting, url, lacking in (
            ("REDIS_URL", config.broker_url, permissions.lacking_at_broker),
            ("RESULT_REDIS_URL", config.result_url, permissions.lacking_at_results),
        ):
            with connect(url) as client:
                info = _info(client, setting)
                server = str((info or {}).get("run_id", redis_urls.with_database(url, 0)))
                if server not in seen:
                    _refuse(setting, _troubles(info or {}))
                    warnings += [f"{setting}: {line}" for line in _doubts(client, info)]
                seen.add(server)
                _refuse(setting, (f"its user may not {what}" for what in lacking(client, names)))
    return warnings


def troubles_of(broker: Broker) -> list[str]:
    """Return why this server cannot be trusted now; [] if it forbids INFO."""
    with redis_errors():
        info, _ = permissions.attempt(broker.redis.info)
    return list(_troubles(cast(Info, info or {})))


def _refuse(setting: str, troubles: Iterable[str]) -> None:
    reasons = "; ".join(troubles)
    if reasons:
        raise ConfigError(f"{setting}: {reasons}.")


def _info(client: redis.Redis, setting: str) -> Info | None:
    """Return what the server says of itself, None if it forbids INFO."""
    try:
        client.ping()  # what is wrong with the URL shows while it connects
    except (redis.AuthenticationError, NoPermissionError) as error:
        raise ConfigError(f"{setting}: Redis does not let us in: {error}") from error
    except redis.InvalidResponse as error:
        raise ConfigError(f"{setting}: what answers at that address is not Redis.") from error
    except redis.ResponseError as error:
        if "DB index" not in str(error):
            raise
        database = client.connection_pool.connection_kwargs.get("db", 0)
        raise ConfigError(
            f"{setting}: this Redis has no database {database}; set {setting} to one that it has "
            "(results may be in the same one as the tasks)."
        ) from error
    info, _ = permissions.attempt(client.info)
    return cast(Info | None, info)


def _troubles(info: Info) -> Iterator[str]:
    version = str(info.get("redis_version", ""))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers and numbers < OLDEST_VERSION:
        yield f"it is Redis {version}, and Duckline needs 6.2 or newer, or Valkey"
    if info.get("redis_mode") == "cluster":
        yield "it is a Redis Cluster, and Duckline takes one server, or a master with Sentinels"
    if info.get("redis_mode") == "sentinel":
        yield "it is a Sentinel; for what it watches, write redis+sentinel://host:port/service"
    if info.get("role") == "slave":
        yield "it is a replica, which takes no writes; name its master, or its Sentinels"
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        yield f"with maxmemory-policy {policy}, a full Redis throws tasks away; set noeviction"


def _doubts(client: redis.Redis, info: Info | None) -> Iterator[str]:
    if info is None:
        yield "Redis forbids INFO, so its version, eviction policy and persistence are not known"
        return
    durable = str(info.get("aof_enabled")) == "1"
    name = "appendfsync" if durable else "save"  # one: Redis 6.2 answers no more
    answer, denial = permissions.attempt(lambda: client.config_get(name))
    value = cast(dict[str, str], answer or {}).get(name)
    if durable:
        if value not in {"always", None}:
            yield (
                f"with appendfsync {value}, Redis answers before it has written: when it is "
                "killed, the last two seconds of accepted tasks may be lost; set always"
            )
    elif denial:
        yield "Redis has no append-only file, and forbids CONFIG: it may keep nothing on disk"
    elif not value:
        yield "Redis keeps nothing on disk: when it restarts, accepted tasks are lost"
