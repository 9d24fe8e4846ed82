"""After which errors, and when, another attempt follows: the options of `@task`, Retry and Fail."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.declaration.options import place_of_caller
from huey_tasks.registry import types
from tests.conftest import Process, StartConsumer
from tests.engine.helpers import QUEUE, submit, wait_for
from tests.waiting import wait_until


@pytest.fixture
def consumer(start_consumer: StartConsumer) -> Process:
    return start_consumer(QUEUE, concurrency=2)


def failed(task_id: str) -> tq.TaskRecord:
    return wait_for(task_id, "FAILURE")


def log_of(record: tq.TaskRecord) -> str:
    return " ".join(line.text for line in record.log)


def waits_s(task_id: str) -> float:
    """Wait until a task waits for its next attempt; return how long that wait is."""
    record = wait_for(task_id, "RETRY")
    last = record.attempts[-1].ended_at
    assert record.next_retry_at is not None
    assert last is not None
    return (record.next_retry_at - last).total_seconds()


# ---- which errors


@pytest.mark.parametrize(
    ("task_type", "error", "attempts"),
    [
        ("retry_only_os_errors", "OSError", 3),
        ("retry_only_os_errors", "FileNotFoundError", 3),
        ("retry_only_os_errors", "CancelledError", 3),
        ("retry_only_os_errors", "ValueError", 1),
        ("retry_all_but_some", "OSError", 3),
        ("retry_all_but_some", "CancelledError", 3),
        ("retry_all_but_some", "FileNotFoundError", 1),
        ("retry_all_but_some", "KeyError", 1),
    ],
)
def test_only_errors_of_these_types_are_tried_again(
    consumer: Process, task_type: str, error: str, attempts: int
) -> None:
    record = failed(submit(task_type, error=error))
    assert (record.attempt, record.max_attempts) == (attempts, 3)
    assert error in (record.error or "")
    assert ("not tried again: " + error in log_of(record)) == (attempts == 1)


def test_a_group_is_tried_again_if_each_of_its_errors_is(consumer: Process) -> None:
    assert failed(submit("raise_a_group", errors=["OSError", "FileNotFoundError"])).attempt == 3
    assert failed(submit("raise_a_group", errors=["OSError", "ValueError"])).attempt == 1


@pytest.mark.parametrize("how", ["heed", "ignore"])
def test_a_time_limit_is_an_error_as_the_others(consumer: Process, how: str) -> None:
    record = failed(submit("take_too_long", how=how))
    assert (record.attempt, record.max_attempts) == (1, 2)
    assert "TaskTimeout" in (record.error or "")
    assert wait_for(submit("take_too_long_once", how=how), "SUCCESS").result == 2


# ---- when


def _lines_of(consumer: Process, task_id: str) -> list[str]:
    return [line for line in consumer.text().splitlines() if f"task_id={task_id}" in line]


def test_a_list_has_a_delay_for_each_failure_and_the_last_one_again(consumer: Process) -> None:
    task_id = submit("wait_as_listed")
    wait_until(lambda: tq.get_task(task_id).attempt == 3, description="two attempts have failed")
    assert 199 < waits_s(task_id) <= 201, "max_retry_delay bounds a list too"
    said = wait_until(
        lambda: lines[:3] if len(lines := _lines_of(consumer, task_id)) >= 3 else None,
        description="the log has each of them",
    )
    assert said is not None
    assert [line.partition(" in_s=")[2].split()[0] for line in said] == ["0.0", "0.05", "200.0"]
    second, third = tq.get_task(task_id).attempts[1:3]
    assert second.ended_at and third.started_at
    assert (third.started_at - second.ended_at).total_seconds() > 0.04


def test_a_function_computes_the_delay_from_the_attempt_and_the_error(consumer: Process) -> None:
    assert 99 < waits_s(submit("wait_as_computed", value=100)) <= 101
    task_id = submit("wait_as_computed", value=0)
    assert failed(task_id).attempt == 4


@pytest.mark.parametrize("value", ["raise", "exit", "nan", "-1", "1e9"])
def test_a_function_without_a_delay_costs_no_attempt_and_says_so(
    consumer: Process, value: str
) -> None:
    task_id = submit("wait_as_computed", value=value)
    assert 1.9 < waits_s(task_id) < 2.1
    record = tq.get_task(task_id)
    assert "OSError" in (record.attempts[-1].error or ""), "the error is the task's own"
    assert "retry_delay r" in log_of(record)
    assert "the next attempt follows after 2 s" in log_of(record)


def test_a_function_without_an_end_can_be_cancelled(consumer: Process, tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    task_id = submit("compute_for_ever", file=str(file))
    wait_until(file.exists, description="it computes")
    tq.cancel(task_id)
    wait_for(task_id, "REVOKED")


# ---- Retry and Fail


@pytest.mark.parametrize("how", ["while handled", "from the error"])
def test_retry_stands_for_the_error_that_it_is_raised_from(consumer: Process, how: str) -> None:
    task_id = submit("ask_for_more", how=how, delay_s=150)
    assert 149.9 < waits_s(task_id) <= 150.1, "neither a cap nor jitter changes what is asked for"
    attempt = tq.get_task(task_id).attempts[-1]
    assert attempt.error == "OSError('the vendor is away')"
    assert "Retry" not in (attempt.traceback or "")


def test_retry_without_an_error_is_the_error(consumer: Process) -> None:
    task_id = submit("ask_for_more", how="hidden", delay_s=150)
    assert 149.9 < waits_s(task_id) <= 150.1
    assert tq.get_task(task_id).attempts[-1].error == "Retry('a word')"


def test_retry_without_a_delay_takes_that_of_the_type(consumer: Process) -> None:
    assert 0 <= waits_s(submit("ask_for_more", how="by itself")) < 201


def test_retries_bounds_what_is_asked_for(consumer: Process) -> None:
    record = failed(submit("ask_until_the_end"))
    assert (record.attempt, record.error) == (3, "OSError('the vendor is away')")
    record = failed(submit("ask_without_retries"))
    assert record.attempt == 1
    assert record.error == "Retry('the task asked for another attempt')"
    assert "no retries are left" in log_of(record)


@pytest.mark.parametrize("cause", [False, True])
def test_fail_ends_a_task_whatever_its_retries(consumer: Process, cause: bool) -> None:
    record = failed(submit("see_no_way", cause=cause))
    assert (record.attempt, record.max_attempts) == (1, 3)
    assert record.error == "Fail('no such customer')"
    assert ("KeyError: 'customer 7'" in (record.traceback or "")) == cause
    assert failed(submit("see_no_way_in_a_group")).attempt == 1


@pytest.mark.parametrize("delay_s", [-1, math.nan, "5", True, 10**7])
def test_a_wrong_delay_of_retry_is_refused(delay_s: Any) -> None:
    with pytest.raises(ValueError, match="is not right: it takes a number of seconds"):
        tq.Retry(delay_s=delay_s)


def test_a_lock_is_waited_for_whatever_the_rules_say(consumer: Process, tmp_path: Path) -> None:
    file, go_on = tmp_path / "ledger", tmp_path / "go-on"
    first = submit("hold_the_gate", file=str(file), go_on=str(go_on))
    wait_until(file.exists, description="it has the lock")
    second = submit("hold_the_gate", file=str(file), go_on=str(go_on))
    wait_until(
        lambda: tq.explain_task(second).reasons[0].code == "lock_held", description="it waits"
    )
    record = tq.get_task(second)
    assert (record.status, record.attempts, record.log) == ("PENDING", (), ())
    go_on.touch()
    assert {wait_for(task_id, "SUCCESS").result for task_id in (first, second)} == {1}
    assert not tq.failure_groups().groups


# ---- what is refused


@pytest.fixture
def no_new_types() -> Iterator[None]:
    known = dict(types._types)
    yield
    assert types._types == known


def of_one(attempt: int) -> int:
    return attempt


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"retry_on": 5}, "it takes exception types, such as (OSError, ValueError)"),
    ({"retry_on": ("OSError",)}, "write OSError, without the quotes"),
    ({"retry_on": OSError("x")}, "write OSError, the type"),
    ({"retry_on": (OSError, 5)}, "it takes exception types"),
    ({"retry_on": int}, "it takes exception types"),
    ({"retry_on": ()}, "it is empty"),
    ({"no_retry_on": [ValueError, None]}, "it takes exception types"),
    ({"retry_on": OSError, "retries": 0}, "without retries it has no effect"),
    ({"no_retry_on": OSError, "retries": 0}, "without retries it has no effect"),
    ({"retry_delay": [1, 2, 3, 4], "retries": 0}, "add retries=4"),
    ({"retry_on": FileNotFoundError, "no_retry_on": OSError}, "excludes FileNotFoundError"),
    ({"retry_delay": [1, -5]}, "-5, at place 1: it takes a number of seconds from 0"),
    ({"retry_delay": []}, "a list has from 1"),
    ({"retry_delay": [1, "2"]}, "write 2, without the quotes"),
    ({"retry_delay": [[1]]}, "a number of seconds"),
    ({"retry_delay": None}, "a list of them, or a function of (attempt, error)"),
    ({"retry_delay": lambda: 1}, "is called with (attempt, error)"),
    ({"retry_delay": of_one}, "is called with (attempt, error)"),
    ({"retry_delay": [1], "retry_backoff": 3}, "it multiplies a number"),
    ({"retry_in": OSError}, "did you mean 'retry_on'"),
]  # fmt: skip


@pytest.mark.usefixtures("no_new_types")
@pytest.mark.parametrize(("options", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_rule_that_cannot_work_is_refused_in_one_line(options: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"retries": 3, **options}
    with pytest.raises(tq.InvalidTaskType) as refused:
        tq.task(**given)
    text = str(refused.value)
    assert said in text
    assert "\n" not in text
    assert text.startswith(place_of_caller().partition(":")[0])


@pytest.mark.usefixtures("no_new_types")
@pytest.mark.parametrize(
    "options",
    [{"retry_delay": 5}, {"retry_backoff": 3}, {"retry_jitter": 0.5}, {"max_retry_delay": 9}],
)
def test_waits_without_a_word_about_retries_are_refused(options: dict[str, Any]) -> None:
    said = "is not right: without retries no error is tried again; add retries=3"
    with pytest.raises(tq.InvalidTaskType, match=said):
        tq.task(**options)


@pytest.mark.usefixtures("no_new_types")
@pytest.mark.parametrize(
    "options",
    [
        {"retries": 0, "retry_delay": 9, "retry_jitter": 0.5, "max_retry_delay": 60},
        {"retry_delay": 2, "retry_backoff": 2, "retry_jitter": 0.0, "max_retry_delay": None},
    ],
    ids=["retries=0", "defaults"],
)
def test_waits_may_be_given_with_no_retries_or_as_they_are(options: dict[str, Any]) -> None:
    tq.task(**options)


def test_hueys_own_tasks_take_the_rules_too() -> None:
    with pytest.raises(tq.InvalidTaskType, match="at place 0"):
        tq.default.task(name="never_made", retry_delay=[-1])(lambda: None)


# ---- what people see


def test_a_type_says_when_its_retries_are() -> None:
    known = {item.name: item for item in tq.task_types()}
    assert known["wait_as_listed"].retry_delays_s == (0, 0.05, 200, 200)
    assert known["wait_as_computed"].retry_delays_s is None
    assert known["process_payment"].retry_delays_s == (2, 4, 8)
    assert known["retry_only_os_errors"].retry_on == ("OSError", "CancelledError")
    assert known["retry_all_but_some"].no_retry_on == ("FileNotFoundError", "KeyError")
