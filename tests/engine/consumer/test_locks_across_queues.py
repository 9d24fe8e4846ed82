"""A lock is one for all queues: a task may run on another than the instance that names the lock."""

from pathlib import Path

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import StartConsumer
from tests.engine.helpers import wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis


def _marks(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def test_tasks_of_two_queues_do_not_hold_a_lock_at_the_same_time(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    for queue in ("default", "high", "low"):
        start_consumer(queue)
    file = tmp_path / "weighed"
    ids = [
        tq.submit("weigh", {"file": str(file), "seconds": 0.2}, priority=queue).task_id
        for queue in ("default", "high", "low", "high", "default", "low")
    ]
    records = [wait_for(task_id, "SUCCESS") for task_id in ids]
    assert {record.attempt for record in records} == {1}
    begins_and_ends = [what for what, *_ in _marks(file)]
    assert begins_and_ends == ["begin", "end"] * 6


def test_one_of_another_queue_starts_when_the_lock_is_free_and_does_not_spin(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    for queue in ("default", "high"):
        start_consumer(queue)
    file = tmp_path / "weighed"
    first = tq.submit("weigh", {"file": str(file), "seconds": 2.0}, priority="high").task_id
    wait_until(lambda: _marks(file), description="the first has the lock")
    second = tq.submit("weigh", {"file": str(file), "seconds": 0.0}).task_id
    wait_until(
        lambda: broker.zcard(keys.blocked("default", "lock:the scale")), description="it waits"
    )
    assert tq.explain_task(second).reasons[0].task_id == first
    done = [wait_for(task_id, "SUCCESS") for task_id in (first, second)]
    assert done[0].finished_at is not None and done[1].finished_at is not None
    assert (done[1].finished_at - done[0].finished_at).total_seconds() < 5
    # Claimed when it came, at most at each look, a second apart, and when the lock was free.
    waited_s = (done[1].finished_at - done[1].submitted_at).total_seconds()
    assert done[1].deliveries <= 4 + waited_s
