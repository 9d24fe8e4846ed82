"""What a task that Huey's own decorator declares returns is encoded as its own code."""

from importlib import import_module
from pathlib import Path
from typing import Any

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.consumer.test_faults import BOTH, lines
from tests.engine.helpers import wait_for
from tests.waiting import wait_until


def enqueue(name: str, argument: Any) -> str:
    """Submit a task of such a type; return its id."""
    return str(getattr(import_module("native"), name)(argument).id)


@BOTH
def test_the_time_limit_holds_for_an_iterator_in_a_result(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    record = wait_for(enqueue("native_limited", str(tmp_path / "ledger")), "FAILURE")
    assert (record.attempt, record.crashes) == (1, 0)
    assert record.error is not None and "TaskTimeout" in record.error


@BOTH
def test_a_cancel_reaches_an_iterator_in_a_result(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type, CANCEL_GRACE_S="30")
    ledger = tmp_path / "ledger"
    task_id = enqueue("native_endless", str(ledger))
    wait_until(lambda: lines(ledger), description="its result is read")
    tq.cancel(task_id)
    wait_until(lambda: tq.get_task(task_id).stop_confirmed, description="its worker is free")
    assert tq.get_task(task_id).status == "REVOKED"
    assert "killed" not in consumer.text()


def test_an_error_in_rows_that_are_read_late_is_tried_again(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    record = wait_for(enqueue("native_late", str(tmp_path / "ledger")), "SUCCESS")
    assert (record.attempt, record.result) == (2, [2])


def test_the_next_of_a_pipeline_gets_the_rows_as_they_are_stored(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    native = import_module("native")
    (tmp_path / "ledger").write_text("once before\n")
    start_consumer("default")
    rows = native.native_late.s(str(tmp_path / "ledger"))
    *_, last = tq.default.enqueue(rows.then(native.native_list, 7))
    assert last.get(blocking=True, timeout=30) == [7, [2]]


def test_a_large_result_fails_its_task(start_consumer: StartConsumer) -> None:
    start_consumer("default", RESULT_MAX_BYTES="1000")
    record = wait_for(enqueue("native_large", 1000), "FAILURE")
    assert record.error is not None and "RESULT_MAX_BYTES is 1000" in record.error
    assert len(wait_for(enqueue("native_large", 900), "SUCCESS").result) == 900
