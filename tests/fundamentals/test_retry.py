"""Retry: a failed attempt is repeated; a finished task is submitted again."""

import huey_tasks as tq
from tests.conftest import Process
from tests.fundamentals.steps import ended


def test_a_failed_attempt_is_repeated(consumer: Process) -> None:
    record = ended(tq.submit("fail_until", {"attempt": 3}).task_id)
    assert (record.status, record.attempt, record.result) == ("SUCCESS", 3, 3)


def test_a_task_fails_when_no_attempts_are_left(consumer: Process) -> None:
    record = ended(tq.submit("fail", {}).task_id)
    assert (record.status, record.attempt, record.max_attempts) == ("FAILURE", 3, 3)


def test_a_failed_task_can_be_retried_as_a_new_task(consumer: Process) -> None:
    failed = ended(tq.submit("give_up", {}).task_id)
    new = tq.retry(failed.task_id)
    assert tq.get_task(new.task_id).retry_of == failed.task_id


def test_a_retry_that_is_asked_for_twice_is_one_new_task(consumer: Process) -> None:
    failed = ended(tq.submit("give_up", {}).task_id)
    assert tq.retry(failed.task_id).task_id == tq.retry(failed.task_id).task_id
