"""The tasks of a failure group are retried, deleted and restored, and the group follows."""

import time
import uuid

import pytest

import huey_tasks as tq
from huey_tasks.audit import trail
from huey_tasks.audit.operation import UNDO_MS, begun_ms
from huey_tasks.broker import keys
from huey_tasks.operations import failure_retry
from huey_tasks.queues import BROKERS
from tests.engine.helpers import QUEUE, HandWorker, commit, submit
from tests.engine.monitoring.failures import BY, CAUSE, broker, fail, only_group
from tests.waiting import wait_until


def test_a_task_that_somebody_has_retried_alone_is_not_retried_with_its_group() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "FAILURE", cause=CAUSE), want=0)
    tq.retry(task_id)
    assert (only_group().count, only_group().retryable) == (1, 0)
    assert tq.retry_failures(CAUSE.fingerprint, BY).retried == 0
    tq.retry(task_id)
    assert only_group().count == 1


def test_a_retry_of_many_ends_in_time_and_tells_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failure_retry, "CHUNK", 1)
    for number in range(3):
        fail(f"task-{number}")
    operation = trail.begin(BROKERS, tq.Action.RETRY_GROUP, BY)
    done = failure_retry.retry(BROKERS, CAUSE.fingerprint, operation, limit=None, budget_s=0)
    assert (done.retried, done.left) == (1, 2)


def test_more_are_retried_than_are_looked_at_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_retry, "CHUNK", 2)
    for number in range(5):
        fail(f"task-{number}")
    assert tq.retry_failures(CAUSE.fingerprint, BY).retried == 5


def test_a_record_that_is_gone_leaves_the_group_and_is_not_retried() -> None:
    fail("gone")
    fail("there")
    broker.delete(keys.task(QUEUE, "gone"))
    done = tq.retry_failures(CAUSE.fingerprint, BY)
    assert (done.retried, done.left) == (1, 0)
    assert only_group().count == 1


def test_an_unknown_group_is_not_found() -> None:
    with pytest.raises(tq.FailuresNotFound):
        tq.failure_group("c" * 16)
    with pytest.raises(tq.FailuresNotFound):
        tq.retry_failures("c" * 16, BY)


def test_the_retry_of_a_group_is_one_entry_of_the_audit_trail() -> None:
    for number in range(3):
        fail(f"task-{number}")
    trial = tq.retry_failures(CAUSE.fingerprint, BY, limit=1)
    tq.retry_failures(CAUSE.fingerprint, BY, operation_id=trial.operation_id)
    (entry,) = tq.audit_trail().entries
    assert (entry.action, entry.target, entry.count) == ("retry_group", CAUSE.fingerprint, 3)
    assert (entry.who, entry.why) == (BY.who, BY.why)


def test_a_deleted_task_leaves_its_group_and_comes_back_to_it_with_an_undo() -> None:
    first, second = (fail(str(uuid.uuid4())) for _ in range(2))
    whole = only_group()
    one = tq.act_on_tasks(tq.Action.DELETE, [first], BY)
    assert only_group().count == 1
    other = tq.act_on_tasks(tq.Action.DELETE, [second], BY)
    assert tq.failure_groups().groups == ()
    assert not broker.exists(keys.causes(QUEUE))
    assert 0 < broker.pttl(keys.failure(QUEUE, CAUSE.fingerprint)) <= UNDO_MS
    for acted in (one, other):
        tq.undo(acted.operation.id, BY)
    again = only_group()
    assert (again.count, again.retryable) == (2, 2)
    assert (again.error_type, again.frame, again.message) == (
        "ValueError",
        "shop.py:pay",
        "no card #",
    )
    assert (again.first_seen, again.trend) == (whole.first_seen, whole.trend)
    assert broker.pttl(keys.failure(QUEUE, CAUSE.fingerprint)) == -1
    assert broker.hkeys(keys.causes(QUEUE)) == [task_id.encode() for task_id in (first, second)]


def test_a_task_whose_group_made_room_for_others_can_be_deleted_and_brought_back() -> None:
    first, second = (fail(str(uuid.uuid4())) for _ in range(2))
    broker.zrem(keys.failures(QUEUE), CAUSE.fingerprint)
    broker.delete(keys.failure(QUEUE, CAUSE.fingerprint), keys.failed(QUEUE, CAUSE.fingerprint))
    acted = tq.act_on_tasks(tq.Action.DELETE, [first, second], BY)
    assert tq.undo(acted.operation.id, BY).restored == 2
    assert {tq.get_task(task_id).status for task_id in (first, second)} == {"FAILURE"}


def test_a_group_whose_tasks_were_deleted_stays_when_another_fails_for_its_reason() -> None:
    tq.act_on_tasks(tq.Action.DELETE, [fail(str(uuid.uuid4()))], BY)
    fail("another")
    assert broker.pttl(keys.failure(QUEUE, CAUSE.fingerprint)) == -1
    assert only_group().count == 1


def test_a_task_whose_group_made_room_meanwhile_comes_back_without_it() -> None:
    task_id = fail(str(uuid.uuid4()))
    acted = tq.act_on_tasks(tq.Action.DELETE, [task_id], BY)
    broker.delete(keys.failure(QUEUE, CAUSE.fingerprint))
    assert tq.undo(acted.operation.id, BY).restored == 1
    seen = tq.failure_groups()
    assert (seen.groups, seen.ungrouped) == ((), 1)


def test_what_fails_again_is_not_retried_by_the_same_operation() -> None:
    fail("first")
    fail("second")
    trial = tq.retry_failures(CAUSE.fingerprint, BY, limit=1)
    assert (trial.retried, trial.left) == (1, 1)
    begun = begun_ms(trial.operation_id)
    wait_until(lambda: time.time() * 1000 >= begun + 1, description="a later millisecond")
    fail("of the trial", priority=1)
    rest = tq.retry_failures(CAUSE.fingerprint, BY, operation_id=trial.operation_id)
    assert (rest.retried, rest.left) == (1, 0)
    assert only_group().retryable == 1
