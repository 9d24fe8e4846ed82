"""Cases that once lost, repeated or blocked tasks; each was found by a review or by an accident."""

import os
import signal
from pathlib import Path

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.huey_adapter.task_queue import TaskQueue
from tests.conftest import REPOSITORY, Process, StartConsumer, runs
from tests.engine.consumer.test_faults import BOTH, worker_of
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store, submit, wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis
TASK_ID = "12345678-1234-4234-8234-123456789abc"


@BOTH
@pytest.mark.parametrize(
    ("task_type", "ended"),
    [("raise_half_a_surrogate", "FAILURE"), ("return_half_a_surrogate", "SUCCESS")],
)
def test_a_text_that_utf8_cannot_carry_harms_nobody(
    start_consumer: StartConsumer, worker_type: str, task_type: str, ended: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type)
    record = wait_for(submit(task_type), ended)
    assert record.crashes == 0
    wait_for(submit("echo", value=1), "SUCCESS")
    assert "worker died" not in consumer.text()


@pytest.mark.parametrize(
    "message", [b"5", b'{"$message":5}', b"[" * 5000, b'{"$message":{"id":1,"name":[]}}']
)
def test_json_that_is_no_task_fails_and_blocks_nobody(
    start_consumer: StartConsumer, message: bytes
) -> None:
    start_consumer("default")
    store(TASK_ID, message)
    record = wait_for(TASK_ID, "FAILURE")
    assert record.crashes == 0 and record.error is not None
    wait_for(submit("echo", value=1), "SUCCESS")


def test_a_dead_worker_is_noticed_though_what_it_has_forked_holds_its_files(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", LEASE_S="60")
    file = tmp_path / "pid"
    task_id = submit("fork_and_wait", file=str(file))
    wait_until(lambda: file.exists() and file.read_text(), description="it has forked")
    forked = psutil.Process(int(file.read_text()))
    os.kill(worker_of(task_id), signal.SIGKILL)
    wait_until(lambda: tq.get_task(task_id).deliveries == 2, description="it runs again")
    wait_until(lambda: not runs(forked), description="it ends with its worker", timeout_s=10)


def test_an_erased_task_that_is_due_does_not_stop_the_supervisor(
    start_consumer: StartConsumer,
) -> None:
    store(TASK_ID, delay_ms=1)
    broker.delete(keys.task(QUEUE, TASK_ID))
    start_consumer("default")
    wait_until(lambda: not _ids(keys.index(QUEUE, "SCHEDULED")), description="it is dropped")
    wait_for(submit("fail_until", attempt=2), "SUCCESS")


def test_a_full_redis_lets_running_tasks_end(start_consumer: StartConsumer, tmp_path: Path) -> None:
    start_consumer("default")
    begun = tmp_path / "begun"
    task_id = submit("work_for", seconds=1, file=str(begun))
    wait_until(begun.exists, description="it has begun")
    broker.config_set("maxmemory", 1)
    try:
        assert wait_for(task_id, "SUCCESS").result == "done"
        assert tq.stats().total("consumers") == 1
    finally:
        broker.config_set("maxmemory", 0)


def test_a_pool_does_not_lose_a_slot_with_a_greenlet(start_consumer: StartConsumer) -> None:
    start_consumer("default", worker_type="greenlet")
    wait_for(submit("kill_own_greenlet"), "FAILURE")
    wait_for(submit("echo", value=1), "SUCCESS")


@BOTH
def test_a_time_limit_is_not_swallowed_by_the_log(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    record = wait_for(submit("log_without_end", seconds=20), "FAILURE")
    assert record.error is not None and "timeout" in record.error.lower()


def test_a_consumer_that_is_stopped_while_it_starts_ends() -> None:
    for _ in range(3):
        process = Process(["app.py", "consumer", "default"], {"DEFAULT_CONCURRENCY": "8"})
        children = psutil.Process(process.pid).children
        wait_until(lambda children=children: children(), description="the first worker is forked")
        assert process.stop() == 0


def test_a_task_that_calls_exit_fails_like_any_other(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    record = wait_for(submit("exit_the_interpreter"), "FAILURE")
    assert (record.attempt, record.crashes) == (2, 0)
    assert record.error == "SystemExit(3)"


def test_a_growing_delay_stays_within_its_cap(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    record = wait_for(submit("fail_often"), "FAILURE")
    assert (record.attempt, record.error) == (41, "ValueError('again')")


def test_a_task_that_was_started_in_time_does_not_expire_at_its_retry(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("default")
    assert wait_for(submit("fail_once_and_expire"), "SUCCESS").result == 2


def test_a_claim_whose_answer_was_lost_is_handed_back_at_the_end() -> None:
    storage = _fresh_storage()
    task_id = submit("echo")
    slot = storage.open_slot("lost")
    slot._unanswered = True  # as after a connection that broke between the step and its answer
    HandWorker(slot.id).step()
    slot.flush()
    assert tq.get_task(task_id).status == "PENDING"


def test_a_cancel_that_is_sent_again_gets_the_same_answer() -> None:
    task_id = submit("echo")
    first = _cancel(task_id, "request-1")
    assert (first, _cancel(task_id, "request-1"), _cancel(task_id, "request-2")) == (
        b"PENDING", b"PENDING", b"REVOKED",
    )  # fmt: skip


def test_an_attempt_of_a_type_that_is_unknown_here_is_not_counted() -> None:
    store(TASK_ID)
    worker = HandWorker()
    later = commit(worker.claim(), "PENDING", delay_ms=60_000)
    worker.step(later, want=0)
    record = tq.get_task(TASK_ID)
    assert (record.status, record.attempt) == ("RETRY", 0)


def test_many_expired_tasks_do_not_hold_redis_in_one_step() -> None:
    for number in range(250):
        scripts().submit(QUEUE, [NewTask(f"late-{number}", b"{}", "echo", expires_ms=1)])
    start = _seconds()
    wait_until(lambda: _seconds() > start, description="it is too late for them")
    submit("echo")
    worker = HandWorker()
    while not worker.step()[1]:
        assert worker.sequence < 3
    assert worker.sequence == 3


@pytest.mark.parametrize(
    "module",
    ["api.tasks", "broker.keys", "broker.scripts.tasks", "consumer.worker", "execution.attempt",
     "records.tasks", "schedules.service", "submission.submit"],
)  # fmt: skip
def test_any_module_may_be_imported_first(module: str) -> None:
    process = Process(["-c", f"import huey_tasks.{module}"], {"PYTHONPATH": str(REPOSITORY)})
    assert process.popen.wait(60) == 0, process.text()


def _ids(index: str) -> list[bytes]:
    return broker.zrange(index, 0, -1)


def _seconds() -> int:
    return broker.time()[0]


def _cancel(task_id: str, request: str) -> bytes:
    return scripts().run("cancel", QUEUE, id=task_id, reason="test", request=request, operation="")


def _fresh_storage():  # type: ignore[no-untyped-def]
    config = tq.CONFIG
    return TaskQueue(
        QUEUE,
        broker_url=config.broker_url,
        result_url=config.result_url,
        result_ttl_s=60,
        lease_s=60,
    ).storage
