"""A private Redis, consumers that can be killed, and the ledger in which tasks note their begins.

`settings` must be in the environment before `huey_tasks` is imported, here and in the consumers.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar

import psutil

from benchmarks.private_redis import PrivateRedis

T = TypeVar("T")

REPOSITORY = Path(__file__).resolve().parents[2]

#: Seconds. Longer than anything that is waited for here takes.
PATIENCE_S = 40.0

#: Seconds. A consumer waits a little before it replaces a worker that died younger than a second.
GROWN_S = 1.1


@dataclass(frozen=True)
class Begin:
    """One execution began: an attempt, as which delivery, in which process, at a Unix time."""

    task_id: str
    attempt: int
    delivery: int
    pid: int
    at: float


class Ledger:
    """The begins that tasks have noted, read as they come."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        self._read_to = 0
        self._begins: dict[str, list[Begin]] = {}

    def of(self, task_id: str) -> list[Begin]:
        """The begins of one task so far."""
        with self.file.open("rb") as source:
            source.seek(self._read_to)
            whole, newline, _ = source.read().rpartition(b"\n")
        self._read_to += len(whole + newline)
        for line in whole.decode().splitlines():
            name, attempt, delivery, pid, at = line.split()
            begin = Begin(name, int(attempt), int(delivery), int(pid), float(at))
            self._begins.setdefault(name, []).append(begin)
        return self._begins.get(task_id, [])

    def wait_for(self, task_id: str, executions: int = 1) -> Begin:
        """Wait until the task has begun so often; return the last begin."""
        wait_until(lambda: len(self.of(task_id)) >= executions, f"{task_id} begins")
        return self.of(task_id)[executions - 1]


class Arena:
    """Redis, the consumers of queue `default` by name, and a web service where one is wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.redis = PrivateRedis(folder)
        self.ledger = Ledger(folder / "ledger")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> dict[str, str]:
        """The settings of every process; what is not named has its default."""
        unset = ("LEASE_S", "CANCEL_GRACE_S", "SHUTDOWN_GRACE_S", "MAX_CRASHES", "RESULT_TTL_S")
        return {
            **dict.fromkeys(unset, ""),
            "REDIS_URL": self.redis.url(0),
            "RESULT_REDIS_URL": self.redis.url(1),
            "TASKS_PATH": str(Path(__file__).parent / "task_modules"),
            "PROMISES_LEDGER": str(self.ledger.file),
        }

    def start(self, name: str, *, workers: int = 2, worker_type: str = "process") -> None:
        """Start a consumer and return at once."""
        environment = {
            **os.environ,
            **self.settings,
            "DEFAULT_CONCURRENCY": str(workers),
            "DEFAULT_WORKER_TYPE": worker_type,
        }
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "app.py", "consumer", "default"],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def serve(self) -> int:
        """Start the web service, wait until it answers, and return its port."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        settings = {"PORT": str(port), "WEB_CONCURRENCY": "1", "API_KEYS": "", "HOST": ""}
        with (self._folder / "web.log").open("ab") as log:
            self._running["web"] = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "app:app"],
                cwd=REPOSITORY,
                env={**os.environ, **self.settings, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: _answers(port), "the web service answers")
        return port

    def supervisor(self, name: str) -> psutil.Process:
        """The consumer's own process."""
        return psutil.Process(self._running[name].pid)

    def workers(self, name: str) -> list[int]:
        """The processes of its workers."""
        return [child.pid for child in self.supervisor(name).children()]

    def grown(self, name: str) -> int:
        """How many of them are old enough to be replaced without a pause when they die."""
        begun_before = time.time() - GROWN_S
        return sum(c.create_time() < begun_before for c in self.supervisor(name).children())

    def consumer_of(self, worker: int) -> str:
        """The name of the consumer that a worker process belongs to."""
        return next(name for name in self._running if worker in self.workers(name))

    def kill(self, name: str) -> float:
        """SIGKILL a supervisor, which takes its workers along; return the Unix time of it."""
        at = time.time()
        process = self._running.pop(name)
        process.kill()
        process.wait()
        return at

    def freeze(self, name: str) -> float:
        """Let a consumer and its workers stand still for good; return the Unix time of it."""
        at = time.time()
        for process in [self.supervisor(name), *self.supervisor(name).children(recursive=True)]:
            process.suspend()
        return at

    def stop_all(self) -> None:
        """End every consumer, and the web service."""
        for process in self._running.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                group = [psutil.Process(process.pid)]
                for member in [*group[0].children(recursive=True), *group]:
                    member.send_signal(signal.SIGKILL)
            process.wait()
        self._running.clear()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), contextlib.closing(HTTPConnection("127.0.0.1", port)) as one:
        one.request("GET", "/health/ready")
        return one.getresponse().status == HTTPStatus.OK
    return False


@contextlib.contextmanager
def arena() -> Generator[Arena]:
    """An arena with an empty Redis; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="duckline-promises-") as folder:
        built = Arena(Path(folder))
        with built.redis:
            try:
                yield built
            finally:
                built.stop_all()


def wait_until(predicate: Callable[[], T], description: str) -> T:
    """Poll until it is true. The ledger has the times, so the pace of polling shows nowhere."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still not true after {PATIENCE_S:g} s: {description}")
        time.sleep(0.002)
    return value
