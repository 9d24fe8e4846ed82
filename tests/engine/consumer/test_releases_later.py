"""What a consumer could not say while Redis was away, it says when it is back.

Leases do not end here: what the end of one would mend shows.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Process, consumer_of
from tests.redis_servers import RedisServer
from tests.waiting import wait_until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, lease_s=600)
    yield server
    server.close()


@pytest.fixture
def consumer(redis: RedisServer) -> Iterator[Process]:
    with consumer_of(redis, DEFAULT_CONCURRENCY="1") as process:
        yield process


def _runs(redis: RedisServer, folder: Path) -> tuple[str, int]:
    """Submit a task that waits for a file; return its id and the process of its worker."""
    go_on, ledger = folder / "go-on", folder / "ledger"
    task_id = redis.submit("work_until", go_on=str(go_on), file=str(ledger))
    wait_until(lambda: ledger.exists() and ledger.read_text(), description="it runs")

    def worker() -> int:
        (found,) = redis.consumers()
        return next((each.pid for each in found.workers if each.task_id == task_id), 0)

    return task_id, wait_until(worker, description="a heartbeat tells which worker runs it")


def test_the_task_of_a_worker_that_dies_while_redis_is_away_runs_again_when_it_is_back(
    redis: RedisServer, consumer: Process, tmp_path: Path
) -> None:
    task_id, worker = _runs(redis, tmp_path)
    with redis.killed():
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: "worker died" in consumer.text(), description="its death is seen")
    (tmp_path / "go-on").touch()
    record = redis.wait_for(task_id, "SUCCESS")
    assert (record.deliveries, record.crashes) == (2, 1)
    assert "Traceback" not in consumer.text()
