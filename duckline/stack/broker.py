"""Choose the Redis of the stack: the user's own, or the embedded one with its data directory.

Owns that choice and the resources that it needs: the lock and the socket.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from duckline.stack import data_dir, embedded_redis
from duckline.stack.console import complain
from duckline.stack.errors import StartRefused
from duckline.stack.process import REFUSAL_MARK, ProcessSpec
from huey_tasks import redis_urls
from huey_tasks.errors import ConfigError
from huey_tasks.settings import data_folder

if TYPE_CHECKING:
    from huey_tasks.config import Config


#: A file in DATA_DIR: a stack was ready here before, so Redis must have its data set.
USED = "used"
_MAIN = Path(__file__).resolve().parents[1] / "__main__.py"


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
        yield _users_own(config.redis_url)
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


def _users_own(url: str) -> Broker:
    """Check the user's Redis once for all processes, so that each warning appears once.

    In a process of its own, which imports redis and ends: the stack runs for weeks.
    """
    command = [sys.executable, "-P", str(_MAIN), "check-redis"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == os.EX_CONFIG:
        raise ConfigError(done.stderr.strip().removeprefix(REFUSAL_MARK))
    if done.returncode not in (0, os.EX_UNAVAILABLE):
        raise StartRefused(f"Redis could not be checked:\n{done.stderr}")
    return Broker(
        shown=("Redis", redis_urls.without_secrets(url)),
        env={"REDIS_IS_CHECKED": "1"} if done.returncode == 0 else {},
        notes=tuple(done.stdout.splitlines()),
    )
