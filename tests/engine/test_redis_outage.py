"""Redis killed under a running task: the attempt survives, and is committed when Redis is back."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks import lookup, presences
from huey_tasks.task_queue import TaskQueue
from stack.embedded_redis import find_server
from tests.conftest import StartConsumer
from tests.waiting import wait_until


class DurableRedis:
    """A redis-server of its own with an append-only file, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "r.sock"
        self.queue = TaskQueue(
            "default",
            broker_url=f"unix://{self.socket}?db=0",
            result_url=f"unix://{self.socket}?db=1",
            result_ttl_s=60,
            lease_s=2,
        )
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [str(find_server()), "--port", "0", "--unixsocket", str(self.socket), "--dir",
             str(self.folder), "--save", "", "--appendonly", "yes"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self._answers, description="the durable redis-server answers")

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def submit(self, task_type: str, **payload: object) -> str:
        """Put a task into this server's queue."""
        wrapper = {t.name: t for t in tq.task_types()}[task_type].wrappers["default"]
        task = wrapper.task_class((), payload)
        message = tq.default.serialize_task(task)
        self.queue.storage.enqueue(message)
        return task.id

    def wait_for(self, task_id: str, state: str) -> tq.TaskRecord:
        """Wait until the task is in that state."""

        def reached() -> tq.TaskRecord | None:
            record = lookup.find({"default": self.queue}, task_id)
            return record if record is not None and record.status == state else None

        found = wait_until(reached, description=f"{task_id} is {state}")
        assert found is not None
        return found

    def _answers(self) -> bool:
        try:
            lookup.redis_info(self.queue)
        except tq.QueueUnavailable:
            return False
        return True


@pytest.fixture
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DurableRedis]:
    redis = DurableRedis(tmp_path_factory.mktemp("r"))
    yield redis
    redis.kill()


def _start(start_consumer: StartConsumer, durable: DurableRedis):  # type: ignore[no-untyped-def]
    return start_consumer(
        "default",
        look_at=lambda: presences.consumers(durable.queue),
        REDIS_URL=f"unix://{durable.socket}?db=0",
        RESULT_REDIS_URL=f"unix://{durable.socket}?db=1",
    )


def test_a_task_that_runs_while_redis_restarts_is_not_run_again(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    _start(start_consumer, durable)
    begun = durable.folder / "begun"
    task_id = durable.submit("work_for", seconds=3, file=str(begun))
    wait_until(begun.exists, description="the task has begun")
    durable.kill()
    durable.start()
    record = durable.wait_for(task_id, "SUCCESS")
    assert (record.attempt, record.deliveries, record.result) == (1, 1, "done")


def test_an_attempt_that_ends_while_redis_is_away_is_committed_when_it_is_back(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    consumer = _start(start_consumer, durable)
    begun = durable.folder / "begun"
    task_id = durable.submit("work_for", seconds=1, file=str(begun))
    wait_until(begun.exists, description="the task has begun")
    durable.kill()
    wait_until(lambda: "worker waits for Redis" in consumer.text(), description="it has ended")
    durable.start()
    record = durable.wait_for(task_id, "SUCCESS")
    assert (record.attempt, record.deliveries) == (1, 1)


def test_accepted_tasks_survive_a_killed_redis(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    ids = [durable.submit("echo", value=number) for number in range(50)]
    durable.kill()
    durable.start()
    _start(start_consumer, durable)
    for task_id in ids:
        durable.wait_for(task_id, "SUCCESS")


def test_while_redis_is_away_a_submit_is_refused_and_says_when_to_try_again(
    durable: DurableRedis,
) -> None:
    durable.kill()
    with pytest.raises(tq.QueueUnavailable) as refused:
        durable.submit("echo", value=1)
    assert refused.value.retry_after_s > 0
    assert str(durable.socket) not in refused.value.detail
    durable.start()


def test_a_task_waits_for_its_result_backend_and_is_not_failed_by_its_outage(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    consumer = start_consumer("default", RESULT_REDIS_URL=f"unix://{durable.socket}?db=1")
    durable.kill()
    task_id = tq.submit("echo", {"value": 1}).task_id
    wait_until(lambda: "worker waits for Redis" in consumer.text(), description="it has ended")
    durable.start()
    wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="it has succeeded")
    assert tq.get_task(task_id).attempt == 1
