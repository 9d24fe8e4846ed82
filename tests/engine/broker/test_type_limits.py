"""The limits of a task type: how many run at a time, and how many start, over all queues."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.protocol import About
from tests.conftest import StartConsumer
from tests.engine.helpers import HandWorker, commit, recover, submit, wait_for
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis
ABOUT = About("echo", 1, 0.001, "")
ADA = tq.Operator("ada", "the mail host asks for it")


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    yield
    broker.delete(limit_keys.limits())


def limit(task_type: str = "echo", **limits: Any) -> None:
    tq.set_limits(task_type, tq.TypeLimits(**limits), ADA)


def claims(worker: HandWorker, want: int = 10) -> list[str]:
    """What a worker gets that claims as much as it may, and has no long task."""
    _, found = worker.step(want=want, worth='{"echo": 0.01, "add": 0.01}')
    return [claim.id for claim in found]


def promote(queue: str = "default") -> float | None:
    return tq.QUEUES[queue].broker.scripts.promote(queue)


def test_no_more_run_than_may_and_others_go_first() -> None:
    limit(concurrency=2)
    echoes = [submit("echo", value=n) for n in range(4)]
    other = submit("add", a=1, b=2)
    assert claims(HandWorker("one")) == [*echoes[:2], other]
    assert claims(HandWorker("two")) == []
    assert "concurrency_reached" in [one.code for one in tq.explain_task(echoes[2]).reasons]


def test_who_ends_one_claims_the_next() -> None:
    limit(concurrency=1)
    first, second, third = (submit("echo", value=n) for n in range(3))
    worker = HandWorker()
    for mine in (first, second):
        claim = worker.claim()
        assert claim.id == mine
        worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
    assert worker.claim().id == third


def test_those_that_may_go_on_are_woken_50_in_a_call() -> None:
    limit(concurrency=1)
    for number in range(130):
        submit("echo", value=number)
    blocked, worker = keys.blocked("default", "busy:echo"), HandWorker()
    worker.claim()
    while broker.zcard(blocked) < 129:
        worker.step()
    limit(concurrency=71)

    promote()
    assert broker.zcard(blocked) == 79
    assert promote() != 0, "a consumer has nothing more to do at once"
    assert broker.zcard(blocked) == 59, "70 may run more, however many of them run by now"
    assert not broker.exists(limit_keys.waking("default"))


def test_they_count_over_all_queues() -> None:
    limit(concurrency=1)
    high = tq.submit("echo", {}, priority="high").task_id
    low = tq.submit("echo", {}, priority="low").task_id
    one, two = HandWorker("one", tq.high), HandWorker("two", tq.low)
    claim = one.claim()
    assert (claim.id, claims(two)) == (high, [])
    one.step(commit(claim, "SUCCESS"), want=0)
    found: list[str] = []

    def look() -> bool:
        promote("low")
        found.extend(claims(two))
        return bool(found)

    wait_until(look, description="the other queue looks within a second")
    assert found == [low]


def test_each_value_of_a_field_has_them_to_itself() -> None:
    limit(concurrency=1, by="value")
    ids = [submit("echo", value=value) for value in ("a", "a", "b", 1, "1", None, "x" * 200)]
    missing = submit("echo")
    assert claims(HandWorker()) == [ids[0], *ids[2:], missing]


def test_long_numbers_are_values_of_their_own() -> None:
    limit(concurrency=1, by="value")
    numbers = (
        123456789012346,
        123456789012347,
        2**53 - 1,
        2**53 - 2,
        -(2**53) + 1,
        0.1,
        0.1 + 1e-16,
    )
    ids = [submit("echo", value=value) for value in numbers]
    submit("echo", value=2**53 - 1)
    assert claims(HandWorker()) == ids


def test_a_rate_lets_as_many_start_and_then_one_after_the_other() -> None:
    limit(rate=2, per_s=3)
    ids = [submit("echo", value=n) for n in range(4)]
    worker = HandWorker()
    assert claims(worker) == ids[:2]
    waiting = tq.explain_task(ids[2]).reasons
    assert waiting[0].code in ("no_consumer", "rate_limited")
    due = [
        reason.due_at
        for task_id in ids[2:]
        for reason in tq.explain_task(task_id).reasons
        if reason.code == "rate_limited" and reason.due_at
    ]
    assert [round((at - due[0]).total_seconds(), 2) for at in due] == [0, 1.5], "one after another"
    later: list[str] = []

    def go_on() -> bool:
        promote()
        later.extend(claims(worker))
        return len(later) == 2

    wait_until(go_on, description="the rate lets two more start")
    assert later == ids[2:]


def test_what_waits_starts_when_the_limits_go() -> None:
    limit(rate=1, per_s=86_400)
    first, second = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    assert claims(worker) == [first]
    assert (promote() or 0) > 1000
    tq.set_limits("echo", None, ADA)
    promote()
    assert claims(worker) == [second]


def test_a_waiting_task_can_be_cancelled_changed_and_expire() -> None:
    limit(concurrency=1)
    submit("echo", value=0)
    cancelled, changed = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    claim = worker.claim()
    assert claims(HandWorker("other")) == []
    tq.cancel(cancelled)
    tq.change_task(changed, payload={"value": 3})
    worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
    assert claims(worker) == [changed]


def make_late(ids: list[str]) -> None:
    for task_id in ids:
        broker.hset(keys.task("default", task_id), "expires_at", 1)


def states(ids: list[str]) -> set[str]:
    return {task.status for task in map(tq.get_task, ids) if task}


def test_those_that_are_too_late_take_no_turn() -> None:
    limit(concurrency=1)
    first, *late, last = (submit("echo", value=n) for n in range(32))
    worker = HandWorker()
    claim = worker.claim()
    assert claims(HandWorker("other")) == []
    make_late(late)
    worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
    assert (claim.id, claims(worker)) == (first, [last])
    assert states(late) == {"EXPIRED"}


def test_those_that_are_too_late_use_up_no_rate() -> None:
    limit(rate=1, per_s=86_400)
    first, *late, last = (submit("echo", value=n) for n in range(32))
    worker = HandWorker()
    assert claims(worker, want=99) == [first]
    make_late(late)
    broker.delete(limit_keys.tokens("echo"))
    look_at("rate:echo")
    assert claims(worker) == [last]
    assert states(late) == {"EXPIRED"}


def look_at(on: str) -> None:
    """Let a consumer look at what waits for this."""
    broker.zadd(keys.awaited("default"), {on: 1})
    promote()


def test_very_many_that_are_too_late_go_in_several_calls() -> None:
    limit(concurrency=1)
    first, *late, last = (submit("echo", value=n) for n in range(130))
    worker = HandWorker()
    claim = worker.claim()
    on = keys.blocked("default", "busy:echo")
    while broker.zcard(on) < 129:
        HandWorker("other").step()
    make_late(late)
    worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
    assert (claim.id, broker.zcard(on)) == (first, 79), "a call looks at 50"
    assert promote() == 0, "the consumers go on at once"
    assert broker.zcard(on) == 29
    promote()
    assert claims(worker, want=99) + claims(worker, want=99) == [last]
    assert states(late) == {"EXPIRED"}


def test_a_lost_task_counts_no_more() -> None:
    limit(concurrency=1)
    first, second = submit("echo", value=1), submit("echo", value=2)
    assert HandWorker("dead/w").claim(lease_ms=1).id == first
    assert claims(HandWorker("other")) == []
    found: list[str] = []

    def look() -> bool:
        recover()
        promote()
        found.extend(claims(HandWorker("other")))
        return bool(found)

    wait_until(look, description="it is recovered, and one of them starts")
    assert found in ([first], [second])


def test_a_cancelled_task_counts_until_its_worker_is_free() -> None:
    limit(concurrency=1)
    first, second = submit("echo", value=1), submit("echo", value=2)
    worker, other = HandWorker("one"), HandWorker("two")
    claim = worker.claim()
    tq.cancel(first)
    assert claims(other) == [], "its worker still runs it"
    worker.step(commit(claim, "STOPPED", about=ABOUT), want=0)
    wait_until_claimed(second)


def test_a_cancelled_task_counts_for_a_lease_that_is_renewed_while_it_stops() -> None:
    limit(concurrency=1)
    first, second = submit("echo", value=1), submit("echo", value=2)
    claim = HandWorker("one").claim(lease_ms=50)
    tq.cancel(first)
    renewed = tq.default.broker.scripts.renew("default", [(first, claim.token)], lease_ms=60_000)
    assert renewed == {(first, claim.token): False}, "it is to stop"
    lease_end = broker.zscore(limit_keys.stopping("default"), first)
    assert lease_end - clock_ms() > 50_000
    tq.default.broker.scripts.renew("default", [(first, claim.token)], lease_ms=1)
    wait_until_claimed(second)
    recover()
    assert broker.exists(limit_keys.stopping("default")) == 0


def test_a_cancelled_task_of_another_queue_counts_too() -> None:
    limit(concurrency=1)
    first = tq.submit("echo", {}, priority="high").task_id
    tq.submit("echo", {}, priority="low")
    HandWorker("one", tq.high).claim()
    tq.cancel(first)
    assert claims(HandWorker("two", tq.low)) == []


def wait_until_claimed(task_id: str) -> None:
    worker, found = HandWorker("patient"), list[str]()

    def look() -> bool:
        promote()
        found.extend(claims(worker))
        return bool(found)

    wait_until(look, description="one of them starts")
    assert found == [task_id]


def test_a_real_consumer_does_not_start_the_next_while_a_cancelled_one_stops(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    limit("ignore_everything", concurrency=1)
    start_consumer("default", concurrency=2, CANCEL_GRACE_S="1.5")
    first = submit("ignore_everything", seconds=30, file=str(tmp_path / "first"))
    wait_for(first, "STARTED")
    second = submit("ignore_everything", seconds=0, file=str(tmp_path / "second"))
    tq.cancel(first)
    started_at = wait_for(second, "SUCCESS").started_at
    stopped_at = int(broker.hget(keys.task("default", first), "stopped_at") or 0)
    assert started_at is not None
    assert started_at.timestamp() * 1000 >= stopped_at > 0


def test_a_real_consumer_keeps_them(start_consumer: StartConsumer) -> None:
    limit("work_for", concurrency=1)
    ids = [submit("work_for", seconds=0.05) for _ in range(6)]
    start_consumer("default", concurrency=3)
    for task_id in ids:
        wait_for(task_id, "SUCCESS")
    spans = sorted((task.started_at, task.finished_at) for task in map(tq.get_task, ids))
    for before, after in itertools.pairwise(spans):
        assert before[1] is not None and after[0] is not None
        assert before[1] <= after[0], "two ran at once"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({}, ""),
        ({"concurrency": 0}, "/concurrency"),
        ({"rate": 0}, "/rate"),
        ({"rate": -1}, "/rate"),
        ({"concurrency": 10_000_000}, "/concurrency"),
        ({"rate": 1, "per_s": 0.0}, "/per"),
        ({"rate": 1, "per_s": 1e9}, "/per"),
        ({"rate": 1, "by": ""}, "/by"),
    ],
)
def test_limits_that_cannot_be_are_refused(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(tq.InvalidQuery) as refused:
        limit(**wrong)
    assert refused.value.problems[0].pointer == pointer
    assert tq.limits_of("echo") is None
    with pytest.raises(tq.TaskTypeNotFound):
        limit("none_such", concurrency=1)
