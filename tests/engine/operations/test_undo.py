"""Undo of a delete and of a purge: within its time, after it, twice at once, and of very many."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.operators import OperatorScripts
from huey_tasks.monitoring import verify
from huey_tasks.operations import undo as undoing
from huey_tasks.queues import BROKERS, QUEUES
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, state, submit, wait_for
from tests.engine.operations.test_actions import (
    accounts_add_up,
    act_on_all,
    end,
    full_redis,
    store_many,
)
from tests.waiting import wait_until

broker = tq.default.broker.redis
ADA = Operator("ada", "because")
BOB = Operator("bob")


def delete(*task_ids: str) -> str:
    acted = tq.act_on_tasks(Action.DELETE, task_ids, ADA)
    assert acted.done == len(task_ids)
    return acted.operation.id


def purge() -> str:
    operation = tq.purge(QUEUE, by=ADA).operation
    assert operation is not None
    return operation.id


def everything(task_id: str) -> dict[str, Any]:
    """All that Redis keeps of a task: fields, scores, and whether it would go away."""
    task, log = keys.task(QUEUE, task_id), keys.log(QUEUE, task_id)
    return {
        "fields": broker.hgetall(task),
        "log": broker.lrange(log, 0, -1),
        "submitted": broker.zscore(keys.submitted(QUEUE), task_id),
        "dead": broker.zscore(keys.dead(QUEUE), task_id),
        "where": scripts().whereabouts(QUEUE, task_id),
        "goes_away": broker.ttl(task) >= 0 or broker.ttl(log) >= 0,
    }


# ---- of a delete


@pytest.mark.parametrize("how", ["SUCCESS", "FAILURE", "DEAD", "EXPIRED"])
def test_a_deleted_task_comes_back_as_it_was(how: str) -> None:
    task_id = submit("echo", value=7)
    worker = HandWorker()
    claim = worker.claim()
    scripts().log(QUEUE, task_id, claim.token, '{"at": "", "level": "INFO", "text": "line"}')
    worker.step(commit(claim, how, reason="why"), want=0)
    index = keys.index(QUEUE, "FAILURE" if how == "DEAD" else how)
    before, score = everything(task_id), broker.zscore(index, task_id)
    undo_id = delete(task_id)
    assert not broker.exists(keys.task(QUEUE, task_id), keys.log(QUEUE, task_id))
    assert tq.undo(undo_id, BOB) == tq.Undone(undo_id, 1, 0)
    after = everything(task_id)
    assert after == before
    assert broker.zscore(index, task_id) == score
    assert accounts_add_up()


def test_an_undo_reaches_over_the_queues_and_over_pieces() -> None:
    for queue in QUEUES:
        for n in range(3):
            tq.cancel(tq.submit("echo", {"value": n}, priority=queue).task_id)
    for task_id in store_many(600):
        tq.cancel(task_id)
    assert act_on_all("delete")[0] == 609
    assert tq.undo(tq.audit_trail().entries[0].id, BOB).restored == 609
    assert {task.queue for task in tq.list_tasks(limit=1000)} == set(QUEUES)
    assert len(tq.list_tasks(limit=1000)) == 609
    assert accounts_add_up()


def test_after_its_time_nothing_is_undone() -> None:
    undo_id = delete(end("FAILURE"))
    broker.pexpire(keys.undo(QUEUE, undo_id), 1)
    wait_until(lambda: not broker.exists(keys.undo(QUEUE, undo_id)), description="the time is over")
    with pytest.raises(tq.UndoNotFound, match="time to undo the delete is over: it was 10 min"):
        tq.undo(undo_id, BOB)
    assert tq.list_tasks() == []


@pytest.mark.parametrize(
    "undo_id", ["", "x", "../..", "0643f9f2c5a000-0123456789abcdef", "é" * 999]
)
def test_what_was_never_done_is_not_undone(undo_id: str) -> None:
    with pytest.raises(tq.UndoNotFound, match="No operation has this id"):
        tq.undo(undo_id, BOB)
    assert tq.audit_trail().entries == ()


def test_what_has_no_way_back_says_so() -> None:
    tq.pause(QUEUE, by=ADA)
    (entry,) = tq.audit_trail().entries
    with pytest.raises(tq.UndoNotFound, match="A pause cannot be undone"):
        tq.undo(entry.id, BOB)


def test_an_undone_purge_answers_clearly_when_it_is_undone_or_retried_again() -> None:
    task_id = submit("echo")
    undo_id = purge()
    tq.undo(undo_id, BOB)
    with pytest.raises(tq.UndoNotFound, match="The purge was undone before"):
        tq.undo(undo_id, BOB)
    again = tq.retry(task_id, BOB)
    assert (again.task_id, again.is_new) == (tq.get_task(task_id).retried_as, False)
    assert len(tq.list_tasks()) == 2


def test_what_is_undone_is_not_undone_again_and_does_not_go_on() -> None:
    first, second = end("FAILURE"), end("SUCCESS")
    undo_id = delete(first)
    tq.undo(undo_id, BOB)
    with pytest.raises(tq.UndoNotFound):
        tq.undo(undo_id, BOB)
    with pytest.raises(tq.OperationOver):
        tq.act_on_tasks(Action.DELETE, [second], ADA, operation_id=undo_id)
    assert (state(first), state(second)) == ("FAILURE", "SUCCESS")


def test_who_comes_second_to_an_undo_has_done_nothing() -> None:
    undo_id = delete(end("FAILURE"))
    operation = trail.begin(BROKERS, Action.UNDO, BOB, undo_id)
    restore = OperatorScripts(scripts()).restore
    assert restore(QUEUE, undo_id, 100, operation.as_argument()) == (1, 1, 0)
    again = trail.begin(BROKERS, Action.UNDO, ADA, undo_id)
    assert restore(QUEUE, undo_id, 100, again.as_argument()) == (0, 0, 0)
    assert [entry.who for entry in tq.audit_trail(action=Action.UNDO).entries] == ["bob"]


def test_an_id_that_was_given_out_anew_is_another_task() -> None:
    (task_id,) = store_many(1)
    tq.cancel(task_id)
    undo_id = delete(task_id)
    scripts().submit(QUEUE, [NewTask(task_id, b"{}", "echo")])
    assert tq.undo(undo_id, BOB).restored == 0
    assert state(task_id) == "PENDING"
    assert accounts_add_up()


def test_a_full_redis_gives_back_what_was_deleted() -> None:
    task_id = end("FAILURE")
    undo_id = delete(task_id)
    with full_redis():
        assert tq.undo(undo_id, BOB).restored == 1
    assert state(task_id) == "FAILURE"


def test_a_task_that_came_back_can_be_deleted_once_more() -> None:
    task_id = end("FAILURE")
    tq.undo(delete(task_id), BOB)
    tq.undo(delete(task_id), BOB)
    assert state(task_id) == "FAILURE"
    assert [entry.undone_at is not None for entry in tq.audit_trail().entries] == [
        False, True, False, True,
    ]  # fmt: skip


# ---- of a purge


def test_what_was_purged_comes_back_as_new_tasks_in_their_old_order() -> None:
    ids = [submit("echo", value=n) for n in range(250)]
    undo_id = purge()
    assert tq.undo(undo_id, BOB) == tq.Undone(undo_id, 250, 0)
    assert {state(one) for one in ids} == {"REVOKED"}
    worker = HandWorker()
    claimed = [tq.get_task(worker.claim().id) for _ in ids]
    assert [task.retry_of for task in claimed] == ids
    assert [task.payload["value"] for task in claimed] == list(range(250))
    assert accounts_add_up()
    with pytest.raises(tq.UndoNotFound):
        tq.undo(undo_id, BOB)


@pytest.mark.parametrize(("waiting", "at_most"), [(3, 0), (3, 1), (250, 100), (250, 130), (3, 9)])
def test_a_purge_takes_no_more_than_was_agreed_to(waiting: int, at_most: int) -> None:
    ids = [submit("echo", value=n) for n in range(waiting)]
    done = tq.purge(QUEUE, by=ADA, at_most=at_most)
    assert done.purged == min(waiting, at_most)
    assert [state(one) for one in ids] == ["REVOKED"] * done.purged + ["PENDING"] * (
        waiting - done.purged
    )


def test_priorities_stand_when_a_purge_is_undone() -> None:
    for name, priority in (("low", -1), ("normal", 0), ("urgent", 5)):
        scripts().submit(QUEUE, [NewTask(name, b"{}", "echo", priority=priority)])
    tq.undo(purge(), BOB)
    worker = HandWorker()
    olds = [broker.hget(keys.task(QUEUE, worker.claim().id), "retry_of") for _ in range(3)]
    assert olds == [b"urgent", b"normal", b"low"]


def test_a_purged_task_that_is_gone_or_was_retried_by_hand_is_not_submitted_anew() -> None:
    gone, by_hand, other = (submit("echo", value=n) for n in range(3))
    undo_id = purge()
    broker.delete(keys.task(QUEUE, gone))
    new = tq.retry(by_hand).task_id
    assert tq.undo(undo_id, BOB).restored == 1
    waiting = {task.task_id: task.retry_of for task in tq.list_tasks(state=tq.TaskState.PENDING)}
    assert set(waiting.values()) == {by_hand, other} and waiting[new] == by_hand
    assert not broker.exists(keys.undo(QUEUE, undo_id))


def test_a_full_redis_cannot_undo_a_purge_but_can_later() -> None:
    ids = [submit("echo", value=n) for n in range(3)]
    undo_id = purge()
    with full_redis(), pytest.raises(tq.QueueUnavailable):
        tq.undo(undo_id, BOB)
    assert tq.undo(undo_id, BOB).restored == len(ids)


def test_the_time_to_undo_a_purge_is_over_at_the_time_that_it_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huey_tasks.audit.operation.UNDO_MS", 200)
    task_id = submit("echo")
    undo_id = purge()
    wait_until(lambda: not broker.exists(keys.undo(QUEUE, undo_id)), description="the time is over")
    with pytest.raises(tq.UndoNotFound):
        tq.undo(undo_id, BOB)
    assert tq.get_task(task_id).retried_as is None


def test_a_purge_without_an_operator_cannot_be_undone() -> None:
    submit("echo")
    assert tq.purge(QUEUE) == tq.Purged(1, None)
    assert tq.audit_trail().entries == ()
    assert not broker.keys(f"{keys.root(QUEUE)}:undo:*")


def test_a_purge_that_is_undone_while_it_goes_on_is_over() -> None:
    store_many(150)
    operation = tq.purge("high", by=ADA).operation
    assert operation is not None
    assert scripts().purge(QUEUE, "", operation=operation.as_argument()) == 50
    assert tq.undo(operation.id, BOB).restored == 50
    assert scripts().purge(QUEUE, "", operation=operation.as_argument()) == 0
    assert tq.queue_stats()[1].queued == 150


def test_when_time_is_up_the_rest_is_left_to_the_next_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store_many(250)
    undo_id = purge()
    monkeypatch.setattr(undoing, "WHOLE_S", 0.0)
    first = tq.undo(undo_id, BOB)
    monkeypatch.undo()
    assert first == tq.Undone(undo_id, 50, 200)
    assert tq.undo(undo_id, BOB) == tq.Undone(undo_id, 200, 0)


# ---- at once


@pytest.mark.parametrize("what", ["purge", "delete"])
def test_two_undos_at_once_restore_each_task_once(what: str) -> None:
    store_many(700)
    undo_id = purge()
    if what == "delete":
        assert act_on_all("delete")[0] == 700
        undo_id = tq.audit_trail().entries[0].id

    def undo(number: int) -> int:
        try:
            return tq.undo(undo_id, Operator(f"operator {number}")).restored
        except tq.UndoNotFound:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(undo, range(4))) == 700
    assert broker.zcard(keys.submitted(QUEUE)) == (1400 if what == "purge" else 700)
    assert tq.queue_stats()[1].queued == (700 if what == "purge" else 0)
    assert accounts_add_up()


def test_what_comes_back_runs(start_consumer: StartConsumer) -> None:
    ids = [submit("echo", value=n) for n in range(20)]
    undo_id = purge()
    start_consumer(QUEUE, concurrency=2)
    assert tq.undo(undo_id, BOB).restored == 20
    for task_id in ids:
        new = tq.get_task(task_id).retried_as
        assert new is not None
        assert wait_for(new, "SUCCESS").result == ids.index(task_id)
    assert accounts_add_up()


def test_deletes_undos_and_a_consumer_race_and_the_account_adds_up(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer(QUEUE, concurrency=2)
    go_on = tmp_path / "go on"
    ids = [submit("work_for", seconds=0.001) for _ in range(300)]
    ids.append(submit("work_until", go_on=str(go_on)))  # until something was undone
    undone = 0
    while tq.queue_stats()[1].queued + tq.queue_stats()[1].active:
        acted = tq.act_on_search(Action.DELETE, "", ADA)
        if acted.done:
            assert tq.undo(acted.operation.id, BOB).restored == acted.done
            undone += acted.done
            go_on.touch()
    assert undone > 0
    assert act_on_all("delete")[0] == len(ids)
    assert not any(verify.verify(queue.broker).gaps for queue in QUEUES.values())
