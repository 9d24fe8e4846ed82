"""Submit from wherever an application does: threads, forked children, greenlets, without Redis."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import deadline
from huey_tasks.broker.connection import connect, redis_errors
from huey_tasks.registry import types
from tests.conftest import REPOSITORY

GREENLETS = """
from gevent import monkey; monkey.patch_all()
import asyncio, gevent, huey_tasks as tq
from huey_tasks.registry import types
tq.submit  # its first use loads the task modules
echo, ticks = types.get("echo"), 0
def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0)
gevent.spawn(tick)
def several(n):
    return {echo.submit(n).id for _ in range(10)}
greenlets = [gevent.spawn(several, n) for n in range(5)]
gevent.joinall(greenlets, raise_error=True)
assert ticks > 10, ticks
ids = set().union(*(greenlet.value for greenlet in greenlets)) | {asyncio.run(echo.asubmit(0)).id}
print(len(ids))
"""


def echo() -> Any:
    return types.get("echo")


def in_child(work: Callable[[], None]) -> Callable[[], int]:
    """Run `work` in a forked child; the returned function waits for its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        signal.alarm(30)
        with contextlib.suppress(BaseException):
            work()
            status = 0
        os._exit(status)
    return lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_many_threads_submit_each_a_task_of_its_own() -> None:
    with ThreadPoolExecutor(30) as threads:
        handles = list(threads.map(echo().submit, range(200)))
    assert len({handle.id for handle in handles}) == 200
    assert tq.stats().queued("default") == 200


def test_forked_children_and_their_parent_submit_at_once() -> None:
    echo().submit("the connection of the parent is in use")
    ends = [in_child(lambda: echo().map(range(20)) and None) for _ in range(3)]
    for n in range(20):
        assert echo().submit(n).record().payload == {"value": n}, "no answer of another process"
    assert [end() for end in ends] == [0, 0, 0]
    assert tq.stats().queued("default") == 1 + 3 * 20 + 20


def test_a_child_submits_that_was_forked_in_the_middle_of_submits() -> None:
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            echo().submit("parent")

    threads = [threading.Thread(target=go_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        statuses = [in_child(lambda: echo().submit("child").status() and None)() for _ in range(10)]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert statuses == [0] * 10


def test_a_forked_child_waits_for_the_end_of_a_task() -> None:
    handle = echo().submit("parent")
    with pytest.raises(TimeoutError):  # so that the parent has a thread that hears of ends
        handle.result(timeout_s=0.1)

    def wait() -> None:
        threading.Timer(0.2, handle.cancel).start()
        begun = time.monotonic()
        with pytest.raises(tq.TaskFailed):
            handle.result(timeout_s=20)
        assert time.monotonic() - begun < 10

    assert in_child(wait)() == 0


def test_greenlets_submit_while_others_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GREENLETS], cwd=REPOSITORY, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "51\n", done.stderr
    assert tq.stats().queued("default") == 51


@contextlib.contextmanager
def listening(answer: bytes | None) -> Generator[int]:
    """Listen on a port of all loopback addresses: answer so, or never if None; yields the port."""
    with socket.create_server(("0.0.0.0", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError), contextlib.ExitStack() as kept:
                while True:
                    client = kept.enter_context(server.accept()[0])
                    if answer is not None:
                        client.recv(100)
                        client.sendall(answer)
                        client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "Redis does not answer."),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "Something other than Redis answers."),
        (b"-WRONGPASS invalid username-password pair\r\n", "Redis does not let us in."),
        (b"-NOAUTH Authentication required.\r\n", "Redis does not let us in."),
        (b"-LOADING Redis is loading\r\n", "Redis does not answer. Redis is loading"),
        (b"-ERR max number of clients reached\r\n", "Redis does not answer. max number of clients"),
    ],
)
def test_an_error_names_the_address_and_never_the_password(answer: bytes, said: str) -> None:
    with listening(answer) as port, pytest.raises(tq.QueueUnavailable) as caught, redis_errors():
        connect(f"redis://ada:hush-hush@127.0.0.1:{port}/2").ping()
    text = str(caught.value)
    assert text.startswith(said)
    assert text.endswith(f" (redis://127.0.0.1:{port}/2)")
    assert "hush" not in text
    assert caught.value.detail == said.partition(".")[0] + ".", "callers by HTTP see no address"


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/0",
        "redis://no-such-host.invalid:6379/0",
        "unix:///no/such/redis.sock?db=0",
        "redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster/0",
    ],
)
def test_nobody_listens_and_the_error_names_the_address(url: str) -> None:
    with pytest.raises(tq.QueueUnavailable) as caught, redis_errors():
        connect(url).ping()
    assert str(caught.value).endswith(f" ({url})")
    assert " object at 0x" not in str(caught.value) and "<" not in str(caught.value)


@pytest.fixture
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "CALL_S", 0.2)


@pytest.fixture
def frozen_redis() -> Iterator[None]:
    pid = tq.high.broker.info()["process_id"]
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("short_calls", "frozen_redis")
def test_no_call_outlasts_its_time_limit_when_redis_is_silent() -> None:
    handle = tq.TaskHandle("4f925172-111d-4731-b3f2-b9bb556e42b1", "echo", "default")
    calls: list[Callable[[], object]] = [
        lambda: echo().submit(1),
        lambda: echo().map(range(3)),
        handle.status,
        handle.cancel,
        lambda: handle.result(timeout_s=0.2),
    ]
    for call in calls:
        begun = time.monotonic()
        with pytest.raises(tq.QueueUnavailable, match=r"Redis does not answer\..*redis\.sock"):
            call()
        assert time.monotonic() - begun < 3


@pytest.mark.usefixtures("short_calls")
def test_silent_sentinels_do_not_prolong_a_call() -> None:
    with listening(None) as port:
        hosts = ",".join(f"127.0.0.{n}:{port}" for n in range(1, 6))
        begun = time.monotonic()
        with (
            pytest.raises(tq.QueueUnavailable),
            redis_errors(),
            deadline.default_limit(),
        ):
            connect(f"redis+sentinel://{hosts}/mymaster/0").ping()
        assert time.monotonic() - begun < 3
