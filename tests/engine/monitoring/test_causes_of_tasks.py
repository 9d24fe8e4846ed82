"""Every way to fail has a cause, and tasks are found by it."""

from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Cause
from huey_tasks.records import copies
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, release, scripts, store, submit
from tests.engine.model import HOUR
from tests.engine.monitoring.failures import CAUSE, OTHER, an_id, broker, fail, find, only_group
from tests.waiting import wait_until


def test_tasks_are_found_by_their_cause() -> None:
    first, second, other = fail("first"), fail("ec0d"), fail("other", OTHER)
    waits = submit("echo")
    tq.default.broker.scripts.retry(QUEUE, "first", _copy("first"))
    for q, wanted in {
        f"cause:{CAUSE.fingerprint}": {first, second},
        f"cause:{CAUSE.fingerprint} cause:{OTHER.fingerprint}": {first, second, other},
        f"state:failure -cause:{CAUSE.fingerprint}": {other},
        f"cause:{CAUSE.fingerprint} state:pending": set(),
        f"cause:{CAUSE.fingerprint} id:EC0": {second},
        f"cause:{'c' * 16}": set(),
    }.items():
        assert set(find(q)) == wanted, q
    assert waits not in find(f"cause:{CAUSE.fingerprint}")
    broker.zrem(keys.failed(QUEUE, CAUSE.fingerprint), "ec0d", "first")  # the group made room
    assert set(find(f"cause:{CAUSE.fingerprint}")) == {first, second}


def test_a_cause_whose_group_made_room_and_formed_anew_finds_the_older_tasks_too() -> None:
    fail("01de")
    broker.zadd(keys.failures(QUEUE), {CAUSE.fingerprint: 1})
    for number in range(500):
        fail(f"task-{number}", Cause(f"{number:016x}", f"E{number}", "", ""))
    with pytest.raises(tq.FailuresNotFound):
        tq.failure_group(CAUSE.fingerprint)
    fail("newer")
    assert tq.failure_group(CAUSE.fingerprint).count == 1
    assert set(find(f"cause:{CAUSE.fingerprint}")) == {"newer", "01de"}
    assert find(f"cause:{CAUSE.fingerprint} state:failure id:01") == ["01de"]


def _copy(task_id: str) -> Any:
    new = copies.copy_of(tq.default.broker, task_id, an_id())
    assert new is not None
    return new


def test_a_task_that_kills_its_workers_has_a_cause() -> None:
    store("killer")
    worker = HandWorker("hand")
    for _ in range(3):
        wait_until(lambda: scripts().promote(QUEUE) is None, description="its pause is over")
        release(worker.claim())
    store("lost")
    HandWorker("lost").claim(lease_ms=0)
    recover(max_losses=1)
    found = {group.error_type: group for group in tq.failure_groups().groups}
    assert set(found) == {"WorkerDied", "ConsumerLost"}
    assert found["WorkerDied"].sample_error == "its worker died 3 times while it ran"
    assert found["WorkerDied"].message == "its worker died while it ran"


def test_what_was_set_aside_stays_in_its_group_whatever_its_age() -> None:
    store("unreadable")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "DEAD", reason="why", cause=CAUSE), want=0)
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"unreadable": 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert only_group().count == 1
    scripts().retry(QUEUE, "unreadable", _copy("unreadable"))
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"unreadable": 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert tq.failure_groups().groups == ()


@pytest.mark.parametrize(
    ("task_type", "payload", "error_type"),
    [
        ("ignore_its_time_limit", {}, "TaskTimeout"),
        ("interrupt_itself", {}, "KeyboardInterrupt"),
        ("give_up", {}, "huey.exceptions.CancelExecution"),
        ("fail_in_json", {"text": "{"}, "json.decoder.JSONDecodeError"),
        ("exit_the_interpreter", {}, "SystemExit"),
    ],
)
def test_every_way_to_fail_has_a_cause(
    start_consumer: StartConsumer, task_type: str, payload: dict[str, Any], error_type: str
) -> None:
    start_consumer(QUEUE)
    task_id = submit(task_type, **payload)
    wait_until(lambda: tq.get_task(task_id).status == "FAILURE", description="it has failed")
    group = only_group()
    assert group.error_type in (error_type, error_type.rpartition(".")[2])
    assert group.frame.partition(":")[2] in (task_type, "")
    assert find(f"cause:{group.fingerprint}") == [task_id]


def test_an_unreadable_message_has_a_cause(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    store("unreadable", b"\xff")
    wait_until(lambda: tq.failure_groups().groups, description="it has failed")
    assert only_group().error_type == "UnreadableMessage"


def test_a_worker_of_an_older_version_tells_no_cause() -> None:
    fail("old", None)
    assert tq.failure_groups() == tq.Failures((), 1)
    assert not broker.hexists(keys.task(QUEUE, "old"), "cause")


def test_a_full_redis_takes_failures() -> None:
    store("task")
    worker = HandWorker()
    claim = worker.claim()
    broker.config_set("maxmemory", 1)
    try:
        assert worker.step(commit(claim, "FAILURE", cause=CAUSE), want=0)[0] == [True]
    finally:
        broker.config_set("maxmemory", 0)
    assert only_group().count == 1
