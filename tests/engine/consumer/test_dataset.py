"""Data that vanish from Redis are reported; a clock that goes back stops nothing."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.deadline import InTime
from huey_tasks.broker.script_text import script_text
from huey_tasks.broker.scripts.dataset import DatasetScripts
from huey_tasks.consumer.dataset import DataSet
from huey_tasks.monitoring import verify
from huey_tasks.schedules import records
from tests.conftest import Process, StartConsumer
from tests.engine.helpers import QUEUE, scripts, state, submit, wait_for
from tests.redis_servers import RedisServer
from tests.waiting import wait_until

broker = tq.default.broker.redis
HOUR = 3_600_000


def losses() -> list[str]:
    return [loss for queue in tq.queue_stats() for loss in queue.losses]


def is_marked() -> bool:
    results = tq.default.broker.results_are_marked()
    return results and all(broker.exists(keys.dataset(queue)) for queue in keys.queue_names())


def make_old(redis: Any = broker) -> None:
    """Let the data set be older than a start takes."""
    for queue in keys.queue_names():
        for named in redis.hkeys(keys.dataset(queue)):
            if named.startswith(b"queue."):
                redis.hincrby(keys.dataset(queue), named, -HOUR)


def _erase(pattern: str) -> None:
    for key in broker.scan_iter(match=pattern, count=1000):
        broker.delete(key)


def erase_everything() -> None:
    broker.flushall()


def erase_this_queue() -> None:
    _erase(f"{keys.root(QUEUE).replace('{', '[{]').replace('}', '[}]')}:*")


def erase_results() -> None:
    tq.default.broker.results.flushdb()


@pytest.mark.parametrize(
    ("erase", "said"),
    [
        (erase_everything, f"The tasks of queue '{QUEUE}' were erased from Redis"),
        (erase_this_queue, f"The tasks of queue '{QUEUE}' were erased from Redis"),
        (erase_results, f"The results of queue '{QUEUE}' were erased"),
    ],
)
def test_data_that_vanish_beside_a_consumer_are_told(
    start_consumer: StartConsumer, erase: Callable[[], None], said: str
) -> None:
    consumer = start_consumer(QUEUE)
    wait_until(is_marked, description="the data are marked")
    assert losses() == []

    erase()

    found = wait_until(losses, description="the loss is reported")
    assert any(loss.startswith(said) for loss in found)
    assert "data_lost" in [one.code for one in tq.conditions(tq.look_at_service())]
    wait_until(lambda: "gone from" in consumer.text(), description="the log reports it")
    assert "[error" in consumer.text()
    status = [verify.verify(queue.broker) for queue in tq.QUEUES.values()]
    assert any(account.gaps for account in status)

    for queue in tq.QUEUES.values():
        verify.write_off(queue.broker)
    assert losses() == []
    consumer.stop()
    broker.flushall()


def test_a_part_that_is_gone_when_a_consumer_starts_is_told(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE).stop()
    wait_until(is_marked, description="the data are marked")
    make_old()
    broker.delete(keys.dataset("low"))

    consumer = start_consumer(QUEUE)

    found = wait_until(losses, description="the loss is reported")
    assert [loss for loss in found if "queue 'low' were erased" in loss]
    wait_until(lambda: "the tasks of low are gone" in consumer.text(), description="it is logged")


def test_an_empty_redis_below_a_stack_that_has_run_before_is_told(
    start_consumer: StartConsumer,
) -> None:
    consumer = start_consumer(QUEUE, DATASET_IS_EXPECTED="1")

    found = wait_until(losses, description="the loss is reported")
    assert len(found) == 3
    message = "the tasks of high, default, low are gone"
    wait_until(lambda: message in consumer.text(), description="the log reports it")


def test_consumers_that_start_together_agree_and_miss_nothing(
    start_consumer: StartConsumer,
) -> None:
    for queue in keys.queue_names():
        start_consumer(queue)
    wait_until(is_marked, description="the data are marked")

    ids = {broker.hget(keys.dataset(queue), "id") for queue in keys.queue_names()}
    assert len(ids) == 1
    assert losses() == []


@pytest.mark.parametrize("command", ["hsetnx", "set"])  # the first marks queues, the other results
def test_what_could_not_be_marked_at_once_is_not_reported_as_lost(
    tmp_path: Path, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.closing(RedisServer(tmp_path)) as server:
        queue = server.queue.broker
        data = DataSet(queue, expected=False)

        def check() -> None:
            data.look(queue.scripts.heartbeat(QUEUE, "a consumer", "{}", 1, data.id))
            data.check_results()

        server.admin.execute_command("ACL", "SETUSER", "default", f"-{command}")
        with pytest.raises(tq.QueueUnavailable):
            check()
        server.admin.execute_command("ACL", "SETUSER", "default", "+@all")
        check()
        check()

        assert verify.verify(queue).gaps == ()
    assert "gone from" not in caplog.text


def test_what_is_marked_a_long_time_later_is_not_reported_as_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(RedisServer(tmp_path)) as server:
        queue = server.queue.broker
        data, seen = DataSet(queue, expected=False), queue.scripts.heartbeat(QUEUE, "one", "{}", 1)
        server.admin.script_load(script_text("dataset").text)
        post, here = InTime.post, threading.get_ident()
        left = len(keys.queue_names()) + 1  # the looks, and the first mark

        def lose_the_network(self: InTime, command: bytes) -> None:
            nonlocal left
            left -= threading.get_ident() == here  # an earlier test may have left one that listens
            if left < 0:
                self._fail(ConnectionResetError(104, "reset"), "writing to")
            post(self, command)

        with monkeypatch.context() as network:
            network.setattr(InTime, "post", lose_the_network)
            with pytest.raises(tq.QueueUnavailable):
                data.look(seen)
        assert any(map(server.admin.exists, map(keys.dataset, keys.queue_names())))
        make_old(server.admin)
        data.look(seen)

        assert verify.verify(queue).gaps == ()
    assert "gone from" not in caplog.text


def test_a_part_of_a_queue_that_is_gone_is_counted() -> None:
    submit("echo")
    submit("echo")
    broker.delete(keys.index(QUEUE, "PENDING"))

    assert losses() == [f"Accepted tasks of queue '{QUEUE}' are missing: 2."]
    assert DatasetScripts(scripts()).write_off(QUEUE) == 2
    assert losses() == []
    assert verify.verify(tq.default.broker).states["written off"] == 2
    broker.flushall()


def test_counters_that_are_gone_are_told() -> None:
    submit("echo")
    broker.delete(keys.counters(QUEUE), keys.noted(QUEUE))

    assert losses() == [
        f"Queue '{QUEUE}' has 1 tasks more than it counts: its counters were erased."
    ]
    broker.flushall()


def test_a_running_task_whose_record_vanished_is_not_cancelled(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    go_on, file = tmp_path / "go-on", tmp_path / "file"
    consumer = start_consumer(QUEUE)
    task_id = submit("work_until", go_on=str(go_on), file=str(file))
    wait_until(lambda: tq.get_task(task_id).status == "STARTED", description="it runs")
    wait_until(is_marked, description="the data are marked")

    broker.flushall()
    wait_until(losses, description="the loss is reported")
    time_of_renewals = time.monotonic() + 2
    wait_until(lambda: time.monotonic() > time_of_renewals, description="leases are renewed")
    go_on.touch()

    wait_until(lambda: "refused" in consumer.text(), description="its outcome is refused")
    assert "cancel" not in consumer.text().lower()
    assert "worker died" not in consumer.text()
    consumer.stop()
    broker.flushall()


# ---- the clock


def set_back(ms: int) -> None:
    """What a clock that was ahead by `ms` has left behind: all times are that much later."""
    for index in ("SCHEDULED", "RETRY", "STARTED"):
        for member in broker.zrange(keys.index(QUEUE, index), 0, -1):
            broker.zincrby(keys.index(QUEUE, index), ms, member)
    for name in broker.zrange(keys.schedules(QUEUE), 0, -1):
        broker.zincrby(keys.schedules(QUEUE), ms, name)
        broker.hincrby(keys.schedule(QUEUE, name.decode()), "start_at", ms)
    broker.hset(keys.dataset(QUEUE), "clock", int(time.time() * 1000) + ms)


def started(start_consumer: StartConsumer) -> Process:
    consumer = start_consumer(QUEUE)
    wait_until(is_marked, description="the data are marked")
    return consumer


def test_a_delayed_task_starts_on_time_though_the_clock_goes_back(
    start_consumer: StartConsumer,
) -> None:
    consumer = started(start_consumer)
    message = tq.default.serialize_task(
        next(t for t in tq.task_types() if t.name == "echo").wrappers[QUEUE].s(value=7)
    )
    delayed = message.task._replace(delay_ms=2000)
    scripts().submit(QUEUE, [delayed])
    assert state(delayed.id) == "SCHEDULED"

    set_back(HOUR)

    assert wait_for(delayed.id, "SUCCESS").result == 7
    assert "the clock of Redis went back by 3" in consumer.text()


@pytest.mark.parametrize("plan", [{"every_s": 1.0}, {"cron": "* * * * *"}])
def test_a_schedule_goes_on_though_the_clock_goes_back(
    start_consumer: StartConsumer, plan: dict[str, object]
) -> None:
    started(start_consumer)
    tq.create_schedule("tick", "echo", {}, priority=QUEUE, **plan)  # pyright: ignore[reportArgumentType]

    set_back(2 * HOUR)

    def next_run_in_s() -> float:
        due = tq.get_schedule("tick").next_run_at
        return due.timestamp() - time.time() if due else 0.0

    wait_until(lambda: next_run_in_s() < 61, description="it is planned again")
    if "every_s" in plan:
        ran = tq.get_schedule("tick").runs
        wait_until(lambda: tq.get_schedule("tick").runs >= ran + 2, description="it runs")


def test_a_due_time_that_comes_again_makes_another_task() -> None:
    tq.create_schedule("tick", "echo", {}, priority=QUEUE, every_s=60)
    key = keys.schedule(QUEUE, "tick")
    (before,) = records.all_schedules(Brokers([tq.default.broker]))
    broker.hincrby(key, "epoch", 1)
    (after,) = records.all_schedules(Brokers([tq.default.broker]))

    assert before.run_id(60_000) == before.run_id(60_000) != after.run_id(60_000)
    assert before.run_id(60_000) != before.run_id(120_000)
