"""One stack for all tests of clients: a Redis that may stop, a gunicorn, two consumers."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from duckline_client import AsyncClient, Client, RetryPolicy

from tests.clients.blocking import blocking
from tests.conftest import Process
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, Server

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"
ONCE = RetryPolicy(time_limit_s=0)
QUICK = RetryPolicy(time_limit_s=60, first_pause_s=0.05, longest_pause_s=0.2)

_TASKS = Path(__file__).parent / "task_modules"


class Stack(NamedTuple):
    """What a client talks to."""

    redis: OwnRedis
    server: Server

    @property
    def url(self) -> str:
        return f"http://{self.server.address}"


@pytest.fixture(scope="session")
def stack(redis_server: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own: the tests' Redis is emptied before each test, this one is not."""
    redis = OwnRedis(tmp_path_factory.mktemp("redis"))
    settings = {**redis.environment, "TASKS_PATH": str(_TASKS)}
    server = Server(**settings)
    consumers = [Process(["app.py", "consumer", queue], settings) for queue in ("default", "high")]

    def online() -> bool:
        return server.request("GET", "/api/workers/stats").json["workers_online"] == 2

    try:
        wait_until(online, description="the consumers are online", timeout_s=60)
        yield Stack(redis, server)
    finally:
        for consumer in consumers:
            consumer.stop()
            print(consumer.text())
        server.process.stop()
        redis.stop()
        print(server.process.text())


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(params=["sync", "async"])
def client(
    stack: Stack, loop: asyncio.AbstractEventLoop, request: pytest.FixtureRequest
) -> Iterator[Client]:
    if request.param == "sync":
        with Client(stack.url, retry=QUICK) as made:
            yield made
        return
    made = AsyncClient(stack.url, retry=QUICK)
    yield blocking(made, loop)
    loop.run_until_complete(made.close())


@pytest.fixture
def tag() -> str:
    return secrets.token_hex(6)


def kill_what_serves(stack: Stack) -> None:
    """Kill the processes that answer; gunicorn starts others."""
    for worker in psutil.Process(stack.server.process.pid).children():
        worker.kill()
