"""How a task ends, whatever it raises or returns: errors as they are, no work lost for a result.

tests/task_modules/odd_ends.py has what is raised and returned.
"""

import time
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.execution import results
from huey_tasks.execution.fingerprint import cause_of, where
from huey_tasks.serializer import loads, plain
from huey_tasks.values.safe_repr import repr_of, traceback_of
from tests.conftest import StartConsumer
from tests.engine.helpers import submit, wait_for
from tests.waiting import wait_until


def odd_ends() -> Any:
    """The task module, as the service has loaded it."""
    return next(t for t in tq.task_types() if t.name == "end_oddly").function.__globals__


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_whatever_a_task_raises_is_its_error_by_name_and_is_tried_again(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type)
    ids = {how: submit("end_oddly", how=how) for how in odd_ends()["RAISED"]}
    for how, task_id in ids.items():
        record = wait_for(task_id, "FAILURE")
        assert record.error is not None and how in record.error, (how, record.error)
        assert (record.attempt, record.crashes, record.deliveries) == (2, 0, 2), how
        assert record.traceback is not None and "odd_ends.py" in record.traceback, how
        line = wait_until(
            lambda task_id=task_id: next(
                (one for one in consumer.text().splitlines()
                 if "task failed" in one and task_id in one), None
            ),
            description=f"the log has the failure of {how}",
        )  # fmt: skip
        assert line is not None and "at='odd_ends.py:" in line, line
    assert "worker died" not in consumer.text() and "worker error" not in consumer.text()
    names = {group.error_type.rpartition(".")[2] for group in tq.failure_groups().groups}
    assert {"CancelledError", "SystemExit", "Stop", "BaseExceptionGroup", "Unprintable"} <= names


def test_an_error_in_rows_that_are_read_late_is_the_tasks_own(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("default")
    record = wait_for(submit("read_rows_late"), "FAILURE")
    assert (record.error, record.attempt) == ("KeyError('late')", 2)
    assert record.traceback is not None and "in rows" in record.traceback


def test_a_finished_task_succeeds_whatever_it_returns(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    ids = {how: submit("return_oddly", how=how) for how in odd_ends()["RETURNED"]}
    for how, task_id in ids.items():
        _, expected, note = odd_ends()["RETURNED"][how]
        record = wait_for(task_id, "SUCCESS")
        assert record.result == expected, how
        assert (record.result_note is None) == (not note) and note in (record.result_note or "")


def test_no_progress_fails_its_task(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    assert wait_for(submit("report_oddly"), "SUCCESS").result == "done"


def test_a_result_that_is_stored_reads_the_same_when_it_is_stored_again() -> None:
    for how, (make, _, _) in odd_ends()["RETURNED"].items():
        stored, encoded = results.encode(make())
        again = loads(results.encode(stored)[1])
        assert plain(again["result"]) == plain(loads(encoded)["result"]), how
        assert how == "bytes" or "note" not in again, how


def test_a_tuple_stays_one_for_the_next_task_of_a_pipeline() -> None:
    assert results.encode((1, float("nan")))[0] == (1, None)


def test_a_plain_result_is_not_copied() -> None:
    rows = [{"a": 1}]
    assert results.encode(rows)[0] is rows


def test_a_stop_that_arrives_while_a_result_is_encoded_is_not_kept() -> None:
    class Slow:
        def __repr__(self) -> str:
            raise TimeoutStrikes

    class TimeoutStrikes(results.TaskTimeout):
        pass

    with pytest.raises(TimeoutStrikes):
        results.encode([Slow()])


def test_a_group_of_exceptions_is_told_apart_by_its_members() -> None:
    def cause(*members: Exception) -> str:
        try:
            raise ExceptionGroup("unhandled", list(members))
        except ExceptionGroup as error:
            return cause_of(error).fingerprint

    assert cause(KeyError("a")) == cause(KeyError("a"))
    assert len({cause(KeyError("a")), cause(ValueError("a")), cause(KeyError("b"))}) == 3


def test_a_deep_group_takes_no_time() -> None:
    error: Any = ValueError("x")
    for _ in range(3000):
        error = ExceptionGroup("deep", [error])
    begun = time.thread_time()
    assert "ValueError" in cause_of(error).message
    assert where(error) == "" and time.thread_time() - begun < 0.5


def test_what_an_exception_without_words_is_called() -> None:
    for how in ("Unprintable", "Nameless", "Silent", "NoText"):
        with pytest.raises(Exception) as raised:
            odd_ends()["RAISED"][how]()
        error = raised.value
        assert repr_of(error).startswith(how) and how in cause_of(error).error_type
        assert "odd_ends.py" in traceback_of(error)
