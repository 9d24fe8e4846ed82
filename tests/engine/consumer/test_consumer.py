"""A real consumer in a process of its own: what a user of the queue sees of it."""

import datetime as dt
import os
import sysconfig
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.queues import QUEUES
from tests.conftest import REPOSITORY, Process, StartConsumer
from tests.engine.helpers import store, submit, wait_for
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("worker_type", ["process", "greenlet"])


@BOTH
def test_a_task_runs_and_its_result_is_kept(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    record = wait_for(submit("echo", value={"n": 12345678901234567890123}), "SUCCESS")
    assert record.result == {"n": 12345678901234567890123}
    assert record.worker is not None and record.worker.startswith("default@")
    assert record.started_at is not None and record.finished_at is not None
    assert record.submitted_at <= record.started_at <= record.finished_at


def test_a_result_may_hold_times_bytes_and_odd_keys(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    task_id = submit("return_rich_values")
    record = wait_for(task_id, "SUCCESS")
    assert record.result == {
        "at": "2026-01-02T03:04:05+00:00",
        "raw": "AP8=",
        "big": 12345678901234567890123,
        "$key": {"$datetime": "not a date"},
    }
    value = tq.default.result(task_id)
    assert value["at"] == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert value["raw"] == b"\x00\xff"


def test_a_result_that_json_cannot_carry_is_described(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    record = wait_for(submit("return_nonsense"), "SUCCESS")
    assert record.result.startswith("<object object at")
    assert record.result_note == "described, because JSON cannot carry it: object"


def test_progress_and_log_of_a_running_task_can_be_read(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    go_on = tmp_path / "go on"
    task_id = submit("report_progress", file=str(go_on))
    wait_until(lambda: tq.get_task(task_id).log, description="the line is kept")
    record = tq.get_task(task_id)
    assert record.progress == tq.Progress(0.5, "half way")
    assert [(line.level, line.text) for line in record.log] == [("INFO", "line 1")]
    go_on.touch()
    wait_for(task_id, "SUCCESS")


@BOTH
def test_a_failing_task_is_tried_again_and_keeps_its_error(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type, LOG_FORMAT="json")
    task_id = submit("fail", message="boom")
    record = wait_for(task_id, "FAILURE")
    assert (record.attempt, record.max_attempts) == (3, 3)
    assert record.error == "ValueError('boom')"
    assert record.traceback is not None and "raise ValueError(message)" in record.traceback
    lines = wait_until(
        lambda: [line for line in consumer.text().splitlines() if '"task failed"' in line],
        description="the failure is logged",
    )
    assert len(lines) == 1
    for part in (task_id, '"task_type": "fail"', '"queue": "default"', '"attempts": 3', "boom"):
        assert part in lines[0]


def test_an_attempt_that_succeeds_ends_the_retries(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    record = wait_for(submit("fail_until", attempt=3), "SUCCESS")
    assert (record.result, record.attempt, record.max_attempts) == (3, 3, 4)


def test_a_retry_without_a_delay_is_queued_at_once(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    ledger = tmp_path / "ledger"
    wait_for(submit("fail_at_once", file=str(ledger)), "FAILURE")
    assert len(ledger.read_text().splitlines()) == 2


def test_a_task_can_say_that_it_is_not_worth_retrying(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    assert wait_for(submit("give_up"), "FAILURE").attempt == 1


def test_a_task_can_ask_for_another_attempt(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    assert wait_for(submit("ask_for_retry"), "SUCCESS").result == 2


def test_an_attempt_that_is_asked_for_comes_after_the_delay_of_the_type(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    ledger = tmp_path / "ledger"
    wait_for(submit("ask_for_retry_after_usual_delay", file=str(ledger)), "SUCCESS")
    first, second = (float(line.split()[1]) for line in ledger.read_text().splitlines())
    assert second - first >= 0.4  # it has no retries, and Redis keeps no delay of it


@BOTH
def test_a_program_in_another_python_finds_its_own_modules(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    path = wait_for(submit("python_path"), "SUCCESS").result.split(os.pathsep)
    assert sysconfig.get_path("stdlib") not in path and sysconfig.get_path("purelib") not in path


@BOTH
def test_an_attempt_that_takes_too_long_is_stopped(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type, CANCEL_GRACE_S="10")
    record = wait_for(submit("overrun"), "FAILURE")
    assert record.error is not None and "timeout" in record.error


def test_a_pipeline_hands_each_result_to_the_next_task(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    add = _wrapper("add")
    results = tq.default.enqueue(add.s(1, 2).then(add, 10).then(add, 100))
    assert results.get(blocking=True, timeout=30) == [3, 13, 113]


def test_a_chord_calls_back_with_all_results(start_consumer: StartConsumer) -> None:
    from huey.api import chord

    start_consumer("default", concurrency=2)
    add, echo = _wrapper("add"), _wrapper("echo")
    handle = tq.default.enqueue(chord([add.s(n, n) for n in range(3)], echo.s()))
    assert handle.callback.get(blocking=True, timeout=30) == [0, 2, 4]


def test_a_task_of_an_unknown_type_waits_for_newer_code(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    task_id = "12345678-1234-4234-8234-123456789abc"
    message = b'{"$message":{"id":"%s","name":"from_the_future"}}' % task_id.encode()
    store(task_id, message, "from_the_future")
    blocked = keys.blocked(tq.default.name, "type:from_the_future")
    broker = tq.default.broker.redis
    wait_until(lambda: bool(broker.exists(blocked)), description="it is set apart")
    assert wait_for(task_id, "PENDING").attempt == 0


def test_bytes_that_are_no_task_fail_and_run_nothing(start_consumer: StartConsumer) -> None:
    import pickle

    start_consumer("default")
    task_id = "12345678-1234-4234-8234-123456789abc"
    bad = pickle.dumps(_Canary())
    store(task_id, bad)
    record = wait_for(task_id, "FAILURE")
    assert record.error is not None and record.error.startswith("its message cannot be read")
    assert not Path("/tmp/duckline-canary").exists()
    wait_for(submit("echo", value=1), "SUCCESS")


class _Canary:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("/tmp/duckline-canary"),)  # type: ignore[return-value]


def test_huey_consumer_serves_a_queue(tmp_path: Path) -> None:
    command = ["-m", "huey.bin.huey_consumer", "huey_tasks.low", "-k", "process", "-w", "2"]
    process = Process(command, {"PYTHONPATH": str(REPOSITORY)})
    try:
        wait_until(lambda: tq.consumers(), description="the consumer is online")
        task_id = tq.submit("echo", {"value": 1}, priority="low").task_id
        wait_for(task_id, "SUCCESS")
        wait_until(
            lambda: [len(consumer.workers) for consumer in tq.consumers()] == [2],
            description="a heartbeat names both workers",
        )
    finally:
        assert process.stop() == 0


def test_huey_consumer_refuses_threads_in_one_line() -> None:
    command = ["-m", "huey.bin.huey_consumer", "huey_tasks.low", "-w", "2"]
    process = Process(command, {"PYTHONPATH": str(REPOSITORY)})
    assert process.popen.wait(60) == os.EX_CONFIG
    assert process.text() == (
        "duckline: Duckline runs workers as -k process or -k greenlet, not thread: type"
        " huey_consumer huey_tasks.low -k process -w 2\n"
    )


def test_many_greenlets_run_side_by_side(start_consumer: StartConsumer, tmp_path: Path) -> None:
    start_consumer("default", concurrency=40, worker_type="greenlet")
    go_on = tmp_path / "go on"
    ids = [submit("work_until", go_on=str(go_on)) for _ in range(40)]
    for task_id in ids:
        wait_for(task_id, "STARTED")
    go_on.touch()
    assert len({wait_for(task_id, "SUCCESS").worker for task_id in ids}) == 40


def test_every_type_runs_on_every_queue(start_consumer: StartConsumer) -> None:
    for queue in QUEUES:
        start_consumer(queue)
        task_id = tq.submit("echo", {"value": queue}, priority=queue).task_id
        assert wait_for(task_id, "SUCCESS").queue == queue


def test_a_periodic_task_runs_once_a_minute_however_many_consumers(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("low")
    start_consumer("low")
    found = wait_until(
        lambda: tq.list_tasks(state=tq.TaskState.SUCCESS),
        description="the periodic task has run",
    )
    minutes = {record.submitted_at.replace(second=0, microsecond=0) for record in found}
    assert len(minutes) == len(found)


def test_a_task_that_interrupts_itself_fails(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    record = wait_for(submit("interrupt_itself"), "FAILURE")
    assert record.error is not None and "KeyboardInterrupt" in record.error


def _wrapper(name: str):  # type: ignore[no-untyped-def]
    return {t.name: t for t in tq.task_types()}[name].wrappers["default"]
