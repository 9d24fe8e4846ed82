"""A redis-server for one run: loopback only, a port and a folder of its own, gone afterwards."""

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import redis

from duckline.stack.embedded_redis import TASK_IN_ONE_PIECE, find_server

#: Seconds in which the server must answer.
START_S = 10.0


def free_port() -> int:
    """A TCP port of the loopback interface on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def version() -> str:
    """The version of the server that runs are made on, such as 7.0.15."""
    shown = subprocess.run(
        [find_server(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    return next(word[2:] for word in shown.split() if word.startswith("v="))


class PrivateRedis:
    """Append-only file, with `appendfsync everysec` if not said otherwise, as brokers should have.

    Without it a restart of Redis would lose every queue, so no system is measured without. All have
    the settings of the server that `make run` starts.
    """

    def __init__(self, folder: Path, *, appendfsync: str = "everysec") -> None:
        self.folder, self.port = folder, free_port()
        self._appendfsync = appendfsync
        self._server: subprocess.Popen[bytes] | None = None
        self._clients: dict[int, Any] = {}

    def url(self, database: int = 0) -> str:
        """The URL of one database."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def client(self, database: int = 0) -> Any:
        """The client of one database, for counting; always the same one."""
        if database not in self._clients:
            client = redis.Redis(port=self.port, db=database, decode_responses=True)
            self._clients[database] = client
        return self._clients[database]

    def __enter__(self) -> "PrivateRedis":
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": self._appendfsync,
            "save": "",
            "maxmemory-policy": "noeviction",  # BullMQ and Duckline insist on it
            **TASK_IN_ONE_PIECE,  # as `make run` has it; BullMQ gains a little, too
            "logfile": str(self.folder / "redis.log"),
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self._server = subprocess.Popen([find_server(), *options], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        client = self.client()
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            client.close()
        if self._server is not None:
            self._server.terminate()
            self._server.wait(30)

    @property
    def process(self) -> psutil.Process:
        """The server, to be asked for its processor time and memory."""
        if self._server is None:
            raise RuntimeError("the server has not been started")
        return psutil.Process(self._server.pid)
