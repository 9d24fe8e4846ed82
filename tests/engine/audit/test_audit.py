"""The audit trail: every action leaves one entry, in pages, capped by number and by age."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operation, Operator
from huey_tasks.broker import keys
from huey_tasks.operations import bulk
from huey_tasks.queues import BROKERS, QUEUES
from tests.engine.helpers import QUEUE, scripts, submit
from tests.engine.operations.test_actions import begun_before, end, full_redis, store_many

broker = tq.default.broker.redis
ADA = Operator("ada", "because")


def entries(**options: Any) -> list[tq.AuditEntry]:
    """All of them, page by page."""
    found, cursor = list[tq.AuditEntry](), None
    while True:
        page = tq.audit_trail(cursor=cursor, **options)
        found += page.entries
        if (cursor := page.next_cursor) is None:
            return found


def _cancel() -> str:
    task_id = submit("echo")
    tq.cancel(task_id, by=ADA)
    return task_id


def _retry() -> str:
    task_id = end("FAILURE")
    tq.retry(task_id, ADA)
    return task_id


def _group() -> str:
    task_id = end("FAILURE")
    operation = trail.begin(BROKERS, Action.RETRY_GROUP, ADA, "fingerprint")
    bulk.retry_tasks(tq.default.broker, [task_id], operation)
    return "fingerprint"


@pytest.mark.parametrize(
    ("action", "do", "count"),
    [
        ("cancel", _cancel, 1),
        ("retry", _retry, 1),
        ("retry_group", _group, 1),
        ("pause", lambda: tq.pause(QUEUE, ADA), 0),
        ("drain", lambda: tq.drain(QUEUE, ADA), 0),
        ("resume", lambda: tq.resume(QUEUE, ADA), 0),
        ("purge", lambda: submit("echo") and tq.purge(QUEUE, by=ADA) and None, 1),
    ],
)
def test_each_action_is_written_down_with_who_why_and_how_many(
    action: str, do: Callable[[], str | None], count: int
) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)
    target = do()
    (entry,) = tq.audit_trail().entries
    assert (entry.action, entry.who, entry.why, entry.queue) == (action, "ada", "because", QUEUE)
    assert (entry.count, entry.target, entry.undone_at) == (count, target, None)
    assert before < entry.at < before + dt.timedelta(seconds=65)
    assert (entry.undo_id == entry.id) is (action == "purge")
    if entry.undo_until:
        assert entry.undo_until - entry.at == dt.timedelta(minutes=10)


def test_what_nobody_has_asked_for_is_not_written_down() -> None:
    tq.cancel(submit("echo"))
    tq.retry(end("FAILURE"))
    tq.pause(QUEUE)
    tq.resume(QUEUE)
    assert tq.audit_trail() == tq.AuditPage((), None)


def test_what_did_not_happen_is_not_written_down() -> None:
    ended = end("SUCCESS")
    with pytest.raises(tq.TaskFinished):
        tq.cancel(ended, by=ADA)
    with pytest.raises(tq.TaskNotRetryable):
        tq.retry(ended, ADA)
    tq.act_on_tasks(Action.CANCEL, [ended], ADA)
    tq.purge(QUEUE, by=ADA)
    assert entries() == []


def test_a_retry_asked_for_twice_is_one_entry() -> None:
    task_id = _retry()
    tq.retry(task_id, Operator("bob"))
    assert [entry.who for entry in entries()] == ["ada"]


def test_an_operation_over_several_queues_is_one_entry() -> None:
    ids = [tq.submit("echo", {}, priority=queue).task_id for queue in QUEUES]
    first = tq.act_on_tasks(Action.CANCEL, ids[:2], ADA)
    tq.act_on_tasks(Action.CANCEL, ids[2:], ADA, operation_id=first.operation.id)
    (entry,) = entries()
    assert (entry.id, entry.queue, entry.count) == (first.operation.id, None, 3)
    assert entry.target == "2 selected tasks"


def test_an_undo_is_an_entry_and_marks_what_it_undid() -> None:
    store_many(150)
    operation = tq.purge(QUEUE, by=ADA).operation
    assert operation is not None
    tq.undo(operation.id, Operator("bob", "a slip"))
    undone, purged = entries()
    assert (undone.action, undone.who, undone.why) == ("undo", "bob", "a slip")
    assert (undone.count, undone.target, undone.undo_id) == (150, operation.id, None)
    assert purged.count == 150 and purged.undone_at is not None
    assert purged.undone_at >= purged.at


def test_pages_are_the_newest_first_and_neither_repeat_nor_skip() -> None:
    for number in range(25):
        tq.pause(list(QUEUES)[number % 3], Operator(f"operator {number}"))
    wanted = [f"operator {number}" for number in reversed(range(25))]
    for limit in (1, 7, 25, 200):
        assert [entry.who for entry in entries(limit=limit)] == wanted
    assert tq.audit_trail(limit=25).next_cursor is None


def test_entries_of_one_action_are_found_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    tq.pause(QUEUE, ADA)
    for _ in range(20):
        tq.resume(QUEUE, ADA)
    tq.pause("high", ADA)
    for step, budget_s in ((500, 0.3), (3, 0.3), (3, -1.0)):
        monkeypatch.setattr(trail, "STEP", step)
        monkeypatch.setattr(trail, "BUDGET_S", budget_s)
        for limit in (1, 2, 50):
            found = entries(action=Action.PAUSE, limit=limit)
            assert [entry.queue for entry in found] == ["high", QUEUE]
    assert entries(action=Action.PURGE) == []


@pytest.mark.parametrize("cursor", ["", "x", "é", "A" * 300, "0643f9f2c5a00-0123456789abcdef"])
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(tq.InvalidQuery, match="not a cursor"):
        tq.audit_trail(cursor=cursor)


def _written(operation_id: str) -> None:
    """An entry as it would be there."""
    broker.zadd(keys.audit(QUEUE), {operation_id: 0})
    key = keys.operation(QUEUE, operation_id)
    fields = {"action": "pause", "who": "x", "why": "", "target": "", "undo_ms": 0, "count": 0}
    broker.hset(key, mapping=fields)
    broker.expire(key, 60)


def test_the_oldest_make_room_beyond_ten_thousand() -> None:
    now = int(trail.begin(BROKERS, Action.PAUSE, ADA).id[:14], 16)
    ids = [f"{now - 20_000 + number:014x}-0123456789abcdef" for number in range(10_000)]
    broker.zadd(keys.audit(QUEUE), dict.fromkeys(ids[1:], 0))
    _written(ids[0])
    tq.pause(QUEUE, ADA)
    assert broker.zcard(keys.audit(QUEUE)) == 10_000
    assert not broker.exists(keys.operation(QUEUE, ids[0]))
    assert broker.zrank(keys.audit(QUEUE), ids[1]) == 0


def test_what_is_older_than_ninety_days_is_forgotten() -> None:
    now = int(trail.begin(BROKERS, Action.PAUSE, ADA).id[:14], 16)
    day = 86_400_000_000
    old, older, young = (
        f"{now - int(days * day):014x}-0123456789abcdef" for days in (90.1, 91, 89.9)
    )
    for operation_id in (old, older, young):
        _written(operation_id)
    tq.pause(QUEUE, ADA)
    assert [entry.id for entry in entries()][1:] == [young]
    assert not broker.exists(keys.operation(QUEUE, old), keys.operation(QUEUE, older))
    newest = entries()[0].id
    assert 0 < broker.pttl(keys.operation(QUEUE, newest)) <= 90 * 86_400_000


def test_a_full_redis_still_writes_down_what_it_does() -> None:
    task_id = submit("echo")
    with full_redis():
        tq.pause(QUEUE, ADA)
        tq.cancel(task_id, by=ADA)
    assert [entry.action for entry in entries()] == ["cancel", "pause"]


def test_an_operation_says_until_when_it_can_be_undone() -> None:
    operation = Operation.begin(1_800_000_000_000_000, Action.DELETE, ADA, "")
    assert operation.undo_until == dt.datetime(2027, 1, 15, 8, 10, tzinfo=dt.UTC)
    assert Operation.begin(1, Action.CANCEL, ADA, "").undo_until is None


def test_an_operation_from_before_the_trail_is_done_and_not_kept() -> None:
    old = Operation.going_on(begun_before(91 * 86_400), Action.PAUSE, ADA, "")  # Redis' clock leapt
    scripts().mode(QUEUE, "paused", operation=old.as_argument())
    assert tq.queue_stats()[1].paused
    assert entries() == []
    assert not broker.exists(keys.operation(QUEUE, old.id))
