"""The stack under the storm: one Redis, two consumers of one queue, one web service, a ledger.

Everything lives in one temporary folder and listens on unix sockets in it. `settings` must be in
the environment before `huey_tasks` is imported, here and in every process that is started.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

from tests.chaos.log_pipe import LogPipe
from tests.chaos.proxy import LossyProxy
from tests.chaos.schedule import CONCURRENCY, CONSUMERS, LEASE_S
from tests.chaos.surroundings import MAX_MEMORY
from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]

#: The variable by which a process of this storm is known, wherever it has got to.
MARK = "STORM_LEDGER"

#: Seconds within which a process that was asked to stop must end.
STOP_S = 20.0


class Arena:
    """The processes of a storm, by name."""

    def __init__(self, server: Path) -> None:
        self.server = server
        self.folder = Path(tempfile.mkdtemp(prefix="duckline-storm-"))
        self.ledger = self.folder / "ledger.jsonl"
        self.redis_socket = self.folder / "redis.sock"
        self.web_socket = self.folder / "web.sock"
        self._front = self.folder / "front.sock"
        self.proxy = LossyProxy(self._front, self.redis_socket)
        self.logs: dict[str, LogPipe] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> dict[str, str]:
        """The settings of every process, the driver's own included."""
        unset = ("API_KEYS", "ALLOWED_ORIGINS", "RESULT_TTL_S", "DATA_DIR")
        return {
            **dict.fromkeys(unset, ""),
            "REDIS_URL": f"unix://{self._front}?db=0",
            "RESULT_REDIS_URL": f"unix://{self._front}?db=1",
            "TASKS_PATH": str(Path(__file__).parent / "task_modules"),
            "LOG_FORMAT": "json",
            "WEB_CONCURRENCY": "1",
            "LEASE_S": str(LEASE_S),
            "MAX_CRASHES": "100",
            "SHUTDOWN_GRACE_S": "0.3",
            "CANCEL_GRACE_S": "0.3",
            "DEFAULT_CONCURRENCY": str(CONCURRENCY),
            "DEFAULT_WORKER_TYPE": "process",
            "WORKER_MAX_MEMORY": str(MAX_MEMORY),
            "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
            "WEBHOOK_QUEUE": "default",
            "WEBHOOK_RETRY_DELAYS": ",".join(["0.5"] * 20),
            MARK: str(self.ledger),
        }

    # ---- starting

    def start_all(self) -> None:
        """Start everything, Redis first."""
        self.start("redis")
        self.proxy.start()
        for name in (*CONSUMERS, "web"):
            self.start(name)
        wait_until(self.web_socket.exists, description="the web service listens", timeout_s=60)

    def start(self, name: str) -> None:
        """Start the process of that name; of Redis, wait until it listens."""
        pipe = LogPipe(self.folder / f"{name}.log")
        with (self.folder / f"{name}.out").open("ab") as output:
            self._running[name] = subprocess.Popen(
                self._command(name),
                cwd=REPOSITORY,
                env={**os.environ, **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=pipe.write_end,
                start_new_session=True,
            )
        pipe.close_write_end()
        self.logs[name] = pipe
        if name == "redis":
            wait_until(self.redis_socket.exists, description="redis-server listens")

    def _command(self, name: str) -> list[str]:
        if name == "redis":
            return [str(self.server), "--port", "0", "--unixsocket", str(self.redis_socket),
                    "--dir", str(self.folder), "--save", "", "--appendonly", "yes",
                    "--appendfsync", "always", "--maxmemory-policy", "noeviction"]  # fmt: skip
        if name == "web":
            bind = f"unix:{self.web_socket}"
            return [sys.executable, "-m", "gunicorn", "--bind", bind, "app:app"]
        return [sys.executable, "app.py", "consumer", "default"]

    # ---- hitting

    def group(self, name: str) -> list[psutil.Process]:
        """The process of that name and all below it, itself first; empty when it has ended."""
        try:
            leader = psutil.Process(self._running[name].pid)
            return [leader, *sorted(leader.children(recursive=True), key=lambda p: p.pid)]
        except psutil.NoSuchProcess:
            return []

    def workers(self, name: str) -> list[psutil.Process]:
        """The workers of the consumer of that name."""
        try:
            children = psutil.Process(self._running[name].pid).children()
            return [child for child in children if child.pid == os.getpgid(child.pid)]
        except (psutil.NoSuchProcess, ProcessLookupError):
            return []

    def pid_of_running(self, name: str) -> int | None:
        """The id of the process of that name; None when it has ended."""
        process = self._running[name]
        return process.pid if process.poll() is None else None

    def kill(self, name: str, group: Iterable[psutil.Process]) -> None:
        """SIGKILL these processes and collect the one of that name."""
        send(group, signal.SIGKILL)
        self._running[name].wait()
        if name == "redis":
            self.redis_socket.unlink()

    def terminate(self, name: str) -> bool:
        """SIGTERM the process of that name; return whether it has ended in time."""
        self._running[name].terminate()
        try:
            self._running[name].wait(STOP_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    # ---- the end

    def stop_all(self) -> tuple[str, ...]:
        """Stop everything, Redis last; return what was left behind, which is then killed."""
        for name in reversed(self._running):
            self.terminate(name)
        self.proxy.stop()
        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        described = tuple(f"process {p.pid}: {' '.join(p.cmdline())[:120]}" for p in left)
        send(left, signal.SIGKILL)
        return described

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            ours = process.environ().get(MARK) == str(self.ledger)
        except psutil.Error:  # ended meanwhile, or somebody else's
            return False
        return ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE

    def remove(self) -> None:
        """Remove the folder with all data and logs."""
        shutil.rmtree(self.folder)


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each that is still there."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
