"""Leases: renewed, lost, released and recovered."""

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.engine.helpers import QUEUE, HandWorker, recover, release, scripts, state, submit
from tests.engine.snapshot import clock_ms

broker = tq.default.broker.redis


def test_renewing_extends_a_lease() -> None:
    task_id = submit("echo")
    claim = HandWorker().claim(lease_ms=0)
    assert scripts().renew(QUEUE, [(claim.id, claim.token)], lease_ms=60_000) == {}
    assert recover() == []
    assert state(task_id) == "STARTED"


def test_renewing_tells_which_leases_are_lost() -> None:
    submit("echo")
    claim = HandWorker().claim()
    tq.cancel(claim.id)
    assert scripts().renew(QUEUE, [(claim.id, claim.token)], lease_ms=60_000) == {
        (claim.id, claim.token): False
    }
    broker.delete(keys.task(QUEUE, claim.id))
    assert scripts().renew(QUEUE, [(claim.id, claim.token)], lease_ms=60_000) == {
        (claim.id, claim.token): True
    }


def test_renewing_a_lost_lease_does_not_bring_it_back() -> None:
    task_id = submit("echo")
    claim = HandWorker().claim(lease_ms=0)
    recover()
    scripts().renew(QUEUE, [(claim.id, claim.token)], lease_ms=60_000)
    assert broker.zscore(keys.index(QUEUE, "STARTED"), task_id) is None


def test_a_released_task_returns_to_its_old_place() -> None:
    first, _ = submit("echo", value=1), submit("echo", value=2)
    worker = HandWorker()
    assert release(worker.claim()) == [(first, "PENDING")]
    record = tq.get_task(first)
    assert (record.attempt, record.crashes) == (0, 1)
    assert worker.claim().id == first


def test_a_release_touches_nothing_that_another_worker_holds() -> None:
    task_id = submit("echo")
    claim = HandWorker("hand/2").claim()
    assert release(claim, worker="hand/1") == release(claim, worker="han") == []
    assert state(task_id) == "STARTED"


def test_what_a_dead_worker_had_claimed_and_not_begun_returns_uncounted() -> None:
    ids = [submit("echo", value=n) for n in range(3)]
    _, claims = HandWorker().step(want=3, worth='{"echo": 1}')
    assert set(release(claims[0])) == {(task_id, "PENDING") for task_id in ids}
    assert [tq.get_task(task_id).crashes for task_id in ids] == [1, 0, 0]


def test_what_a_dead_consumer_held_returns_and_counts_as_lost() -> None:
    first, second = submit("echo", value=1), submit("echo", value=2)
    HandWorker("c/1").claim()
    HandWorker("c/2").claim()
    released = scripts().release(QUEUE, "c", kind="losses", blamed="*", limit=30)
    assert set(released) == {(first, "PENDING"), (second, "PENDING")}
    assert (tq.get_task(first).losses, tq.get_task(first).crashes) == (1, 0)


def test_only_leases_that_have_ended_are_recovered() -> None:
    submit("echo", value=1)
    ended = submit("echo", value=2)
    worker = HandWorker()
    worker.claim()
    worker.claim(lease_ms=0)
    assert recover() == [(ended, "PENDING")]


def test_after_a_gap_in_which_nobody_could_renew_leases_are_extended_once() -> None:
    task_id = submit("echo")
    HandWorker().claim(lease_ms=0)
    broker.hset(keys.counters(QUEUE), "recovered_at", clock_ms() - 40_000)
    assert recover() == []
    assert state(task_id) == "STARTED"
    assert recover() == [], "the lease is extended"
    assert broker.zscore(keys.index(QUEUE, "STARTED"), task_id) > clock_ms() + 50_000
