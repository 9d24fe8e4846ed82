"""Single lines of the scripts that neither a behaviour's test nor the model would miss.

Found by `lua_lines.py`, which drops one line at a time; and what the model found, as its shortest
sequence. Knows the keys and the limits of the scripts, which other tests leave alone.
"""

from collections.abc import Generator
from contextlib import contextmanager

import pytest

import huey_tasks as tq
from huey_tasks.broker import function_keys, keys
from huey_tasks.broker.answer_pieces import AnswerPieces
from huey_tasks.broker.protocol import About, Claim
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, release, scripts, store
from tests.engine.model import HOUR
from tests.engine.snapshot import noted
from tests.invariants import counted_ever
from tests.waiting import wait_until

broker = tq.default.broker.redis


def _now() -> int:
    seconds, microseconds = broker.time()
    return seconds * 1000 + microseconds // 1000


def _state(task_id: str) -> str | None:
    found = broker.hget(keys.task(QUEUE, task_id), "state")
    return None if found is None else found.decode()


def _counter(name: str) -> int:
    return counted_ever(broker, QUEUE, name)


def _claim(task_id: str, lease_ms: int = HOUR) -> Claim:
    store(task_id)
    return HandWorker(f"of-{task_id}").claim(lease_ms)


def _nobody_recovered_for_an_hour() -> None:
    broker.hset(keys.counters(QUEUE), "recovered_at", _now() - HOUR)


@contextmanager
def _full_redis() -> Generator[None]:
    broker.config_set("maxmemory", 1)
    try:
        yield
    finally:
        broker.config_set("maxmemory", 0)


@contextmanager
def _lines_on(name: str) -> Generator[list[str]]:
    """What is said on a channel inside of the block."""
    lines: list[str] = []
    with broker.pubsub() as channel:
        channel.subscribe(name)
        assert channel.get_message(timeout=30)["type"] == "subscribe"
        yield lines
        broker.publish(name, "over")
        while (line := channel.get_message(timeout=30)["data"].decode()) != "over":
            lines.append(line)


# ---- a full Redis


def test_a_full_redis_refuses_a_lost_commit_without_an_error() -> None:
    claim = _claim("task")
    tq.default.broker.scripts.cancel(QUEUE, "task", "")
    with _full_redis():
        assert HandWorker("late").step(commit(claim, "SUCCESS"), want=0)[0] == [False]


def test_a_full_redis_renews_leases() -> None:
    claim = _claim("task", lease_ms=0)
    with _full_redis():
        assert scripts().renew(QUEUE, [(claim.id, claim.token)], lease_ms=HOUR) == {}
    assert broker.zscore(keys.index(QUEUE, "STARTED"), "task") > _now() + HOUR / 2


def test_a_full_redis_recovers_and_extends_leases() -> None:
    _claim("first", lease_ms=0)
    with _full_redis():
        assert recover() == [("first", "PENDING")]
        assert recover() == []
    HandWorker().claim(lease_ms=0)
    _nobody_recovered_for_an_hour()
    with _full_redis():
        assert recover() == []
    assert broker.zscore(keys.index(QUEUE, "STARTED"), "first") > _now()


def test_a_full_redis_releases() -> None:
    claim = _claim("task")
    with _full_redis():
        assert release(claim, worker="of-task") == [("task", "PENDING")]


def test_a_full_redis_promotes() -> None:
    store("task", delay_ms=1)
    with _full_redis():
        wait_until(lambda: scripts().promote(QUEUE) is None, description="nothing is scheduled")
    assert _state("task") == "PENDING"


def test_a_full_redis_rings_for_tasks_that_nobody_has_heard_of() -> None:
    store("task")
    broker.delete(keys.bell(QUEUE))
    with _full_redis():
        assert scripts().promote(QUEUE) is None
    assert broker.llen(keys.bell(QUEUE)) == 1


def test_a_full_redis_forgets_old_tasks_even_when_quarantined_ones_come_first() -> None:
    HandWorker().step(commit(_claim("quarantined"), "DEAD", reason="why"), want=0)
    HandWorker("other").step(commit(_claim("old"), "FAILURE"), want=0)
    with _full_redis():
        assert scripts().prune(QUEUE, ttl_ms=0, cap=1000) == (1, False)
    assert (_state("quarantined"), _state("old")) == ("FAILURE", None)


def test_a_full_redis_lets_tasks_lock_and_count_so_that_they_can_end() -> None:
    claim = _claim("task")
    with _full_redis():
        assert scripts().lock(QUEUE, "press", (claim.id, claim.token), ttl_ms=0, lease_ms=HOUR)
        assert scripts().limit(QUEUE, "often", per_ms=HOUR)[0] == 1
        assert scripts().limit(QUEUE, "often", per_ms=HOUR)[0] == 2


def test_a_full_redis_takes_the_word_that_a_cancelled_worker_is_free() -> None:
    claim = _claim("task")
    scripts().cancel(QUEUE, "task", "")
    with _full_redis():
        scripts().stopped(QUEUE, "task", claim.token)
    assert broker.hexists(keys.task(QUEUE, "task"), "stopped_at")


def test_a_full_redis_takes_heartbeats() -> None:
    with _full_redis():
        scripts().heartbeat(QUEUE, "c", "{}", 1)
    assert [row[0] for row in scripts().online(QUEUE)] == ["c"]


def test_a_full_redis_takes_outcomes_and_lets_them_end() -> None:
    results = tq.default.broker.results
    names = {keys.outcome(task_id, "token"): task_id.encode() for task_id in ("one", "two")}
    with _full_redis():
        tq.default.broker.result_scripts.outcome(QUEUE, names, ttl_ms=HOUR)
    assert results.mget(names) == list(names.values())
    assert all(0 < results.pttl(name) <= HOUR for name in names)


def test_a_full_redis_takes_note_that_somebody_waits() -> None:
    store("task")
    with _full_redis():
        assert scripts().awaited(QUEUE, "task") == "PENDING"


def test_a_full_redis_can_be_paused_and_resumed() -> None:
    with _full_redis():
        scripts().mode(QUEUE, "paused")
        assert scripts().stats([QUEUE])[0]["paused"] == 1
        scripts().mode(QUEUE, "flowing")
    assert scripts().stats([QUEUE])[0]["paused"] == 0


# ---- what consumers hear at once


def test_consumers_hear_of_a_task_only_when_it_is_the_next_to_become_due() -> None:
    with _lines_on(keys.control(QUEUE)) as lines:
        store("later", delay_ms=HOUR)
        store("latest", delay_ms=2 * HOUR)
        assert lines == []
        store("sooner", delay_ms=HOUR // 2)
    assert lines == ["due", "due"]


def test_consumers_hear_which_attempt_to_stop_and_of_no_task_that_waits() -> None:
    claim = _claim("runs")
    store("waits")
    with _lines_on(keys.control(QUEUE)) as lines:
        for task_id in ("runs", "waits", "runs"):
            scripts().cancel(QUEUE, task_id, "")
    assert lines == [f"stop runs {claim.token}"]


def test_the_end_of_a_task_is_told_only_if_somebody_waits_for_it() -> None:
    awaited, ignored = _claim("awaited"), _claim("ignored")
    with _lines_on(keys.ends(QUEUE)) as lines:
        assert scripts().awaited(QUEUE, "awaited") == "STARTED"
        assert scripts().awaited(QUEUE, "nobody") == ""
        ends = [commit(claim, "SUCCESS") for claim in (awaited, ignored)]
        HandWorker().step(*ends, want=0)
        assert scripts().awaited(QUEUE, "ignored") == "SUCCESS"
    assert lines == ["awaited"]
    assert not broker.hexists(keys.task(QUEUE, "ignored"), "awaited")


# ---- limits of one call


def test_more_due_tasks_than_one_call_takes_are_promoted_by_the_next() -> None:
    for number in range(3):
        store(f"task-{number}", delay_ms=1)
    begun = _now()
    wait_until(lambda: _now() > begun + 1, description="all are due")
    answers = [scripts().run("promote", QUEUE, limit=limit, lease_ms=HOUR) for limit in (1, 1, 1)]
    assert answers == [0, 0, -1]


def test_the_next_due_task_is_the_first_of_both_kinds() -> None:
    claim = _claim("retries")
    HandWorker().step(commit(claim, "RETRY", delay_ms=HOUR), want=0)
    store("later", delay_ms=2 * HOUR)
    assert 3590 < (scripts().promote(QUEUE) or 0) <= 3600
    store("sooner", delay_ms=HOUR // 2)
    assert 1790 < (scripts().promote(QUEUE) or 0) <= 1800


def test_after_a_gap_all_leases_are_extended_whatever_one_call_takes() -> None:
    for number in range(3):
        _claim(f"task-{number}", lease_ms=0)
    _nobody_recovered_for_an_hour()
    for _ in range(4):
        recovered = scripts().run("recover", QUEUE, max_losses=1, limit=1, lease_ms=HOUR)
        assert recovered == []
    assert broker.zcount(keys.index(QUEUE, "STARTED"), _now(), "+inf") == 3


def test_no_more_than_its_limit_is_recovered_in_one_call() -> None:
    for number in range(3):
        _claim(f"task-{number}", lease_ms=0)
    recovered = scripts().run("recover", QUEUE, max_losses=9, limit=2, lease_ms=HOUR)
    assert len(recovered) == 2


def test_a_step_looks_at_a_hundred_expired_tasks_and_leaves_the_rest_to_the_next() -> None:
    for number in range(105):
        store(f"late-{number}", expires_ms=1)
    begun = _now()
    wait_until(lambda: _now() > begun + 1, description="all are too late")
    broker.delete(keys.bell(QUEUE))
    worker = HandWorker()
    assert worker.step() == ([], [])
    assert broker.zcard(keys.index(QUEUE, "PENDING")) == 5
    assert broker.llen(keys.bell(QUEUE)) == 1
    assert worker.step() == ([], [])
    assert _counter("EXPIRED") == 105


def test_a_rate_limit_begins_anew_with_its_next_window() -> None:
    assert [scripts().limit(QUEUE, "often", per_ms=HOUR)[0] for _ in range(3)] == [1, 2, 3]
    key = keys.limit(QUEUE, "often")
    assert broker.hget(key, "window") == b"%d" % (_now() // HOUR)
    broker.hincrby(key, "window", -1)
    used, left_ms = scripts().limit(QUEUE, "often", per_ms=HOUR)
    assert used == 1
    assert left_ms - 5000 < broker.pttl(key) <= left_ms <= HOUR


def test_only_the_newest_ten_thousand_tasks_that_were_set_aside_are_kept() -> None:
    broker.zadd(keys.dead(QUEUE), {f"old-{number}": number for number in range(10_000)})
    HandWorker().step(commit(_claim("task"), "DEAD"), want=0)
    kept = broker.zrange(keys.dead(QUEUE), 0, -1)
    assert (len(kept), kept[0], kept[-1]) == (10_000, b"old-1", b"task")


def test_a_consumer_is_forgotten_some_time_after_its_last_heartbeat() -> None:
    broker.zadd(keys.consumers(QUEUE), {"long ago": _now() - 50_500, "lately": _now() - 40_000})
    scripts().heartbeat(QUEUE, "here", "{}", 2)
    assert broker.zrange(keys.consumers(QUEUE), 0, -1) == [b"lately", b"here"]
    assert 40_000 < broker.pttl(keys.consumer(QUEUE, "here")) <= 50_000
    assert [(id, info) for id, info, _ in scripts().online(QUEUE)] == [("here", b"{}")]
    assert abs(scripts().online(QUEUE)[0][2] - _now()) < 5000


def test_a_consumer_that_leaves_leaves_nothing() -> None:
    scripts().heartbeat(QUEUE, "here", "{}", 2)
    scripts().leave(QUEUE, "here")
    assert not broker.exists(keys.consumers(QUEUE), keys.consumer(QUEUE, "here"))


# ---- locks


def _lock(claim: Claim, lease_ms: int = HOUR) -> bool:
    holder = (claim.id, claim.token)
    return scripts().lock(QUEUE, "press", holder, ttl_ms=0, lease_ms=lease_ms)


def test_a_cancelled_attempt_keeps_its_lock_until_its_worker_is_free() -> None:
    first, second = _claim("first"), _claim("second")
    assert _lock(first)
    scripts().cancel(QUEUE, "first", "")
    assert not _lock(second)
    scripts().stopped(QUEUE, "first", first.token)
    assert _lock(second)


def test_a_cancelled_attempt_keeps_its_lock_no_longer_than_a_lease() -> None:
    first, second = _claim("first"), _claim("second")
    assert _lock(first)
    scripts().cancel(QUEUE, "first", "")
    assert not _lock(second)
    assert _lock(second, lease_ms=0)


def test_a_cancelled_attempt_keeps_no_lock_of_the_attempt_before() -> None:
    first = _claim("first", lease_ms=0)
    assert _lock(first)
    recover()
    HandWorker().claim()
    scripts().cancel(QUEUE, "first", "")
    assert _lock(_claim("second"))


# ---- the history by type


@pytest.mark.parametrize(
    ("took_ms", "bucket"), [(0.9, 0), (1, 1), (1.18, 1), (1.2, 2), (1.99, 4), (2.01, 5), (1000, 40)]
)
def test_run_times_fall_into_four_buckets_to_each_doubling(took_ms: float, bucket: int) -> None:
    about = About("echo", 1, took_ms / 1000, "")
    HandWorker().step(commit(_claim("task"), "SUCCESS", about=about), want=0)
    assert noted()[f"echo|run.{bucket}"] == 1


def test_a_wait_is_counted_from_the_moment_when_the_task_came_to_its_queue() -> None:
    store("task")
    broker.hset(keys.task(QUEUE, "task"), "queued_at", _now() - 1000 * HOUR)
    HandWorker().claim()
    hours_1000 = 127  # from 2^(126/4) ms, which are 844 hours, to 2^(127/4) ms, which are 1003
    assert noted()[f"echo|wait.{hours_1000}"] == 1


# ---- tasks that someone has erased


def test_an_erased_task_is_counted_when_it_would_be_claimed() -> None:
    store("task")
    broker.delete(keys.task(QUEUE, "task"))
    assert HandWorker().step() == ([], [])
    assert _counter("missing") == 1


def test_an_erased_task_is_dropped_from_the_schedule() -> None:
    for task_id in ("erased", "fine"):
        store(task_id, delay_ms=1)
    broker.delete(keys.task(QUEUE, "erased"))
    wait_until(lambda: scripts().promote(QUEUE) is None, description="nothing is scheduled")
    assert broker.zrange(keys.index(QUEUE, "PENDING"), 0, -1) == [b"fine"]
    assert not broker.exists(keys.task(QUEUE, "erased"))
    assert _counter("missing") == 1


def test_an_erased_task_is_dropped_when_its_lease_ends() -> None:
    for task_id in ("erased", "fine"):
        _claim(task_id, lease_ms=0)
    broker.delete(keys.task(QUEUE, "erased"))
    assert recover() == [("fine", "PENDING")]
    assert not broker.exists(keys.task(QUEUE, "erased"))
    assert _counter("missing") == 1


def test_an_erased_task_is_dropped_by_a_purge() -> None:
    for task_id in ("erased", "fine"):
        store(task_id)
    broker.delete(keys.task(QUEUE, "erased"))
    scripts().purge(QUEUE, "")
    assert not broker.exists(keys.task(QUEUE, "erased")), "it came back as half a task"


# ---- what the model found


def test_an_id_is_known_until_it_is_pruned_even_when_its_record_was_erased() -> None:
    claim = _claim("task")
    HandWorker().step(commit(claim, "SUCCESS"), want=0)
    broker.delete(keys.task(QUEUE, "task"))
    accepted = store("task")
    standing = scripts().whereabouts(QUEUE, "task")[1]
    scripts().prune(QUEUE, ttl_ms=0, cap=1000)
    kept = _state("task")
    assert standing in (["SUCCESS"], ["PENDING"])
    assert not accepted or kept == "PENDING", "the second task was pruned with the first"


def test_a_task_is_set_aside_without_a_reason() -> None:
    HandWorker().step(commit(_claim("task"), "DEAD"), want=0)
    assert scripts().whereabouts(QUEUE, "task") == ("FAILURE", ["FAILURE"])


def test_a_reason_that_utf8_cannot_carry_ends_its_task_all_the_same() -> None:
    done = commit(_claim("task"), "DEAD", reason="no type named \ud800")
    assert HandWorker().step(done, want=0)[0] == [True]
    assert broker.hget(keys.task(QUEUE, "task"), "reason") == b"no type named ?"


@pytest.mark.parametrize("verb", ["commit", "release", "renew", "progress"])
def test_no_token_at_all_holds_no_lease(verb: str) -> None:
    store("task")
    before = broker.hgetall(keys.task(QUEUE, "task"))
    if verb == "commit":
        held = HandWorker().step(commit(Claim("task", "", b"", 1, 0, 0, 1), "PENDING"), want=0)[0]
        assert held == [False]
    elif verb == "release":
        claim = Claim("task", "", b"", 1, 0, 0, 1)
        assert release(claim, worker="hand") == []
    elif verb == "renew":
        assert scripts().renew(QUEUE, [("task", "")], lease_ms=HOUR) == {("task", ""): False}
    else:
        assert not scripts().progress(QUEUE, "task", "", "half")
    assert broker.hgetall(keys.task(QUEUE, "task")) == before


# ---- waiting for an end


@contextmanager
def _ends() -> Generator[list[str]]:
    """The ids whose end is announced inside the block."""
    announced: list[str] = []
    with broker.pubsub() as channel:
        channel.subscribe(keys.ends(QUEUE))
        assert channel.get_message(timeout=30)["type"] == "subscribe"
        yield announced
        broker.publish(keys.ends(QUEUE), "over")
        while (line := channel.get_message(timeout=30)["data"].decode()) != "over":
            announced.append(line)


def test_the_end_of_an_awaited_task_is_told_once_and_no_other() -> None:
    for task_id in ("awaited", "other"):
        store(task_id)
    with _ends() as announced:
        assert scripts().awaited(QUEUE, "awaited") == "PENDING"
        for _ in range(2):
            for task_id in ("awaited", "other"):
                scripts().cancel(QUEUE, task_id, "")
    assert announced == ["awaited"]


def test_what_has_ended_or_is_unknown_is_not_awaited() -> None:
    store("ended")
    scripts().cancel(QUEUE, "ended", "")
    assert scripts().awaited(QUEUE, "ended") == "REVOKED"
    assert scripts().awaited(QUEUE, "unknown") == ""
    assert not broker.hexists(keys.task(QUEUE, "ended"), "awaited")
    assert not broker.exists(keys.task(QUEUE, "unknown"))


def test_one_can_wait_for_the_tasks_of_a_full_redis() -> None:
    store("task")
    with _full_redis():
        assert scripts().awaited(QUEUE, "task") == "PENDING"
    assert broker.hget(keys.task(QUEUE, "task"), "awaited") == b"1"


def test_pieces_of_an_answer_are_kept_once_in_their_order_and_for_their_time() -> None:
    claim = _claim("answers")
    pieces = AnswerPieces(tq.default.broker, "answers")
    assert not pieces.exist()
    with _lines_on(keys.ends(QUEUE)) as lines:
        assert pieces.add(claim.token, 0, b"one", ttl_ms=HOUR) == 3
        assert scripts().awaited(QUEUE, "answers") == "STARTED"
        assert pieces.add(claim.token, 3, b"two", ttl_ms=HOUR) == 6
        assert pieces.add(claim.token, 3, b"two", ttl_ms=HOUR) == 6, "it is sent again"
        assert pieces.add(claim.token, 7, b"lost", ttl_ms=HOUR) == 6, "what is before it is gone"
    assert lines == ["answers piece"] * 2
    assert (pieces.read(0, 100), pieces.read(2, 2), pieces.read(6, 10)) == (b"onetwo", b"et", b"")
    key = function_keys.answer(QUEUE, "answers")
    assert HOUR - 10_000 < broker.pttl(key) <= HOUR
    pieces.expire(50)
    assert broker.pttl(key) <= 50
    assert pieces.add("another", 0, b"x", ttl_ms=HOUR) is None
