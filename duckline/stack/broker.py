"""Choose the Redis of the stack: the user's own, or the embedded one with its data directory.

Owns that choice and the resources that it needs: the lock and the socket.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from duckline.stack import data_dir, embedded_redis
from duckline.stack.console import complain
from duckline.stack.process import ProcessSpec
from huey_tasks.settings import data_folder

if TYPE_CHECKING:
    from huey_tasks.config import Config


#: A file in DATA_DIR: a stack was ready here before, so Redis must have its data set.
USED = "used"


@dataclass(frozen=True, slots=True)
class Broker:
    """Which Redis to use: the settings of the children, the line for people, what to run."""

    shown: tuple[str, str]
    env: dict[str, str] = field(default_factory=dict[str, str])
    spec: ProcessSpec | None = None  # the embedded server
    notes: tuple[str, ...] = ()  # lines for the log
    used: Path | None = None  # the file that marks the folder as used

    def note_that_it_is_used(self) -> None:
        """Expect this stack's data from now on: consumers report it if they are missing."""
        if self.used is not None:
            self.used.touch()


@contextmanager
def opened(config: "Config") -> Generator[Broker]:
    """Yield the Redis to use; release its resources at the end.

    Raise StartRefused when another stack owns the data directory, ConfigError when the user's own
    Redis cannot be used.
    """
    if config.redis_url is not None:
        yield _users_own(config, config.redis_url)
        return
    lock, note = data_dir.claim(
        config.data_dir.expanduser().absolute(),
        is_default=config.data_dir_is_default,
        port=config.port,
        say=complain,
    )
    socket = embedded_redis.socket_path(lock.directory)
    try:
        env = {
            "REDIS_URL": data_folder.url(socket, 0),
            "RESULT_REDIS_URL": config.result_redis_url or data_folder.url(socket, 1),
            "DATA_DIR": str(lock.directory),
            "DATASET_IS_EXPECTED": "1" if (lock.directory / USED).exists() else "",
        }
        yield Broker(
            shown=("Data", str(lock.directory)),
            env=env,
            used=lock.directory / USED,
            spec=embedded_redis.spec(lock, socket, appendfsync=config.appendfsync),
            notes=(note,) if note else (),
        )
    finally:
        embedded_redis.clean_up(socket, lock.directory)
        lock.release()


def _users_own(config: "Config", url: str) -> Broker:
    """Check the user's Redis once for all processes, so that each warning appears once."""
    from huey_tasks import redis_urls
    from huey_tasks.broker import server_check  # loads redis, which only this case needs
    from huey_tasks.errors import QueueUnavailable

    shown = ("Redis", redis_urls.without_secrets(url))
    try:
        notes = server_check.check(config)
    except QueueUnavailable as error:
        return Broker(shown=shown, notes=(f"{error.detail} ({error.cause}) Waiting for it.",))
    return Broker(shown=shown, env={"REDIS_IS_CHECKED": "1"}, notes=tuple(notes))
