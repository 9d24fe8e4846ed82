"""Real Redis servers of a test's own, and every trouble that one can be put into and got out of.

Each trouble is a context manager: inside it Redis does not serve, afterwards it does again. None
is acted: the server itself is killed, stopped, full, loading, denied, and so on.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, cast

import psutil
import redis

import huey_tasks as tq
from duckline.stack.embedded_redis import find_server
from huey_tasks.broker.broker import Brokers
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.records import consumers as consumer_records
from huey_tasks.records import tasks
from tests.waiting import wait_until

LEASE_S = 2.0


def answers(place: Path) -> bool:
    """Whether a server answers on that socket; the file is there before it does."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(place))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class RedisServer:
    """A redis-server on a unix socket that syncs every write: killed, it forgets nothing.

    With `everysec` it would: while a sync runs, Redis answers up to 2 s before it writes.
    """

    def __init__(
        self, folder: Path, *options: str, binary: Path | None = None, lease_s: float = LEASE_S
    ) -> None:
        self.folder, self.socket = folder, folder / "r.sock"
        self._binary, self._options = binary or find_server(), options
        self._lease_s = lease_s
        self.queue = TaskQueue(
            "default",
            broker_url=self.url(0),
            result_url=self.url(1),
            result_ttl_s=60,
            lease_s=lease_s,
        )
        #: A connection that no trouble of connections ends: it is open before, and is skipped.
        self.admin: Any = redis.Redis(
            connection_pool=redis.BlockingConnectionPool(
                connection_class=cast(Any, redis.UnixDomainSocketConnection),
                path=str(self.socket),
                max_connections=1,
            )
        )
        self.start()

    def url(self, database: int) -> str:
        return f"unix://{self.socket}?db={database}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a process that uses it."""
        lease = {"LEASE_S": f"{self._lease_s}"}
        return {"REDIS_URL": self.url(0), "RESULT_REDIS_URL": self.url(1), **lease}

    # ---- start and end

    def start(self, *more: str) -> None:
        """Start it and wait until it answers, if only that it is loading."""
        self.socket.unlink(missing_ok=True)
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._binary), "--port", "0", "--unixsocket", str(self.socket), "--dir",
                 str(self.folder), "--save", "", "--appendonly", "yes", "--appendfsync", "always",
                 "--lua-time-limit", "50", "--dbfilename", "snapshot.rdb", *self._options, *more],
                stdout=log,
                restore_signals=False,  # SIGXFSZ stays ignored: a full disk is an error, no death
            )  # fmt: skip
        wait_until(self._is_there, description="the test's redis-server answers")

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End it for good."""
        self.admin.close()
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def _is_there(self) -> bool:
        try:
            self.admin.ping()
        except redis.BusyLoadingError:
            return True
        except (redis.ConnectionError, OSError):
            return False
        return True

    # ---- use

    def submit(self, task_type: str, **payload: object) -> str:
        """Put a task into its queue `default`; returns the id once it is accepted."""
        wrapper = {t.name: t for t in tq.task_types()}[task_type].wrappers["default"]
        task = wrapper.task_class((), payload)
        self.queue.storage.enqueue(tq.default.serialize_task(task))
        return str(task.id)

    def task(self, task_id: str) -> tq.TaskRecord:
        """The task, which must be there."""
        record = tasks.find(Brokers([self.queue.broker]), task_id)
        assert record is not None, f"{task_id} is lost"
        return record

    def wait_for(self, task_id: str, state: str) -> tq.TaskRecord:
        """Wait until the task is in that state; return it."""

        def reached() -> bool:
            with contextlib.suppress(tq.QueueUnavailable):
                return self.task(task_id).status == state
            return False

        wait_until(reached, description=f"{task_id} is {state}")
        return self.task(task_id)

    def consumers(self) -> list[tq.ConsumerRecord]:
        """The live consumers of its queue; none while it does not answer."""
        try:
            return consumer_records.consumers(self.queue.broker)
        except tq.QueueUnavailable:
            return []

    # ---- troubles

    @contextlib.contextmanager
    def killed(self) -> Generator[None]:
        self.kill()
        yield
        self.start()

    @contextlib.contextmanager
    def frozen(self) -> Generator[None]:
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def read_only(self) -> Generator[None]:
        """A replica of a master that does not exist, so that it keeps what it has."""
        self.admin.replicaof("127.0.0.1", 1)
        yield
        self.admin.replicaof("NO", "ONE")

    @contextlib.contextmanager
    def loading(self) -> Generator[None]:
        """Reads its file so slowly that it takes half a minute, unless it is asked to hurry."""
        with self.admin.pipeline(transaction=False) as pipe:
            for number in range(600):
                pipe.set(f"filler:{number}", os.urandom(100), ex=60)
            pipe.execute()
        self.admin.bgrewriteaof()
        wait_until(self._has_rewritten, description="its file begins with a snapshot")
        self.kill()
        slow = ("--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024")
        self.start(*slow)
        yield
        self.admin.config_set("key-load-delay", 0)
        wait_until(lambda: not self.admin.info()["loading"], description="it has loaded")

    def _has_rewritten(self) -> bool:
        info = self.admin.info("persistence")
        return not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]

    @contextlib.contextmanager
    def full(self) -> Generator[None]:
        self.admin.config_set("maxmemory", "100kb")
        yield
        self.admin.config_set("maxmemory", 0)

    @contextlib.contextmanager
    def unable_to_save(self) -> Generator[None]:
        """A folder stands where its snapshot should go: it refuses to write (MISCONF)."""
        snapshot = self.folder / "snapshot.rdb"
        (snapshot / "in the way").mkdir(parents=True)
        self.admin.config_set("save", "3600 1000000")
        self._save(succeeds=False)
        yield
        shutil.rmtree(snapshot)
        self._save(succeeds=True)
        self.admin.config_set("save", "")
        snapshot.unlink()

    def _save(self, *, succeeds: bool) -> None:
        status = "ok" if succeeds else "err"
        self.admin.bgsave()
        wait_until(
            lambda: self.admin.info("persistence")["rdb_last_bgsave_status"] == status,
            description=f"the snapshot is {status}",
        )

    @contextlib.contextmanager
    def disk_full(self) -> Generator[None]:
        """Its append-only file may not grow, as when the file system is full (MISCONF).

        One that syncs every write would end instead: tests/stack/test_embedded_redis.py.
        """
        self.admin.config_set("appendfsync", "everysec")
        process = psutil.Process(self.process.pid)
        sizes = [file.stat().st_size for file in self.folder.rglob("*.aof")]
        process.rlimit(psutil.RLIMIT_FSIZE, (max(sizes) + 10, psutil.RLIM_INFINITY))
        wait_until(lambda: not self._takes_a_write(), description="its disk is full")
        yield
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        wait_until(self._takes_a_write, description="there is room again")
        self.admin.config_set("appendfsync", "always")

    def _takes_a_write(self) -> bool:
        with contextlib.suppress(redis.ResponseError):
            return bool(self.admin.set("filler", os.urandom(100), ex=60))
        return False

    @contextlib.contextmanager
    def busy(self) -> Generator[None]:
        """Somebody's script runs for ever (BUSY)."""
        other: Any = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=None)

        def run() -> None:
            with contextlib.suppress(redis.ResponseError):
                other.eval("while true do end", 0)

        thread = threading.Thread(target=run)
        thread.start()
        wait_until(self._is_busy, description="the script has run for too long")
        yield
        self.admin.script_kill()
        thread.join()
        other.close()

    def _is_busy(self) -> bool:
        try:
            self.admin.ping()
        except redis.ResponseError as error:
            return "BUSY" in str(error)
        return False

    @contextlib.contextmanager
    def forbidding(self) -> Generator[None]:
        """The rights of our user are taken away while it works (NOPERM)."""
        self.admin.execute_command("ACL", "SETUSER", "default", "-eval", "-evalsha", "-@read")
        yield
        self.admin.execute_command("ACL", "SETUSER", "default", "+@all")

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """A password is asked for that we do not have (NOAUTH)."""
        self.admin.config_set("requirepass", "another")
        self.cut_connections()
        yield
        self.admin.config_set("requirepass", "")

    @contextlib.contextmanager
    def crowded(self) -> Generator[None]:
        """It takes no more connections."""
        self.admin.config_set("maxclients", 1)
        self.cut_connections()
        yield
        self.admin.config_set("maxclients", 1000)

    def cut_connections(self) -> None:
        """CLIENT KILL, for everybody but the admin."""
        for kind in ("normal", "pubsub"):
            self.admin.client_kill_filter(_type=kind, skipme=True)


#: Every trouble in which Redis takes no new task, by its name.
TROUBLES: Mapping[str, Callable[[RedisServer], contextlib.AbstractContextManager[None]]] = {
    "killed": RedisServer.killed,
    "frozen": RedisServer.frozen,
    "read-only": RedisServer.read_only,
    "loading": RedisServer.loading,
    "full": RedisServer.full,
    "unable to save": RedisServer.unable_to_save,
    "disk full": RedisServer.disk_full,
    "busy": RedisServer.busy,
    "forbidding": RedisServer.forbidding,
    "locked": RedisServer.locked,
    "crowded": RedisServer.crowded,
}
