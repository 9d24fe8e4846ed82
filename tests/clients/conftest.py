"""One stack for all tests of clients: a Redis that may stop, a gunicorn, two consumers."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Process
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, Server

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
