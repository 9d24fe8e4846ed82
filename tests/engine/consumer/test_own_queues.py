"""A queue that QUEUES adds: its consumer, its place in the data set, and what it leaves behind."""

from pathlib import Path

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker
from huey_tasks.records import consumers, indexes
from huey_tasks.records.models import ConsumerRecord
from huey_tasks.registry import types
from tests.conftest import Process, StartConsumer
from tests.waiting import wait_until

FIVE = "high,default,low,gpu:2,emails:30:greenlet"
GPU = Broker.connect(
    "gpu",
    broker_url=tq.CONFIG.broker_url,
    result_url=tq.CONFIG.result_url,
    result_ttl_s=60,
    lease_s=10,
)
redis = tq.default.broker.redis


def consumers_of_gpu() -> list[ConsumerRecord]:
    return consumers.consumers(GPU)


def submit(task_id: str, task_type: str, payload: dict[str, object]) -> None:
    """Submit to the queue as a process does that has it in QUEUES."""
    new = types.get(task_type).new_task(task_id, "default", payload)
    assert GPU.scripts.submit("gpu", [new]) == [True]


def states(*task_ids: str) -> list[str]:
    return [GPU.scripts.whereabouts("gpu", task_id)[0] for task_id in task_ids]


def test_a_consumer_without_the_code_of_a_type_delays_no_other(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    payload: dict[str, object] = {"to": "ada@example.com", "subject": "Hello", "body": "Hi"}
    for number in range(3):
        submit(f"unknown-{number}", "echo", {"value": number})
    submit("known", "send_email", payload)

    only_demo = {"TASKS": "", "TASKS_PATH": "", "DEMO_SPEED": "0", "DEMO_FAILURE_RATE": "0"}
    old = start_consumer("gpu", look_at=consumers_of_gpu, QUEUES=FIVE, **only_demo)
    assert [(one.concurrency, one.worker_type) for one in consumers_of_gpu()] == [(2, "process")]
    wait_until(lambda: states("known") == ["SUCCESS"], description="the known type has run")
    assert states("unknown-0", "unknown-1", "unknown-2") == ["PENDING"] * 3
    wait_until(lambda: "task type 'echo'" in old.text(), description="it says what waits")

    new = start_consumer("gpu", look_at=consumers_of_gpu, QUEUES=FIVE)
    waited = [f"unknown-{number}" for number in range(3)]
    wait_until(lambda: states(*waited) == ["SUCCESS"] * 3, description="newer code has run them")
    _stop_and_erase(old, new)


def losses() -> list[str]:
    return [loss for queue in tq.queue_stats() for loss in queue.losses]


def test_a_new_queue_is_not_lost_data_and_one_that_was_there_is(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("high").stop()
    wait_until(lambda: redis.exists(keys.dataset("low")), description="the data are marked")
    _make_old()

    consumer = start_consumer("high", QUEUES=FIVE)
    wait_until(lambda: redis.exists(keys.dataset("emails")), description="the new are marked")
    consumer.stop()
    assert "gone from" not in consumer.text()
    assert losses() == []

    _make_old()
    redis.delete(keys.dataset("gpu"))
    consumer = start_consumer("high", QUEUES=FIVE)
    said = "the tasks of gpu are gone from Redis"
    wait_until(lambda: said in consumer.text(), description="the loss is logged")
    _stop_and_erase(consumer)


def _stop_and_erase(*consumers: Process) -> None:
    """Leave nothing of the two queues that no other test knows: a heartbeat would write again."""
    for consumer in consumers:
        consumer.stop()
    redis.flushall()


def _make_old() -> None:
    for queue in ("high", "default", "low", "gpu", "emails"):
        for field in redis.hkeys(keys.dataset(queue)):
            if field.startswith(b"queue."):
                redis.hincrby(keys.dataset(queue), field, -3_600_000)


def test_tasks_of_a_queue_that_queues_no_longer_names_are_reported(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("high", QUEUES=FIVE).stop()
    assert tq.left_behind_queues() == []
    submit("left", "echo", {"value": 1})

    said = "Queue 'gpu' holds 1 tasks and schedules, and QUEUES does not name it."
    assert tq.left_behind_queues() == [said]
    consumer = start_consumer("high")
    wait_until(lambda: said in consumer.text(), description="a consumer reports it")
    assert list(indexes.scan(GPU, keys.index("gpu", "PENDING"))) == [["left"]]
    _stop_and_erase(consumer)
