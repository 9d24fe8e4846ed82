"""What operators do to many tasks: every action, every skip, and pages that miss no task."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.operators import DONE, OperatorScripts
from huey_tasks.monitoring import verify
from huey_tasks.operations import bulk
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.records.ids import new_ids
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, state, store, submit, wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis
ADA = Operator("ada", "because")
UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def act(action: str, *task_ids: str, operation_id: str | None = None) -> tuple[int, tq.Skipped]:
    acted = tq.act_on_tasks(Action(action), task_ids, ADA, operation_id=operation_id)
    assert acted.next_cursor is None
    return acted.done, acted.skipped


def act_on_all(action: str, q: str = "", **options: Any) -> tuple[int, tq.Skipped, int]:
    """Page by page until all is done: how many, what was skipped, and in how many requests."""
    done, skipped, requests, cursor, operation_id = 0, [0, 0, 0], 0, None, None
    while True:
        acted = tq.act_on_search(
            Action(action), q, ADA, cursor=cursor, operation_id=operation_id, **options
        )
        done, requests, cursor = done + acted.done, requests + 1, acted.next_cursor
        one = acted.skipped
        skipped = [
            a + b
            for a, b in zip(skipped, (one.not_found, one.wrong_state, one.redis_full), strict=True)
        ]
        operation_id = acted.operation.id
        if cursor is None:
            return done, tq.Skipped(*skipped), requests


def end(how: str, **payload: Any) -> str:
    """A task that ended so."""
    task_id = submit("echo", **payload)
    worker = HandWorker(f"hand-{task_id}")
    worker.step(commit(worker.claim(), how, reason="why"), want=0)
    return task_id


def store_many(number: int, **fields: Any) -> list[str]:
    ids = new_ids(number)
    scripts().submit(QUEUE, [NewTask(i, b"{}", "echo", **fields) for i in ids])
    return ids


def accounts_add_up() -> bool:
    return not any(verify.verify(queue.broker).gaps for queue in QUEUES.values())


@contextmanager
def full_redis() -> Generator[None]:
    broker.config_set("maxmemory", 1)
    try:
        yield
    finally:
        broker.config_set("maxmemory", 0)


# ---- each action


def test_a_cancel_revokes_what_has_not_ended_and_skips_the_rest() -> None:
    ended, running, waits = end("SUCCESS"), submit("echo"), submit("echo")
    claim = HandWorker().claim()
    high = tq.submit("echo", {}, priority="high").task_id
    assert claim.id == running
    done, skipped = act("cancel", ended, waits, running, high, UNKNOWN, waits)
    assert (done, skipped) == (3, tq.Skipped(not_found=1, wrong_state=1))
    assert [state(one) for one in (ended, waits, running, high)] == ["SUCCESS"] + ["REVOKED"] * 3
    assert tq.get_task(waits).error == "cancelled: because"
    assert scripts().renew(QUEUE, [(claim.id, claim.token)], lease_ms=1) != {}
    assert accounts_add_up()


def test_a_retry_submits_what_ended_badly_anew_the_oldest_first() -> None:
    failed = [end("FAILURE", value=n) for n in range(3)]
    fine, waits = end("SUCCESS"), submit("echo")
    done, skipped = act("retry", waits, fine, *reversed(failed))
    assert (done, skipped) == (3, tq.Skipped(wrong_state=2))
    worker = HandWorker()
    assert worker.claim().id == waits
    claimed = [tq.get_task(worker.claim().id) for _ in failed]
    assert [task.retry_of for task in claimed] == failed
    assert [task.payload for task in claimed] == [{"value": n} for n in range(3)]
    assert act("retry", *failed) == (0, tq.Skipped(wrong_state=3))
    assert accounts_add_up()


def test_a_requeue_takes_what_waits_for_its_time_and_lets_it_go_now() -> None:
    later, retried = submit("echo", value=1), submit("fail")
    worker = HandWorker()
    claims = [worker.claim(), worker.claim()]
    worker.step(commit(claims[1], "RETRY", delay_ms=3_600_000, retries_left=1), want=0)
    worker.step(commit(claims[0], "RETRY", delay_ms=3_600_000, retries_left=1), want=0)
    (scheduled,) = store_many(1, delay_ms=3_600_000)
    waits = submit("echo", value=2)
    done, skipped = act("requeue", scheduled, retried, later, waits)
    assert (done, skipped) == (3, tq.Skipped(wrong_state=1))
    assert {state(one) for one in (later, retried, scheduled)} == {"PENDING"}
    assert tq.get_task(scheduled).scheduled_for is None
    assert broker.hget(keys.task(QUEUE, later), "due_at") is None
    assert accounts_add_up()


def test_a_deleted_task_is_in_no_list_and_unknown() -> None:
    ended, waits = end("FAILURE"), submit("echo")
    done, skipped = act("delete", ended, waits, UNKNOWN)
    assert (done, skipped) == (1, tq.Skipped(not_found=1, wrong_state=1))
    with pytest.raises(tq.TaskNotFound):
        tq.get_task(ended)
    with pytest.raises(tq.TaskNotFound):
        tq.retry(ended)
    assert [task.task_id for task in tq.search_tasks().tasks] == [waits]
    assert tq.search_tasks("state:failure").tasks == ()
    assert tq.queue_stats()[1].failed == 1, "what has ended is counted for ever"
    assert accounts_add_up()


def test_a_deleted_task_is_gone_by_itself_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huey_tasks.audit.operation.UNDO_MS", 1500)
    ended = end("FAILURE")
    assert act("delete", ended)[0] == 1
    assert 0 < broker.pttl(keys.binned(QUEUE, ended)) <= 1500
    wait_until(lambda: not broker.exists(keys.binned(QUEUE, ended)), description="the task is gone")
    assert accounts_add_up()


# ---- nothing twice, nothing half


@pytest.mark.parametrize("action", ["cancel", "retry", "requeue", "delete"])
def test_a_request_that_is_sent_again_does_nothing_twice(action: str) -> None:
    task_id = {
        "cancel": lambda: submit("echo"),
        "retry": lambda: end("FAILURE"),
        "requeue": lambda: store_many(1, delay_ms=3_600_000)[0],
        "delete": lambda: end("SUCCESS"),
    }[action]()
    first = tq.act_on_tasks(Action(action), [task_id], ADA)
    before = [replace(one, oldest_waiting_s=None) for one in tq.queue_stats()]
    tq.act_on_tasks(Action(action), [task_id], ADA, operation_id=first.operation.id)
    tq.act_on_tasks(Action(action), [task_id], ADA)
    assert first.done == 1
    assert [replace(one, oldest_waiting_s=None) for one in tq.queue_stats()] == before
    (entry,) = tq.audit_trail().entries
    assert entry.count == 1
    assert len(tq.search_tasks().tasks) == {"retry": 2, "delete": 0}.get(action, 1)


def test_a_delete_whose_answer_was_lost_says_the_same_again() -> None:
    task_id = end("SUCCESS")
    delete = OperatorScripts(scripts()).delete
    first, other = (trail.begin(BROKERS, Action.DELETE, ADA) for _ in range(2))
    answers = [delete(QUEUE, [task_id], one.as_argument()) for one in (first, first, other)]
    assert answers == [[DONE], [DONE], [""]]


@pytest.mark.parametrize("ended_as", ["FAILURE", "SUCCESS"])
@pytest.mark.parametrize("goes", ["deleted", "pruned"])
def test_a_task_is_retried_again_when_the_one_that_followed_it_is_gone(
    ended_as: str, goes: str
) -> None:
    failed = end("FAILURE")
    first = tq.retry(failed).task_id
    worker = HandWorker("of the first")
    worker.step(commit(worker.claim(), ended_as), want=0)
    assert tq.retry(failed).task_id == first
    if goes == "deleted":
        assert act("delete", first)[0] == 1
    else:
        broker.zadd(keys.index(QUEUE, ended_as), {first: 1})
        assert scripts().prune(QUEUE, ttl_ms=3_600_000, cap=100).removed == 1

    assert act("retry", failed) == (0, tq.Skipped(wrong_state=1)), "the first may have succeeded"
    second = tq.retry(failed)
    assert second.is_new and state(second.task_id) == "PENDING"
    assert tq.retry(failed).task_id == second.task_id == tq.get_task(failed).retried_as
    assert accounts_add_up()


def test_a_full_redis_still_cancels_requeues_and_deletes_and_counts_what_it_cannot_retry() -> None:
    waits, failed, fine = submit("echo"), "", ""
    waits, failed, fine = _three(waits)
    (scheduled,) = store_many(1, delay_ms=3_600_000)
    with full_redis():
        assert act("cancel", waits)[0] == 1
        assert act("requeue", scheduled)[0] == 1
        assert act("delete", fine)[0] == 1
        assert act("retry", failed) == (0, tq.Skipped(redis_full=1))
    assert tq.get_task(failed).retried_as is None
    assert act("retry", failed)[0] == 1
    assert accounts_add_up()


def _three(waits: str) -> tuple[str, str, str]:
    """A task that waits, behind it one that failed and one that succeeded."""
    worker = HandWorker()
    claims = [worker.claim()]
    failed, fine = submit("echo", value=1), submit("echo", value=2)
    claims += [worker.claim(), worker.claim()]
    worker.step(
        commit(claims[1], "FAILURE"), commit(claims[2], "SUCCESS"), commit(claims[0], "PENDING"),
        want=0,
    )  # fmt: skip
    return waits, failed, fine


def test_a_task_that_moves_on_between_the_look_and_the_act_is_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved, waits = submit("echo", value=1), submit("echo", value=2)
    look: Callable[..., object] = bulk.pages.find

    def find_and_let_it_end(*arguments: Any, **options: Any) -> object:
        found = look(*arguments, **options)
        worker = HandWorker()
        worker.step(commit(worker.claim(), "SUCCESS"), want=0)
        return found

    monkeypatch.setattr(bulk.pages, "find", find_and_let_it_end)
    assert act_on_all("cancel", "state:pending")[:2] == (1, tq.Skipped(wrong_state=1))
    assert (state(moved), state(waits)) == ("SUCCESS", "REVOKED")


def test_a_task_with_many_names_is_done_once_and_a_task_set_aside_can_be_deleted() -> None:
    dead = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "DEAD", reason="why"), want=0)
    assert act("delete", dead, dead) == (1, tq.Skipped())
    assert broker.zcard(keys.dead(QUEUE)) == 0
    assert 0 < broker.pttl(keys.binned(QUEUE, dead)) <= 600_000


# ---- all that a search finds


@pytest.mark.parametrize(
    ("action", "fields", "q"),
    [
        ("cancel", {}, "state:pending"),
        ("cancel", {}, ""),
        ("requeue", {"delay_ms": 3_600_000}, "state:scheduled"),
        ("cancel", {"delay_ms": 3_600_000}, "type:echo"),
    ],
)
def test_pages_miss_none_of_two_thousand_although_all_leave_the_index(
    action: str, fields: dict[str, int], q: str
) -> None:
    ids = [one for _ in range(4) for one in store_many(500, **fields)]
    done, skipped, requests = act_on_all(action, q)
    assert (done, skipped) == (2000, tq.Skipped())
    assert requests >= 4
    wanted = "REVOKED" if action == "cancel" else "PENDING"
    assert {task.status for task in tq.list_tasks(limit=3000)} == {wanted}
    assert len(ids) == broker.zcard(keys.index(QUEUE, wanted))


@pytest.mark.parametrize("action", ["retry", "delete"])
def test_pages_miss_none_of_two_thousand_ended_ones(action: str) -> None:
    for _ in range(4):
        for task_id in store_many(500):
            scripts().cancel(QUEUE, task_id, "")
    done, skipped, _ = act_on_all(action, "state:revoked")
    assert (done, skipped) == (2000, tq.Skipped())
    assert broker.zcard(keys.submitted(QUEUE)) == (4000 if action == "retry" else 0)
    assert accounts_add_up()
    (entry,) = tq.audit_trail().entries
    assert (entry.action, entry.count, entry.target) == (action, 2000, "state:revoked")


def test_one_request_does_five_hundred_at_most() -> None:
    for _ in range(2):
        store_many(400)
    acted = tq.act_on_search(Action.CANCEL, "", ADA)
    assert 0 < acted.done <= 500 and acted.next_cursor is not None


def test_a_search_reaches_over_the_queues_and_keeps_to_its_window() -> None:
    ids = [tq.submit("echo", {}, priority=queue).task_id for queue in QUEUES]
    border = tq.get_task(ids[2]).submitted_at
    early = [one for one in ids if tq.get_task(one).submitted_at < border]
    assert act_on_all("cancel", submitted_before=border)[0] == len(early)
    assert act_on_all("cancel", submitted_after=border)[0] == 3 - len(early)
    assert {state(one) for one in ids} == {"REVOKED"}


def test_a_search_for_tasks_set_aside_acts_on_no_others() -> None:
    end("FAILURE")
    submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "DEAD", reason="why"), want=0)
    assert act_on_all("retry", set_aside=True)[0] == 1


# ---- operations


def begun_before(seconds: int) -> str:
    """The id of an operation that began then."""
    now = int(trail.begin(BROKERS, Action.CANCEL, ADA).id[:14], 16)
    return f"{now - seconds * 1_000_000:014x}-0123456789abcdef"


def test_an_operation_that_is_another_or_none_of_ours_is_refused() -> None:
    first = tq.act_on_tasks(Action.CANCEL, [submit("echo")], ADA).operation.id
    for action, operation_id in (
        (Action.RETRY, first),
        (Action.CANCEL, "x"),
        (Action.CANCEL, f"{first[:2]}f{first[3:]}"),
    ):
        with pytest.raises(tq.InvalidQuery) as refused:
            tq.act_on_tasks(action, [submit("echo")], ADA, operation_id=operation_id)
        assert refused.value.problems[0].pointer == "/operation_id"


def test_an_operation_that_began_a_day_ago_does_not_go_on() -> None:
    with pytest.raises(tq.OperationOver):
        tq.act_on_tasks(Action.CANCEL, [UNKNOWN], ADA, operation_id=begun_before(86_401))


def test_a_delete_does_not_go_on_when_the_time_to_undo_it_is_over() -> None:
    first, second = end("SUCCESS"), end("SUCCESS")
    begun = tq.act_on_tasks(Action.DELETE, [first], ADA).operation.id
    old = begun_before(601)
    broker.rename(keys.operation(QUEUE, begun), keys.operation(QUEUE, old))
    with pytest.raises(tq.OperationOver):
        tq.act_on_tasks(Action.DELETE, [second], ADA, operation_id=old)
    assert state(second) == "SUCCESS"


def test_an_operation_is_not_gone_on_with_by_somebody_else() -> None:
    first, second = submit("echo"), submit("echo")
    operation = tq.act_on_tasks(Action.CANCEL, [first], ADA).operation
    with pytest.raises(tq.InvalidQuery):
        tq.act_on_tasks(Action.CANCEL, [second], tq.Operator("Eve"), operation_id=operation.id)
    assert state(second) == "PENDING"


def test_an_operation_that_has_changed_nothing_goes_on_as_a_new_one() -> None:
    made_up, task_id = begun_before(3600), submit("echo")
    acted = tq.act_on_tasks(Action.CANCEL, [task_id], ADA, operation_id=made_up)
    assert acted.operation.id != made_up
    assert [entry.id for entry in tq.audit_trail().entries] == [acted.operation.id]


def test_a_cancelled_task_is_deleted_when_its_worker_is_free_or_has_had_a_minute() -> None:
    worker, task_id = HandWorker(), submit("echo")
    claim = worker.claim()
    tq.cancel(task_id)

    def delete() -> int:
        acted = tq.act_on_tasks(Action.DELETE, [task_id], ADA)
        assert acted.done + acted.skipped.wrong_state == 1
        if acted.done:
            assert tq.undo(acted.operation.id, ADA).restored == 1
        return acted.done

    assert delete() == 0, "what it runs may hold a lock"
    for back_ms, deleted in ((59_000, 0), (61_000, 1)):
        finished_at = broker.time()[0] * 1000 - back_ms
        broker.hset(keys.task(QUEUE, task_id), "finished_at", finished_at)
        assert delete() == deleted
    broker.hset(keys.task(QUEUE, task_id), "finished_at", broker.time()[0] * 1000)
    assert delete() == 0
    worker.step(commit(claim, "STOPPED"), want=0)
    assert delete() == 1


# ---- beside a consumer


def test_a_running_task_is_stopped_by_a_cancel_of_all(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE, concurrency=2)
    running = [submit("work_for", seconds=60) for _ in range(2)]
    for task_id in running:
        wait_for(task_id, "STARTED")
    waits = submit("work_for", seconds=60)
    assert act_on_all("cancel")[0] == 3
    assert {state(one) for one in (*running, waits)} == {"REVOKED"}
    wait_until(
        lambda: all(tq.get_task(one).stop_confirmed for one in running),
        description="both workers are free",
    )
    wait_for(submit("echo", value=1), "SUCCESS")


def test_every_task_ends_once_while_operators_and_a_consumer_race(
    start_consumer: StartConsumer,
) -> None:
    start_consumer(QUEUE, concurrency=2)
    ids = [submit("work_for", seconds=0.002) for _ in range(400)]
    ids += _scheduled(100)
    act_on_all("requeue")
    cancelled = act_on_all("cancel", "type:work_for")[0]
    wait_until(
        lambda: tq.queue_stats()[1].queued + tq.queue_stats()[1].active == 0,
        description="all have ended",
    )
    stats = tq.queue_stats()[1]
    assert stats.success + stats.failed + stats.revoked == len(ids)
    assert stats.revoked == cancelled
    assert accounts_add_up()
    wait_until(
        lambda: all(tq.get_task(one).stop_confirmed is not False for one in ids),
        description="the workers are free of what was cancelled: before, it is not deleted",
    )
    assert act_on_all("delete")[0] == len(ids)
    assert accounts_add_up()


def _scheduled(number: int) -> list[str]:
    copies = [submit("work_for", seconds=0.002) for _ in range(1)]
    message = broker.hget(keys.task(QUEUE, copies[0]), "message")
    ids = new_ids(number - 1)
    for task_id in ids:
        store(task_id, message, "work_for", delay_ms=3_600_000)
    return [*copies, *ids]
