"""The settings, read once from the environment and `.env` (`environment` says how).

A wrong value raises `ConfigError` with one line that names the variable, the value and what it
takes. Units are in the names: `_s` is seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from huey_tasks import redis_urls
from huey_tasks.access import api_keys
from huey_tasks.errors import ConfigError
from huey_tasks.settings import addresses, data_folder, environment, parsers, queue_list
from huey_tasks.settings.setting import Setting, setting, shown
from huey_tasks.settings.waiting_bounds import WaitingBound, waiting_bounds

#: The Redis that is used without REDIS_URL where no stack has used DATA_DIR.
LOCAL_REDIS_URL = "redis://127.0.0.1:6379/0"

PATH_PREFIX = parsers.PATH_PREFIX


def _redis_url(text: str) -> str:
    """a URL: redis://host:6379/0, rediss://…, unix:///path?db=0, redis+sentinel://host,host/name/0
    (in its password @ : / # ? and % stand escaped, as %40 %3A %2F %23 %3F %25)"""
    return redis_urls.check(text)


def _api_keys(text: str) -> tuple[str, ...]:
    """keys of at least 8 characters, each alone or as name=key, one name a key; separated by ','"""
    api_keys.check(entries := parsers.words(",")(text))
    return entries


def _words_of(parse: Callable[[str], Any]) -> str:
    return " ".join((parse.__doc__ or "").split())


_concurrency = parsers.whole(1, queue_list.MOST_WORKERS)
_worker_type = parsers.one_of(*queue_list.WORKER_TYPES)


@dataclass(frozen=True)
class Config:
    """Every setting of Duckline. A field `lease_s` is the variable `LEASE_S`."""

    host: str = setting("127.0.0.1", parsers.text, "address", "where the web services listen")
    port: int = setting(8000, parsers.whole(1, 65535), "TCP port", "API and dashboard")
    inspector_port: int = setting(5555, parsers.whole(1, 65535), "TCP port", "the inspector")
    web_concurrency: int = setting(1, parsers.whole(1, 64), "processes", "web processes")
    data_dir: Path = setting(Path("data"), Path, "folder", "data of the embedded Redis")
    appendfsync: str = setting(
        "always",
        parsers.one_of("always", "everysec"),
        "",
        "when the embedded Redis brings writes to disk",
    )
    redis_url: str | None = setting(
        None, _redis_url, "URL", "the broker; unset: an embedded server", secret=True
    )
    result_redis_url: str | None = setting(
        None, _redis_url, "URL", "results; unset: db 1 of the broker", secret=True
    )
    key_prefix: str = setting(
        "duckline", parsers.key_prefix, "", "what every key in Redis begins with"
    )
    tasks_path: tuple[Path, ...] = setting((), parsers.folders, "folders", "more task modules")
    tasks: tuple[str, ...] = setting((), parsers.modules, "modules", "imported task modules")
    demo_tasks: bool = setting(True, parsers.switch, "0 or 1", "whether demo types exist")
    debug_tasks: bool = setting(
        False, parsers.switch, "0 or 1", "up runs all tasks in one process with the terminal"
    )
    debugpy_port: int = setting(
        0, parsers.whole(0, 65535), "TCP port", "where an editor attaches to it; 0: nowhere"
    )
    queues: tuple[queue_list.QueueSpec, ...] = setting(
        queue_list.DEFAULT, queue_list.parse, "queues", "the queues; name:workers adds one"
    )
    queue_max_waiting: tuple[WaitingBound, ...] = setting(
        (), waiting_bounds, "tasks", "the most that wait in a queue; unset: any number"
    )
    queue_max_memory: float = setting(
        0.9, parsers.number(0, 1), "share", "the most of Redis' memory that tasks may fill; 0: all"
    )
    redis_memory: int = setting(
        0, parsers.size, "bytes", "what Redis may use, if it has no maxmemory; 0: not known"
    )
    high_concurrency: int = setting(4, _concurrency, "workers", "workers of queue high")
    default_concurrency: int = setting(2, _concurrency, "workers", "workers of queue default")
    low_concurrency: int = setting(2, _concurrency, "workers", "workers of queue low")
    high_worker_type: str = setting("process", _worker_type, "", "workers of queue high")
    default_worker_type: str = setting("process", _worker_type, "", "workers of queue default")
    low_worker_type: str = setting("process", _worker_type, "", "workers of queue low")
    result_ttl_s: float = setting(
        86400.0, parsers.number(1, 3.2e7), "s", "how long finished tasks are kept"
    )
    finished_cap: int = setting(
        100_000, parsers.whole(100, 10**9), "tasks", "the most that are kept in each final state"
    )
    lease_s: float = setting(
        10.0, parsers.number(0.5, 3600), "s", "time until lost tasks are recovered"
    )
    shutdown_grace_s: float = setting(
        10.0, parsers.number(0, 3600), "s", "time for tasks at a stop"
    )
    cancel_grace_s: float = setting(
        1.0, parsers.number(0, 3600), "s", "time until a cancelled task is killed"
    )
    max_crashes: int = setting(3, parsers.whole(1, 1000), "crashes", "crashes until quarantine")
    max_tasks_per_worker: int = setting(
        0, parsers.whole(0, 10**9), "tasks", "how many a worker runs; 0: any number"
    )
    worker_max_memory: int = setting(
        0, parsers.size, "bytes", "a worker that has more is replaced; 0: no limit"
    )
    result_max_bytes: int = setting(
        1_048_576, parsers.whole(1, 2**29), "bytes", "a result that is larger fails its task"
    )
    functions_path: tuple[Path, ...] = setting(
        (Path("functions"),), parsers.paths, "folders", "where functions are found"
    )
    function_slots: int = setting(
        16, parsers.whole(1, 1000), "slots", "functions that a consumer runs at once"
    )
    environment_idle_s: float = setting(
        300.0, parsers.number(0, 86_400), "s", "how long an unused environment is kept"
    )
    lambda_wait_s: float = setting(
        900.0, parsers.number(1, 3600), "s", "how long a synchronous invocation is waited for"
    )
    lambda_start_wait_s: float = setting(
        10.0, parsers.number(0, 900), "s", "how long a synchronous invocation waits for a slot"
    )
    lambda_retry_delay_s: float = setting(
        60.0,
        parsers.number(0, 3600),
        "s",
        "time until the first retry of an event; twice it until the next",
    )
    lambda_max_sync_bytes: int = setting(
        6_291_456, parsers.whole(1, 2**28), "bytes", "the largest event of a synchronous invocation"
    )
    lambda_max_async_bytes: int = setting(
        1_048_576,
        parsers.whole(1, 2**28),
        "bytes",
        "the largest event of an asynchronous invocation",
    )
    large_result_ttl_s: float = setting(
        300.0, parsers.number(1, 3.2e7), "s", "how long a function's result above 256 KiB is kept"
    )
    aws_region: str = setting("us-east-1", parsers.aws_region, "", "the region in ARNs")
    aws_account_id: str = setting("000000000000", parsers.aws_account, "", "the account in ARNs")
    aws_sidecar: str = setting(
        "", parsers.one_of("moto"), "", "what serves S3 and DynamoDB beside the stack; unset: none"
    )
    webhook_allowed_hosts: tuple[str, ...] = setting(
        (), parsers.target_hosts, "host names", "webhooks may go there, whatever its address"
    )
    webhook_queue: str = setting(
        "default", parsers.text, "queue", "where the tasks that deliver webhooks run"
    )
    webhook_timeout_s: float = setting(
        10.0, parsers.number(0.1, 60), "s", "how long a webhook's receiver is waited for"
    )
    webhook_retry_delays: tuple[float, ...] = setting(
        parsers.A_DAY, parsers.delays, "s", "times until each further attempt of a delivery"
    )
    alert_after_s: float = setting(
        30.0, parsers.number(0.1, 3600), "s", "time until a condition is posted"
    )
    demo_speed: float = setting(
        1.0, parsers.number(0, 1e6), "times", "speed of demo tasks; 0: no waiting"
    )
    demo_failure_rate: float | None = setting(
        None, parsers.number(0, 1), "share", "demo tasks that fail; unset: the rate of each type"
    )
    api_keys: tuple[str, ...] = setting(
        (), _api_keys, "keys", "who may call; name=key names one in the audit", secret=True
    )
    allowed_hosts: tuple[str, ...] = setting(
        (), parsers.words(","), "host names", "host names served"
    )
    allowed_origins: tuple[str, ...] = setting((), parsers.words(","), "origins", "allowed origins")
    root_path: str = setting(
        "", parsers.root_path, "path", "where a proxy serves us, such as /jobs"
    )
    allow_open: bool = setting(
        False, parsers.switch, "0 or 1", "serve other machines without API keys"
    )
    publish_address: str | None = setting(
        None, parsers.text, "address", "where a container's ports are published, if not at HOST"
    )
    body_timeout_s: float = setting(
        30.0, parsers.number(1, 3600), "s", "how long the body of a request may take"
    )
    max_connections: int = setting(
        4000, parsers.whole(16, 60_000), "connections", "the most that are open to one web process"
    )
    max_connections_per_address: int = setting(
        2500, parsers.whole(1, 60_000), "connections", "the most of those from one address"
    )
    access_log: bool = setting(False, parsers.switch, "0 or 1", "a line for each request")
    log_level: str = setting(
        "info", parsers.one_of("debug", "info", "warning", "error"), "", "the least that is logged"
    )
    log_format: str = setting("console", parsers.one_of("console", "json"), "", "log lines")
    #: Whether DATA_DIR has its default: each stack on another port then uses its own.
    data_dir_is_default: bool = field(default=True, metadata={})
    #: The embedded Redis of the stack in DATA_DIR; None with REDIS_URL, or without such a stack.
    embedded_url: str | None = field(default=None, repr=False, metadata={})
    #: Whether there must be data in Redis, because the stack has run here before.
    dataset_is_expected: bool = field(default=False, metadata={})
    #: Whether the parent process has checked Redis and logged its warnings.
    redis_is_checked: bool = field(default=False, metadata={})
    #: Whether the parent process has imported the task modules without an error.
    tasks_are_checked: bool = field(default=False, metadata={})
    #: Whether a task module that cannot be imported is left out: `make dev`.
    broken_tasks_are_left_out: bool = field(default=False, metadata={})
    #: The start of each log line: the parent process distinguishes it from a task's print by that.
    log_mark: str = field(default="", metadata={})
    #: The key with which the parent process asks the web service how it is; "" without one.
    probe_key: str = field(default="", repr=False, metadata={})
    #: How people call the command line here, for the texts that name a command.
    command: str = field(default="duckline", metadata={})
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
            except (ValueError, OverflowError) as error:
                why = f"; {error}" if isinstance(error, parsers.Unfit) else ""
                shown = "…" if spec.metadata["secret"] else repr(text[:64])
                raise ConfigError(
                    f"{spec.name.upper()}={shown} is not right: it takes {_words_of(parse)}{why}."
                ) from None
        folder, is_default = values.get("data_dir", cls.data_dir), "data_dir" not in values
        port, embedded_url = values.get("port", cls.port), None
        if "redis_url" not in values:
            embedded_url = data_folder.url_of(folder, port, is_default=is_default)
        config = cls(
            **values,
            data_dir_is_default=is_default,
            embedded_url=embedded_url,
            dataset_is_expected=environ.get("DATASET_IS_EXPECTED") == "1",
            redis_is_checked=environ.get("REDIS_IS_CHECKED") == "1",
            tasks_are_checked=environ.get("TASKS_ARE_CHECKED") == "1",
            broken_tasks_are_left_out=environ.get("BROKEN_TASKS_ARE_LEFT_OUT") == "1",
            command=environ.get("STARTED_AS", "") or environment.own_command(),
            log_mark=environ.get("LOG_MARK", ""),
            probe_key=environ.get("PROBE_KEY", ""),
            single_modules=environ.get("SINGLE_MODULES") == "1",
        )
        queue_list.require("WEBHOOK_QUEUE", config.webhook_queue, config.queue_names)
        for bound in config.queue_max_waiting:
            if bound.queue:
                queue_list.require("QUEUE_MAX_WAITING", bound.queue, config.queue_names)
        return config

    @classmethod
    def setting_names(cls) -> tuple[str, ...]:
        """Return the name of every variable that is read."""
        return tuple(spec.name.upper() for spec in fields(cls) if spec.metadata)

    def settings(self) -> list[Setting]:
        """Return every setting with its current value; secrets are masked."""
        return shown(self)

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
        return self.redis_url or self.embedded_url or LOCAL_REDIS_URL

    @property
    def result_url(self) -> str:
        """The URL of the result backend: RESULT_REDIS_URL, else database 1 of the broker."""
        return self.result_redis_url or redis_urls.with_database(self.broker_url, 1)

    @property
    def queue_names(self) -> tuple[str, ...]:
        """The names of the queues, the most urgent first."""
        return tuple(queue.name for queue in self.queues)

    def concurrency(self, queue: str) -> int:
        """Return how many workers the consumer of `queue` has."""
        return self._queue(queue).workers or cast(int, getattr(self, f"{queue}_concurrency"))

    def worker_type(self, queue: str) -> str:
        """Return `process` or `greenlet`."""
        return self._queue(queue).worker_type or cast(str, getattr(self, f"{queue}_worker_type"))

    def _queue(self, name: str) -> queue_list.QueueSpec:
        return next(queue for queue in self.queues if queue.name == name)
