"""The client for Python in programs of several processes: forks, and errors that cross over."""

import asyncio
import json
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import duckline_client as dc
import pytest
from duckline_client import AsyncClient, Client

from tests.clients.conftest import UNKNOWN, Stack

_TASK = dc.Task(UNKNOWN, "FAILURE", "echo", "default", {}, 1, 1, datetime.now(UTC))
_PROBLEM = {"code": "x", "detail": "No.", "errors": [{"pointer": "/a", "code": "b"}]}


class _Ports(ThreadingHTTPServer):
    """Answers each GET with a task, and keeps the port from which it came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[int] = []


class _Answer(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"  # connections are used again

    def do_GET(self) -> None:
        self.server.seen.append(self.client_address[1])
        task = {**vars(_TASK), "submitted_at": "2026-01-01T00:00:00Z"}
        body = json.dumps(task).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def ports() -> Iterator[_Ports]:
    with _Ports() as made:
        threading.Thread(target=made.serve_forever).start()
        yield made
        made.shutdown()


def in_a_child(ask: Callable[[], object]) -> None:
    child = os.fork()
    if not child:
        try:
            ask()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_forked_child_makes_a_connection_of_its_own(ports: _Ports) -> None:
    with Client(ports.url) as client:
        client.get(UNKNOWN)
        in_a_child(lambda: client.get(UNKNOWN))
        client.get(UNKNOWN)
    parent, child, again = ports.seen
    assert parent == again != child


def test_so_does_one_with_coroutines(ports: _Ports) -> None:
    client = AsyncClient(ports.url)

    async def main() -> None:
        await client.get(UNKNOWN)
        in_a_child(lambda: threaded(client))
        await client.get(UNKNOWN)
        await client.close()

    asyncio.run(main())
    parent, child, again = ports.seen
    assert parent == again != child


def test_each_event_loop_has_connections_of_its_own(ports: _Ports) -> None:
    client = AsyncClient(ports.url)
    with asyncio.Runner() as one, asyncio.Runner() as other:
        for runner in (one, other, one):
            runner.run(client.get(UNKNOWN))
        for runner in (one, other):
            runner.run(client.close())
    first, second, again = ports.seen
    assert first == again != second


def test_a_client_goes_on_in_the_next_loop(ports: _Ports) -> None:
    client = AsyncClient(ports.url)

    async def main() -> None:
        async with client:
            await client.get(UNKNOWN)

    asyncio.run(main())
    asyncio.run(main())
    assert len(ports.seen) == 2


def threaded(client: AsyncClient) -> None:
    """Read a task in a loop of another thread: the loop of a forked child cannot go on."""
    reader = threading.Thread(target=lambda: asyncio.run(client.get(UNKNOWN)))
    reader.start()
    reader.join()


@pytest.mark.parametrize(
    "error",
    [
        dc.InvalidRequest(422, _PROBLEM, None), dc.RateLimited(429, {}, 2.0),
        dc.TaskFailed(_TASK), dc.WaitTimeout(_TASK), dc.ConnectionFailed("no answer"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_an_error_is_pickled_whole(error: dc.DucklineError) -> None:
    error.add_note("seen by a child")
    crossed = pickle.loads(pickle.dumps(error))
    assert (type(crossed), str(crossed)) == (type(error), str(error))
    assert vars(crossed) == vars(error)


def read_unknown(url: str) -> None:
    with Client(url) as client:
        client.get(UNKNOWN)


def test_a_pool_of_processes_raises_what_its_child_raised(stack: Stack) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        asked = pool.apply_async(read_unknown, (stack.url,))
        with pytest.raises(dc.NotFound) as raised:
            asked.get(timeout=60)
    assert raised.value.code == "task_not_found"
