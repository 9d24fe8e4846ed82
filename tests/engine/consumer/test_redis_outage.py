"""Redis killed under a running task: the attempt survives, and is committed when Redis is back."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import huey_tasks as tq
from duckline.stack.embedded_redis import find_server
from huey_tasks.broker.broker import Brokers
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.records import consumers, log_lines, tasks
from tests.conftest import Process, StartConsumer
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
             str(self.folder), "--save", "", "--appendonly", "yes", "--appendfsync", "always"],
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
            record = tasks.find(Brokers([self.queue.broker]), task_id)
            return record if record is not None and record.status == state else None

        found = wait_until(reached, description=f"{task_id} is {state}")
        assert found is not None
        return found

    def _answers(self) -> bool:
        try:
            self.queue.broker.info()
        except tq.QueueUnavailable:
            return False
        return True


@pytest.fixture
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DurableRedis]:
    redis = DurableRedis(tmp_path_factory.mktemp("r"))
    yield redis
    redis.kill()


def _start(start_consumer: StartConsumer, durable: DurableRedis, **environment: str) -> Process:
    return start_consumer(
        "default",
        look_at=lambda: consumers.consumers(durable.queue.broker),
        REDIS_URL=f"unix://{durable.socket}?db=0",
        RESULT_REDIS_URL=f"unix://{durable.socket}?db=1",
        **environment,
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
    last_line = durable.folder / "last line"
    task_id = durable.submit("log_as_files_appear", files=[str(last_line)])
    durable.wait_for(task_id, "STARTED")
    durable.kill()
    last_line.touch()
    wait_until(Path(f"{last_line}.logged").exists, description="it is about to end")
    wait_until(lambda: "waits for Redis" in consumer.text(), description="and so it has")
    durable.start()
    record = durable.wait_for(task_id, "SUCCESS")
    assert (record.attempt, record.deliveries) == (1, 1)


def test_an_outage_is_two_lines_of_a_consumer_however_many_workers_it_has(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    consumer = _start(start_consumer, durable, DEFAULT_CONCURRENCY="4")
    go_on = durable.folder / "go on"
    ids = [durable.submit("work_until", go_on=str(go_on)) for _ in range(4)]
    for task_id in ids:
        durable.wait_for(task_id, "STARTED")
    for times in (1, 2):
        durable.kill()
        go_on.touch()
        wait_until(
            lambda: consumer.text().count("waits for Redis") == times,  # noqa: B023
            description="it is logged",
        )
        durable.start()
        wait_until(
            lambda: consumer.text().count("Redis answers again") == times,  # noqa: B023
            description="and that it is over",
        )
    for task_id in ids:
        durable.wait_for(task_id, "SUCCESS")
    logged = [line for line in consumer.text().splitlines() if "Redis" in line]
    words = ("consumer waits for Redis: ", "consumer is back: Redis answers again")
    assert all(word in line for line, word in zip(logged, words * 2, strict=True)), logged


def test_an_outage_of_the_result_backend_alone_is_told_once_too(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    consumer = start_consumer(
        "default", RESULT_REDIS_URL=f"unix://{durable.socket}?db=1", DEFAULT_CONCURRENCY="3"
    )
    durable.kill()
    ids = [tq.submit("echo", {"value": number}).task_id for number in range(20)]
    wait_until(lambda: "waits for Redis" in consumer.text(), description="it is logged")
    durable.start()
    for task_id in ids:
        wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="it is done")  # noqa: B023
    wait_until(lambda: "Redis answers again" in consumer.text(), description="it is over")
    logged = [line for line in consumer.text().splitlines() if "huey_tasks.consumer.outage" in line]
    assert len(logged) == 2, logged


def test_an_outage_of_the_result_backend_keeps_no_chore_waiting(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    durable.kill()
    consumer = start_consumer("default", RESULT_REDIS_URL=f"unix://{durable.socket}?db=1")
    wait_until(lambda: "waits for Redis" in consumer.text(), description="it has no results")
    wait_until(lambda: "as the code declares" in consumer.text(), description="the last chore runs")
    durable.start()
    wait_until(lambda: "Redis answers again" in consumer.text(), description="it is over")


def test_a_worker_that_dies_while_it_waits_does_not_keep_its_consumer_waiting(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    consumer = start_consumer("default", RESULT_REDIS_URL=f"unix://{durable.socket}?db=1")
    durable.kill()
    task_id = tq.submit("echo", {"value": 1}).task_id
    wait_until(lambda: "waits for Redis" in consumer.text(), description="it is logged")

    def holder() -> int | None:
        workers = [worker for one in tq.consumers() for worker in one.workers]
        return next((worker.pid for worker in workers if worker.task_id == task_id), None)

    pid = wait_until(holder, description="its consumer says which worker that is")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    durable.start()
    wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="it is done")
    wait_until(lambda: "Redis answers again" in consumer.text(), description="it is over")


def _log_through_an_outage(
    start_consumer: StartConsumer, durable: DurableRedis, *, away: slice
) -> list[str]:
    """Have a task log four lines, some of them while Redis is away; return what is kept."""
    consumer = _start(start_consumer, durable)
    files = [durable.folder / f"{number}" for number in range(4)]
    task_id = durable.submit("log_as_files_appear", files=[str(file) for file in files])
    durable.wait_for(task_id, "STARTED")
    for number, file in enumerate(files):
        if number == away.start:
            durable.kill()
        if number == away.stop:
            durable.start()
        file.touch()
        wait_until(Path(f"{file}.logged").exists, description=f"line {number} is logged")
    if away.stop == len(files):
        wait_until(lambda: "for Redis" in consumer.text(), description="the task has ended")
        durable.start()
    record = durable.wait_for(task_id, "SUCCESS")
    assert record.attempt == 1
    lines = log_lines.read(Brokers([durable.queue.broker]), limit=10)
    assert [line.text for line in reversed(lines)] == [line.text for line in record.log]
    assert {line.task_type for line in lines} == {"log_as_files_appear"}
    return [line.text for line in record.log]


def test_a_log_says_how_many_lines_redis_could_not_take(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    assert _log_through_an_outage(start_consumer, durable, away=slice(1, 3)) == [
        "line 0",
        "2 lines are missing here: Redis was away",
        "line 3",
    ]


def test_an_attempt_that_ends_meanwhile_says_so_with_its_commit(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    assert _log_through_an_outage(start_consumer, durable, away=slice(3, 4)) == [
        "line 0",
        "line 1",
        "line 2",
        "1 line is missing here: Redis was away",
    ]


def test_a_log_of_which_all_is_missing_lives_no_longer_than_its_task(
    start_consumer: StartConsumer, durable: DurableRedis
) -> None:
    kept = _log_through_an_outage(start_consumer, durable, away=slice(0, 4))
    assert kept == ["4 lines are missing here: Redis was away"]


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
    wait_until(lambda: "waits for Redis" in consumer.text(), description="it has ended")
    durable.start()
    wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="it has succeeded")
    assert tq.get_task(task_id).attempt == 1
