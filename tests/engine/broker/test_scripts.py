"""One behaviour of one script a test; every arrow of the state diagram, and every refusal."""

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.answer_pieces import AnswerPieces
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.tasks import BATCH
from huey_tasks.records import locks, tasks
from tests.engine.helpers import (
    QUEUE,
    HandWorker,
    commit,
    recover,
    release,
    scripts,
    state,
    store,
    submit,
)
from tests.engine.model import HOUR
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis


def test_a_submitted_task_waits_in_its_queue() -> None:
    task_id = submit("echo", value=1)
    record = tq.get_task(task_id)
    assert (record.status, record.queue, record.attempt, record.max_attempts) == (
        "PENDING", "default", 0, 1,
    )  # fmt: skip


def test_the_same_id_is_submitted_once() -> None:
    assert store("id-1")
    assert not store("id-1", b"other", "fail")
    assert broker.hget(keys.task(QUEUE, "id-1"), "type") == b"echo"
    assert broker.zcard(keys.index(QUEUE, "PENDING")) == 1


def test_a_task_with_a_delay_is_scheduled_and_promoted_when_due() -> None:
    store("much later", delay_ms=60_000)
    next_s = scripts().promote(QUEUE)
    assert next_s is not None and 0 < next_s <= 60
    assert broker.hget(keys.task(QUEUE, "much later"), "state") == b"SCHEDULED"
    store("later", delay_ms=80)
    assert broker.hget(keys.task(QUEUE, "later"), "state") == b"SCHEDULED"
    wait_until(lambda: (scripts().promote(QUEUE) or 0) > 1, description="only the other is left")
    assert broker.hget(keys.task(QUEUE, "later"), "state") == b"PENDING"


def test_tasks_are_claimed_in_the_order_of_submission() -> None:
    ids = [submit("echo", value=n) for n in range(5)]
    worker = HandWorker()
    assert [worker.claim().id for _ in ids] == ids


def test_a_higher_priority_is_claimed_first() -> None:
    for name, priority in (("low", -1), ("normal", 0), ("urgent", 5)):
        store(name, priority=priority)
    _, claims = HandWorker().step(want=3, worth='{"echo": 1}')
    assert [claim.id for claim in claims] == ["urgent", "normal", "low"]


def test_a_claim_is_leased_and_counted() -> None:
    task_id = submit("echo")
    claim = HandWorker().claim()
    record = tq.get_task(task_id)
    assert (record.status, record.attempt, record.deliveries) == ("STARTED", 1, 1)
    assert claim.token.startswith("hand/") and record.worker == "hand"


def test_an_empty_queue_gives_no_claim() -> None:
    assert HandWorker().step() == ([], [])


@pytest.mark.parametrize("end", ["SUCCESS", "FAILURE", "REVOKED", "EXPIRED"])
def test_a_commit_ends_the_task(end: str) -> None:
    task_id = submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    accepted, _ = worker.step(commit(claim, end, reason="why"), want=0)
    assert accepted == [True]
    assert state(task_id) == end
    assert scripts().stats([QUEUE])[0][end] == 1


@pytest.mark.parametrize("end", ["SUCCESS", "FAILURE", "REVOKED", "EXPIRED"])
def test_an_attempt_that_ended_its_task_holds_it_no_more(end: str) -> None:
    task_id = submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    assert scripts().lock(QUEUE, "door", (task_id, claim.token), ttl_ms=0, lease_ms=60_000)
    worker.step(commit(claim, end, reason="why"), want=0)
    before = broker.hgetall(keys.task(QUEUE, task_id))

    assert worker.step(commit(claim, "RETRY", delay_ms=1, retries_left=1), want=0) == ([False], [])
    assert not scripts().log(QUEUE, task_id, claim.token, "{}")
    assert not scripts().progress(QUEUE, task_id, claim.token, "{}")
    assert not scripts().emit(QUEUE, task_id, claim.token, "{}")
    assert AnswerPieces(tq.default.broker, task_id).add(claim.token, 0, b"", ttl_ms=1) is None
    assert scripts().renew(QUEUE, [(task_id, claim.token)], lease_ms=60_000)
    assert tasks.claim_fields(tq.default.broker, task_id) is None
    assert not locks.is_locked(tq.default.broker, "door")
    assert not locks.lock_holder(tq.default.broker, "door").holds
    assert scripts().lock(QUEUE, "door", ("", ""), ttl_ms=0, lease_ms=60_000)
    assert broker.hgetall(keys.task(QUEUE, task_id)) == before


def test_a_step_commits_and_claims_in_one_go() -> None:
    first, second = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    _, claims = worker.step(commit(worker.claim(), "SUCCESS"))
    assert [claim.id for claim in claims] == [second]
    assert state(first) == "SUCCESS"


def test_a_retry_waits_until_it_is_due_and_keeps_its_count() -> None:
    task_id = submit("fail")
    worker = HandWorker()
    claim = worker.claim()
    worker.step(commit(claim, "RETRY", delay_ms=40, retries_left=1, retry_delay_s=7.5), want=0)
    record = tq.get_task(task_id)
    assert (record.status, record.attempt, record.max_attempts) == ("RETRY", 1, 3)
    assert record.next_retry_at is not None
    wait_until(lambda: scripts().promote(QUEUE) is None, description="the retry is due")
    again = worker.claim()
    assert (again.attempt, again.retries_left, again.retry_delay_s) == (2, 1, 7.5)


def test_a_task_that_is_handed_back_stands_at_its_old_place_uncounted() -> None:
    first, second = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "PENDING"), want=0)
    assert tq.get_task(first).attempt == 0
    assert [worker.claim().id, worker.claim().id] == [first, second]


def test_a_step_sent_again_gets_the_same_answer_and_changes_nothing() -> None:
    submit("echo", value=1)
    submit("echo", value=2)
    worker = HandWorker()
    claim = worker.claim()
    done = commit(claim, "SUCCESS")
    answer = worker.step(done)
    assert worker.again(done) == answer
    stats = scripts().stats([QUEUE])[0]
    assert (stats["SUCCESS"], stats["STARTED"]) == (1, 1)


def test_a_step_sent_again_does_not_return_a_claim_that_was_lost_meanwhile() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.claim()
    tq.cancel(task_id)
    assert worker.again() == ([], [])


def test_a_worker_that_lost_its_lease_cannot_commit() -> None:
    task_id = submit("echo")
    zombie, heir = HandWorker("zombie"), HandWorker("heir")
    old = zombie.claim(lease_ms=0)
    assert recover() == [(task_id, "PENDING")]
    new = heir.claim()
    assert zombie.step(commit(old, "FAILURE"), want=0)[0] == [False]
    assert heir.step(commit(new, "SUCCESS"), want=0)[0] == [True]
    assert state(task_id) == "SUCCESS"


def test_a_second_commit_of_the_same_attempt_is_refused() -> None:
    submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    worker.step(commit(claim, "SUCCESS"), want=0)
    assert worker.step(commit(claim, "FAILURE"), want=0)[0] == [False]


def test_a_task_that_was_not_started_in_time_expires() -> None:
    late = "12345678-1234-4234-8234-123456789abc"
    store(late, expires_ms=1)
    fine = submit("echo")
    submitted = clock_ms()
    wait_until(lambda: clock_ms() > submitted + 1, description="it is too late")
    assert HandWorker().claim().id == fine
    assert state(late) == "EXPIRED"


def test_a_task_that_keeps_killing_its_worker_is_set_aside_as_failed() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    for expected in ("PENDING", "RETRY", "FAILURE"):
        wait_until(lambda: scripts().promote(QUEUE) is None, description="its pause is over")
        assert release(worker.claim()) == [(task_id, expected)]
    record = tq.get_task(task_id)
    assert record.error == "its worker died 3 times while it ran"
    assert tq.queue_stats()[1].set_aside == 1


def test_a_task_that_was_set_aside_is_kept_until_it_is_retried() -> None:
    task_id = submit("echo", value=7)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "DEAD", reason="it cannot be read"), want=0)
    scripts().prune(QUEUE, ttl_ms=0, cap=1000)
    record = tq.get_task(task_id)
    assert (record.status, record.error) == ("FAILURE", "it cannot be read")
    again = tq.retry(task_id)
    assert tq.get_task(again.task_id).payload == {"value": 7}
    assert tq.get_task(again.task_id).retry_of == task_id
    assert tq.get_task(task_id).retried_as == again.task_id
    assert tq.queue_stats()[1].set_aside == 0
    scripts().prune(QUEUE, ttl_ms=0, cap=1000)
    with pytest.raises(tq.TaskNotFound):
        tq.get_task(task_id)


def test_a_retry_asked_for_twice_is_one_task() -> None:
    task_id = submit("echo")
    tq.cancel(task_id)
    first, second = tq.retry(task_id), tq.retry(task_id)
    assert (first.is_new, second.is_new) == (True, False)
    assert second.task_id == first.task_id
    assert tq.queue_stats()[1].queued == 1


@pytest.mark.parametrize("end", ["PENDING", "SUCCESS"])
def test_only_a_task_that_ended_without_success_is_retried(end: str) -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), end), want=0)
    with pytest.raises(tq.TaskNotRetryable, match=end):
        tq.retry(task_id)
    with pytest.raises(tq.TaskNotFound):
        tq.retry("12345678-1234-4234-8234-123456789abc")


def test_a_task_whose_consumers_are_lost_again_and_again_is_set_aside_much_later() -> None:
    task_id = submit("echo")
    HandWorker().claim(lease_ms=0)
    assert recover() == [(task_id, "PENDING")]
    assert tq.get_task(task_id).losses == 1
    broker.hset(keys.task(QUEUE, task_id), "losses", 29)
    HandWorker("other").claim(lease_ms=0)
    assert recover() == [(task_id, "FAILURE")]
    assert tq.get_task(task_id).error == "its consumer was lost 30 times while it ran"


def test_short_tasks_are_claimed_together_up_to_a_few_milliseconds_of_work() -> None:
    ids = [submit("echo", value=n) for n in range(6)]
    worker = HandWorker()
    _, claims = worker.step(want=64, worth='{"echo": 2}')
    assert [claim.id for claim in claims] == ids[:2]
    _, claims = worker.step(want=3, worth='{"echo": 0.1}')
    assert [claim.id for claim in claims] == ids[2:5]
    assert len({claim.token for claim in claims}) == 3


def test_a_long_or_unknown_type_is_claimed_alone() -> None:
    submit("echo", value=1)
    long = submit("fail")
    last = submit("echo", value=2)
    worker = HandWorker()
    assert len(worker.step(want=64, worth='{"echo": 1}')[1]) == 1
    assert [claim.id for claim in worker.step(want=64, worth='{"echo": 1}')[1]] == [long]
    assert [claim.id for claim in worker.step(want=64)[1]] == [last]


def test_a_queue_that_drains_refuses_callers_and_works_off_what_it_has() -> None:
    first = submit("echo", value=1)
    tq.drain(QUEUE)
    assert tq.queue_stats()[1].draining
    with pytest.raises(tq.QueueDraining):
        submit("echo", value=2)
    worker = HandWorker()
    claim = worker.claim()
    assert claim.id == first
    child = NewTask("child", b"{}", "echo")
    worker.step(commit(claim, "SUCCESS", children=(child,)), want=0)
    assert worker.claim().id == "child"
    tq.resume(QUEUE)
    assert not tq.queue_stats()[1].draining
    assert state(submit("echo", value=3)) == "PENDING"


def test_progress_is_kept_for_the_holder_of_the_lease_only() -> None:
    task_id = submit("echo")
    claim = HandWorker().claim()
    assert scripts().progress(QUEUE, task_id, claim.token, '{"fraction":0.5,"text":"half"}')
    assert not scripts().progress(QUEUE, task_id, "other", '{"fraction":1,"text":"all"}')
    assert tq.get_task(task_id).progress == tq.Progress(0.5, "half")


def test_the_log_of_a_task_keeps_its_last_lines() -> None:
    task_id = submit("echo")
    claim = HandWorker().claim()
    line = '{"at":"2026-01-01T00:00:00+00:00","level":"INFO","text":"%d"}'
    for number in range(505):
        scripts().log(QUEUE, task_id, claim.token, line % number)
    assert not scripts().log(QUEUE, task_id, "other", line % -1)
    texts = [kept.text for kept in tq.get_task(task_id).log]
    assert (len(texts), texts[0], texts[-1]) == (500, "5", "504")


def test_finished_tasks_beyond_the_cap_are_forgotten_oldest_first() -> None:
    ids = [submit("echo", value=n) for n in range(3)]
    worker = HandWorker()
    for _ in ids:
        worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert scripts().prune(QUEUE, ttl_ms=60_000, cap=2) == (1, False)
    assert broker.zcard(keys.index(QUEUE, "SUCCESS")) == 2
    assert broker.zcard(keys.submitted(QUEUE)) == 2


def test_finished_tasks_are_forgotten_in_pieces_until_none_is_left_to_forget() -> None:
    worker = HandWorker()
    for end in ("SUCCESS", "FAILURE", "DEAD", "SUCCESS", "EXPIRED"):
        submit("echo")
        worker.step(commit(worker.claim(), end, reason="why"), want=0)

    pieces = [scripts().run("prune", QUEUE, ttl_ms=HOUR, cap=0, limit=2) for _ in range(3)]

    assert pieces == [[2, 1], [2, 1], [0, 0]], "the quarantined one does not count, and stays"
    assert [broker.zcard(keys.index(QUEUE, end)) for end in ("SUCCESS", "FAILURE")] == [0, 1]


@pytest.mark.parametrize("ttl_ms", [0, HOUR])
def test_quarantined_tasks_take_no_room_from_others_and_keep_their_time(ttl_ms: int) -> None:
    """However many there are, before and between others: a call looks at three tasks."""
    ends = ["DEAD"] * 7 + ["FAILURE"] * 2 + ["DEAD"] * 2 + ["FAILURE"] * 2
    kept, worker = list[str](), HandWorker()
    for number, end in enumerate(ends):
        store(f"{end}-{number}")
        worker.step(commit(worker.claim(), end, reason="why"), want=0)
        kept += [f"{end}-{number}"] * (end == "DEAD")
    index = keys.index(QUEUE, "FAILURE")
    before = dict(broker.zrange(index, 0, -1, withscores=True))

    def prune(cap: int) -> None:
        for _ in range(4):
            scripts().run("prune", QUEUE, ttl_ms=ttl_ms, cap=cap, limit=3)

    if ttl_ms:
        prune(cap=4)
        assert dict(broker.zrange(index, 0, -1, withscores=True)) == before, "four are not too many"
    prune(cap=0)
    found = dict(broker.zrange(index, 0, -1, withscores=True))
    assert sorted(task_id.decode() for task_id in found) == sorted(kept)
    assert found.items() <= before.items()


def test_finished_tasks_that_are_too_old_are_forgotten_and_live_ones_kept() -> None:
    old, live = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert scripts().prune(QUEUE, ttl_ms=0, cap=1000) == (1, False)
    with pytest.raises(tq.TaskNotFound):
        tq.get_task(old)
    assert state(live) == "PENDING"


def test_a_consumer_is_online_until_it_leaves() -> None:
    worker = '{"worker":"c1/1","pid":2,"memory_bytes":null,"cpu_percent":null}'
    about = '"host":"h","pid":1,"worker_type":"process","started_at":1.0'
    info = f'{{{about},"workers":[{worker}]}}'
    scripts().heartbeat(QUEUE, "c1", info, 2)
    assert [consumer.consumer for consumer in tq.consumers()] == ["c1"]
    assert (scripts().stats([QUEUE])[0]["consumers"], scripts().stats([QUEUE])[0]["workers"]) == (
        1,
        2,
    )
    scripts().leave(QUEUE, "c1")
    assert tq.consumers() == []


def test_a_waiting_worker_is_woken_by_a_bell_that_holds_one_token() -> None:
    for number in range(3):
        submit("echo", value=number)
    assert broker.llen(keys.bell(QUEUE)) == 1
    broker.delete(keys.bell(QUEUE))
    HandWorker().claim()
    assert broker.llen(keys.bell(QUEUE)) == 1


def test_stats_tell_how_long_the_oldest_task_has_waited() -> None:
    assert tq.stats().queues[1].oldest_waiting_s is None
    submit("echo")
    waited = wait_until(
        lambda: tq.queue_stats()[1].oldest_waiting_s, description="a task has waited for a moment"
    )
    assert waited is not None and waited < 10


def test_a_script_called_with_other_names_than_its_header_is_refused() -> None:
    with pytest.raises(TypeError, match="takes"):
        scripts().run("leave", QUEUE, nobody="x")


def test_scripts_that_redis_has_forgotten_are_loaded_again() -> None:
    submit("echo", value=1)
    broker.script_flush()
    assert state(submit("echo", value=2)) == "PENDING"


def test_a_full_redis_refuses_submits_and_takes_commits() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    broker.config_set("maxmemory", 1)
    try:
        with pytest.raises(tq.QueueUnavailable):
            submit("echo")
        assert worker.step(commit(claim, "SUCCESS"), want=0)[0] == [True]
    finally:
        broker.config_set("maxmemory", 0)
    assert state(task_id) == "SUCCESS"


def test_a_paused_queue_gives_out_nothing_until_it_is_resumed() -> None:
    first, second = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    claim = worker.claim()
    tq.pause(QUEUE)
    assert tq.queue_stats()[1].paused
    accepted, claims = worker.step(commit(claim, "SUCCESS"))
    assert (accepted, claims, state(first)) == ([True], [], "SUCCESS")
    tq.resume(QUEUE)
    assert broker.llen(keys.bell(QUEUE)) == 1
    assert worker.claim().id == second


def test_a_purge_revokes_all_that_waits_and_nothing_else() -> None:
    running = submit("echo", value=0)
    HandWorker().claim()
    waiting = [submit("echo", value=n) for n in range(BATCH + 1)]
    assert tq.purge(QUEUE).purged == len(waiting)
    assert state(running) == "STARTED"
    assert {state(task_id) for task_id in waiting} == {"REVOKED"}
    assert tq.queue_stats()[1].revoked == len(waiting)


def test_an_erased_task_is_passed_over_and_blocks_nobody() -> None:
    erased, fine = submit("echo", value=1), submit("echo", value=2)
    broker.delete(keys.task(QUEUE, erased))
    assert tq.queue_stats()[1].oldest_waiting_s == 0
    assert HandWorker().claim().id == fine
    assert broker.zcard(keys.index(QUEUE, "PENDING")) == 0
