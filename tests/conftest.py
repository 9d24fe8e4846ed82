"""A private, real Redis for this test process, and the processes that tests start against it.

The server listens on a unix socket in a folder of its own; REDIS_URL points there before any module
of ours is imported. Every test begins with it empty, and ends with the invariants checked.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).parent.parent

_folder = Path(tempfile.mkdtemp(prefix="duckline-test-"))
_socket = _folder / "redis.sock"

# What the shell has set is no part of a test: a setting has its default, or what it gets here.
_settings = (REPOSITORY / ".env.example").read_text()
for name in ("PYTHONUNBUFFERED", *re.findall(r"^#? ?([A-Z]\w*)=", _settings, re.MULTILINE)):
    os.environ.pop(name, None)
os.environ.update(
    REDIS_URL=f"unix://{_socket}?db=0",
    RESULT_REDIS_URL=f"unix://{_socket}?db=1",
    DEMO_SPEED="0",
    DEMO_FAILURE_RATE="0",
    LEASE_S="2",
    CANCEL_GRACE_S="0.3",
    SHUTDOWN_GRACE_S="5",
    WEBHOOK_ALLOWED_HOSTS="127.0.0.1",
    WEBHOOK_RETRY_DELAYS="0.05,0.1,0.2",
    TASKS_PATH=str(REPOSITORY / "tests" / "task_modules"),
)

# A shell ignores SIGINT in what it runs in the background, and what tests start would do so too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import huey_tasks as tq  # noqa: E402
from duckline.stack.embedded_redis import find_server  # noqa: E402
from huey_tasks.broker import access_keys  # noqa: E402
from tests.invariants import check_invariants  # noqa: E402
from tests.redis_servers import RedisServer, answers  # noqa: E402
from tests.waiting import wait_until  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reject an address in a test's name: it differs between processes, which must agree on it."""
    for item in items:
        if re.search(r"\bat 0x", item.nodeid):
            raise pytest.UsageError(f"{item.nodeid} has an address in its name: give it an id")


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[Path]:
    """The private server's socket."""
    server = subprocess.Popen(
        [str(find_server()), "--port", "0", "--unixsocket", str(_socket), "--dir", str(_folder),
         "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: answers(_socket), description="the private redis-server answers")
    yield _socket
    server.terminate()
    server.wait(60)
    shutil.rmtree(_folder)


@pytest.fixture(autouse=True)
def clean_redis(redis_server: Path) -> Iterator[None]:
    """An empty server before each test; the invariants hold after it.

    The keys of an earlier test, which processes remember, were revoked and are not lost.
    """
    broker = tq.high.broker.redis
    broker.flushall()
    broker.set(access_keys.revoked(), 1)
    yield
    check_invariants(broker)


@pytest.fixture(autouse=True)
def same_signals() -> Iterator[None]:
    """A test leaves the handlers of signals, and which are blocked, as it found them.

    The next test to send itself one, or to fork, would otherwise fail for this one's sake.
    """
    before = _signals()
    yield
    assert _signals() == before


def _signals() -> tuple[Sequence[object], set[int]]:
    known = sorted(signal.valid_signals() - {signal.SIGALRM})  # that is of pytest-timeout
    handlers = [signal.getsignal(signum) for signum in known]
    return handlers, signal.pthread_sigmask(signal.SIG_BLOCK, ())


class Process:
    """A process of ours that a test has started; its output is kept for the failure report."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.output = _folder / f"{secrets.token_hex(4)}.log"
        with self.output.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def text(self) -> str:
        """What it has written so far."""
        return self.output.read_text("utf-8", "replace")

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Signal it, wait for its end, return its exit status."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signum)
        try:
            return self.popen.wait(60)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            raise

    def kill(self) -> None:
        """End it and what it has started. What they have sent is with Redis when this returns."""
        below = psutil.Process(self.pid).children(recursive=True)
        self.popen.kill()
        self.popen.wait()
        for process in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(lambda: not any(map(runs, below)), description="nothing of it runs any more")


@contextlib.contextmanager
def consumer_of(server: RedisServer, **settings: str) -> Generator[Process]:
    """A consumer of `default` on a Redis of the test's own, online; its log is in the report."""
    process = Process(["app.py", "consumer", "default"], {**server.environment, **settings})
    try:
        wait_until(server.consumers, description="the consumer is online")
        yield process
    finally:
        process.stop()
        print(process.text())


def runs(process: psutil.Process) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


StartConsumer = Callable[..., Process]


@pytest.fixture
def start_consumer() -> Iterator[StartConsumer]:
    """Start a real consumer: start_consumer("high", concurrency=2, worker_type="greenlet", …)."""
    started: list[Process] = []

    def start(
        queue: str,
        *,
        concurrency: int = 1,
        worker_type: str = "process",
        look_at: Callable[[], list[tq.ConsumerRecord]] = tq.consumers,
        **environment: str,
    ) -> Process:
        known = {consumer.consumer for consumer in look_at()}
        settings = {
            f"{queue.upper()}_CONCURRENCY": str(concurrency),
            f"{queue.upper()}_WORKER_TYPE": worker_type,
            **environment,
        }
        process = Process(["app.py", "consumer", queue], settings)
        started.append(process)
        wait_until(
            lambda: any(c.consumer not in known for c in look_at()),
            description=f"a consumer of queue {queue} is online",
            timeout_s=60,
        )
        return process

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.kill()
        print(process.text())
