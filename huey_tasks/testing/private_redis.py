"""A redis-server for the tests of this process: no port, nothing on disk, gone at the exit."""

import atexit
import contextlib
import functools
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from huey_tasks.broker.redirect import erase, redirected
from huey_tasks.errors import ConfigError, QueueUnavailable
from huey_tasks.processes.redis_binary import HOW_TO_GET_ONE, find_redis_server
from huey_tasks.queues import BROKERS, QUEUES

#: Seconds within which the server answers.
START_S = 20.0


class PrivateRedis:
    """One server; `private_redis()` and `served_redis()` start those of this process."""

    def __init__(self) -> None:
        """Start it. Raises ConfigError when there is no redis-server on this machine."""
        binary = find_redis_server()
        if binary is None:
            raise ConfigError(f"{HOW_TO_GET_ONE} of them to test tasks.")
        self._folder = Path(tempfile.mkdtemp(prefix="duckline-test-"))
        self._socket = self._folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", self._socket, "--save", "", "--appendonly", "no"]
        self._server = subprocess.Popen(
            [binary, *options, "--dir", self._folder, "--maxmemory-policy", "noeviction"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        atexit.register(self.stop)

    def url(self, database: int) -> str:
        """Return the URL of one database."""
        return f"unix://{self._socket}?db={database}"

    @contextlib.contextmanager
    def in_use(self) -> Generator[None]:
        """Let the queues of this process use this server, emptied, inside the block."""
        storages = [queue.storage.conn for queue in QUEUES.values()]
        with redirected(BROKERS, storages, broker_url=self.url(0), result_url=self.url(1)):
            self._wait()
            erase(BROKERS)
            yield

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.terminate()
        self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self) -> None:
        ends = time.monotonic() + START_S
        while True:
            try:
                BROKERS.first.ping()
                return
            except QueueUnavailable:
                if time.monotonic() > ends or self._server.poll() is not None:
                    raise
                time.sleep(0.01)


@functools.cache
def private_redis() -> PrivateRedis:
    """Return the server of this process on which no consumer works; the first call starts it."""
    return PrivateRedis()


@functools.cache
def served_redis() -> PrivateRedis:
    """Return the server of this process on which the consumers of `live` work."""
    return PrivateRedis()
