"""The settings, read once from the environment and `.env` (`environment` says how).

A wrong value raises `ConfigError` with one line that names the variable, the value and what it
takes. Units are in the names: `_s` is seconds.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from huey_tasks import redis_urls
from huey_tasks.access import api_keys
from huey_tasks.errors import ConfigError
from huey_tasks.settings import addresses, environment

#: The Redis that is used when neither REDIS_URL nor the embedded server is there.
LOCAL_REDIS_URL = "redis://127.0.0.1:6379/0"

DEFAULT_DATA_DIR = Path("data")

#: A path that pages and headers can contain without escapes: no `//`, which names another host,
#: and no dots that climb out of it.
PATH_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]{1,64}){1,8}")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    parse.__doc__ = f"a whole number from {low} to {high}"
    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not low <= value <= high:
            raise ValueError
        return value

    parse.__doc__ = f"a number from {low:g} to {high:g}"
    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    parse.__doc__ = " or ".join(choices)
    return parse


def _redis_url(text: str) -> str:
    """a URL: redis://host:6379/0, rediss://…, unix:///path?db=0, redis+sentinel://host,host/name/0
    (in its password @ : / # ? and % stand escaped, as %40 %3A %2F %23 %3F %25)"""
    return redis_urls.check(text)


def _words(separator: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in text.split(separator) if word.strip())
        if not words:
            raise ValueError  # "," would switch API keys off silently
        return words

    parse.__doc__ = f"at least one word; several are separated by {separator!r}"
    return parse


def _api_keys(text: str) -> tuple[str, ...]:
    """keys of at least 8 characters, each alone or as name=key, one name a key; separated by ','"""
    api_keys.check(entries := _words(",")(text))
    return entries


def _folders(text: str) -> tuple[Path, ...]:
    """existing folders separated by ':'"""
    folders = tuple(Path(part).expanduser().absolute() for part in text.split(":") if part)
    if not all(folder.is_dir() for folder in folders):
        raise ValueError
    return folders


def _root_path(text: str) -> str:
    """a path such as /jobs: letters, digits, '.', '_', '~' and '-' behind each '/'"""
    path = text.rstrip("/")
    if path and not PATH_PREFIX.fullmatch(path):
        raise ValueError
    return path


def _words_of(parse: Callable[[str], Any]) -> str:
    return " ".join((parse.__doc__ or "").split())


def _key_prefix(text: str) -> str:
    """1 to 32 letters, digits, '.', '_' or '-'"""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", text):
        raise ValueError
    return text


def _switch(text: str) -> bool:
    """0 or 1"""
    return bool(_whole(0, 1)(text))


def _text(text: str) -> str:
    """a text"""
    return text


def _setting(
    default: Any, parse: Callable[[str], Any], unit: str, description: str, secret: bool = False
) -> Any:
    return field(
        default=default,
        repr=not secret,
        metadata={"parse": parse, "unit": unit, "description": description, "secret": secret},
    )


def _size(text: str) -> int:
    """bytes, 1048576 or more, or KB, MB, GB as in 512MB; 0: no limit"""
    match = re.fullmatch(r"(\d{1,15}) ?([kmg]?)i?b?", text.lower(), re.ASCII)
    size = int(match[1]) * 1024 ** " kmg".index(match[2] or " ") if match else -1
    if size != 0 and size < 2**20:
        raise ValueError
    return size


_concurrency = _whole(1, 10_000)
_worker_type = _one_of("process", "greenlet")


@dataclass(frozen=True)
class Setting:
    """One setting for display: its variable, value, unit and meaning (secrets masked)."""

    name: str
    value: str
    unit: str
    description: str


@dataclass(frozen=True)
class Config:
    """Every setting of Duckline. A field `lease_s` is the variable `LEASE_S`."""

    host: str = _setting("127.0.0.1", _text, "address", "where the web services listen")
    port: int = _setting(8000, _whole(1, 65535), "TCP port", "API and dashboard")
    inspector_port: int = _setting(5555, _whole(1, 65535), "TCP port", "the inspector")
    web_concurrency: int = _setting(1, _whole(1, 64), "processes", "web processes")
    data_dir: Path = _setting(DEFAULT_DATA_DIR, Path, "folder", "data of the embedded Redis")
    appendfsync: str = _setting(
        "always", _one_of("always", "everysec"), "", "when the embedded Redis brings writes to disk"
    )
    redis_url: str | None = _setting(
        None, _redis_url, "URL", "the broker; unset: an embedded server", secret=True
    )
    result_redis_url: str | None = _setting(
        None, _redis_url, "URL", "results; unset: db 1 of the broker", secret=True
    )
    key_prefix: str = _setting("duckline", _key_prefix, "", "what every key in Redis begins with")
    tasks_path: tuple[Path, ...] = _setting((), _folders, "folders", "more task modules")
    high_concurrency: int = _setting(4, _concurrency, "workers", "workers of queue high")
    default_concurrency: int = _setting(2, _concurrency, "workers", "workers of queue default")
    low_concurrency: int = _setting(2, _concurrency, "workers", "workers of queue low")
    high_worker_type: str = _setting("process", _worker_type, "", "workers of queue high")
    default_worker_type: str = _setting("process", _worker_type, "", "workers of queue default")
    low_worker_type: str = _setting("process", _worker_type, "", "workers of queue low")
    result_ttl_s: float = _setting(86400.0, _number(1, 3.2e7), "s", "finished tasks are kept")
    finished_cap: int = _setting(
        100_000, _whole(100, 10**9), "tasks", "ended tasks kept in each state of a queue"
    )
    lease_s: float = _setting(10.0, _number(0.5, 3600), "s", "before lost tasks are recovered")
    shutdown_grace_s: float = _setting(10.0, _number(0, 3600), "s", "grace at shutdown")
    cancel_grace_s: float = _setting(
        1.0, _number(0, 3600), "s", "before a cancelled task is killed"
    )
    max_crashes: int = _setting(3, _whole(1, 1000), "crashes", "crashes before quarantine")
    max_tasks_per_worker: int = _setting(
        0, _whole(0, 10**9), "tasks", "then a worker is replaced; 0: never"
    )
    worker_max_memory: int = _setting(
        0, _size, "bytes", "a worker that has more is replaced; 0: no limit"
    )
    result_max_bytes: int = _setting(
        1_048_576, _whole(1, 2**29), "bytes", "a result that is larger fails its task"
    )
    demo_speed: float = _setting(1.0, _number(0, 1e6), "times", "demo tasks; 0: no waiting")
    demo_failure_rate: float | None = _setting(
        None, _number(0, 1), "share", "demo tasks; unset: each type's own rate"
    )
    api_keys: tuple[str, ...] = _setting(
        (), _api_keys, "keys", "who may call; name=key names one in the audit", secret=True
    )
    allowed_hosts: tuple[str, ...] = _setting((), _words(","), "host names", "host names served")
    allowed_origins: tuple[str, ...] = _setting((), _words(","), "origins", "allowed origins")
    root_path: str = _setting("", _root_path, "path", "where a proxy serves us, such as /jobs")
    allow_open: bool = _setting(False, _switch, "0 or 1", "serve other machines without API keys")
    publish_address: str | None = _setting(
        None, _text, "address", "where a container's ports are published, if not at HOST"
    )
    body_timeout_s: float = _setting(30.0, _number(1, 3600), "s", "for the body of a request")
    max_connections: int = _setting(
        4000, _whole(16, 60_000), "connections", "open to one web process"
    )
    max_connections_per_address: int = _setting(
        2500, _whole(1, 60_000), "connections", "of one address, of those"
    )
    access_log: bool = _setting(False, _switch, "0 or 1", "a line for each request")
    log_level: str = _setting(
        "info", _one_of("debug", "info", "warning", "error"), "", "the least that is logged"
    )
    log_format: str = _setting("console", _one_of("console", "json"), "", "log lines")
    #: Whether DATA_DIR has its default: each stack on another port then uses its own.
    data_dir_is_default: bool = field(default=True, metadata={})
    #: Whether there must be data in Redis, because the stack has run here before.
    dataset_is_expected: bool = field(default=False, metadata={})
    #: Whether the parent process has checked Redis and logged its warnings.
    redis_is_checked: bool = field(default=False, metadata={})
    #: Whether the parent process has imported the task modules without an error.
    tasks_are_checked: bool = field(default=False, metadata={})
    #: The start of each log line: the parent process distinguishes it from a task's print by that.
    log_mark: str = field(default="", metadata={})
    #: Whether pages load their modules one by one, as they lie in the folder: `make dev`.
    single_modules: bool = field(default=False, metadata={})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings from `environ` (the process's environment and `.env` if not given).

        A variable of the environment wins over `.env`; an empty one counts as unset.
        Raises ConfigError for the first value that does not fit.
        """
        secrets = tuple(spec.name.upper() for spec in fields(cls) if spec.metadata.get("secret"))
        environ = environment.read(secrets) if environ is None else environ
        values: dict[str, Any] = {}
        for spec in fields(cls):
            text = environ.get(spec.name.upper(), "").strip()
            if not text or not spec.metadata:
                continue
            parse = cast(Callable[[str], Any], spec.metadata["parse"])
            try:
                values[spec.name] = parse(text)
            except (ValueError, OverflowError):
                shown = "…" if spec.metadata["secret"] else repr(text[:64])
                raise ConfigError(
                    f"{spec.name.upper()}={shown} is not right: it takes {_words_of(parse)}."
                ) from None
        return cls(
            **values,
            data_dir_is_default="data_dir" not in values,
            dataset_is_expected=environ.get("DATASET_IS_EXPECTED") == "1",
            redis_is_checked=environ.get("REDIS_IS_CHECKED") == "1",
            tasks_are_checked=environ.get("TASKS_ARE_CHECKED") == "1",
            log_mark=environ.get("LOG_MARK", ""),
            single_modules=environ.get("SINGLE_MODULES") == "1",
        )

    @classmethod
    def setting_names(cls) -> tuple[str, ...]:
        """Return the name of every variable that is read."""
        return tuple(spec.name.upper() for spec in fields(cls) if spec.metadata)

    def settings(self) -> list[Setting]:
        """Return every setting with its current value; secrets are masked."""
        shown: list[Setting] = []
        for spec in fields(self):
            if not spec.metadata:
                continue
            value = getattr(self, spec.name)
            if spec.metadata["secret"] and value:
                text = "set"
            elif isinstance(value, tuple):
                text = ", ".join(str(item) for item in cast(tuple[object, ...], value))
            else:
                text = "" if value is None else str(value)
            unit, description = spec.metadata["unit"], spec.metadata["description"]
            shown.append(Setting(spec.name.upper(), text, unit, description))
        return shown

    def require_closed(self, address: str) -> None:
        """Raise ConfigError if serving at `address` lets every machine submit and cancel tasks."""
        reached_at = self.publish_address or address
        if self.api_keys or self.allow_open or addresses.is_loopback(reached_at):
            return
        raise ConfigError(
            f"Serving at {reached_at} without API_KEYS lets everybody who reaches it submit and "
            "cancel tasks: set API_KEYS, or ALLOW_OPEN=1 if that is what you want."
        )

    @property
    def broker_url(self) -> str:
        """The URL of the broker."""
        return self.redis_url or LOCAL_REDIS_URL

    @property
    def result_url(self) -> str:
        """The URL of the result backend: RESULT_REDIS_URL, else database 1 of the broker."""
        return self.result_redis_url or redis_urls.with_database(self.broker_url, 1)

    def concurrency(self, queue: str) -> int:
        """Return how many workers the consumer of `queue` has."""
        return cast(int, getattr(self, f"{queue}_concurrency"))

    def worker_type(self, queue: str) -> str:
        """Return `process` or `greenlet`."""
        return cast(str, getattr(self, f"{queue}_worker_type"))
