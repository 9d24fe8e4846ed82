"""A worker's slot: what it has claimed, finished and not committed, when answers get lost."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.broker import keys
from huey_tasks.broker.connection import SentCommand
from huey_tasks.broker.protocol import Claim, Commit
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution.batching import HOLD_S
from huey_tasks.execution.flusher import Flusher
from huey_tasks.execution.slot import LARGE_BYTES, Slot
from huey_tasks.records import outcomes
from tests.conftest import StartConsumer
from tests.engine.helpers import (
    QUEUE,
    HandWorker,
    commit,
    recover,
    release,
    scripts,
    state,
    submit,
    wait_for,
)
from tests.engine.model import SMALL_BYTES
from tests.waiting import wait_until

broker = tq.default.broker.redis


@pytest.fixture
def slot() -> Slot:
    """A slot that takes `echo` for a short type."""
    opened = tq.default.storage.open_slot("slot-test")
    opened.pace.record("echo", 0.0001)
    return opened


def test_what_ends_after_a_lost_answer_is_committed_as_well(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush runs in Redis and its answer is lost; until it is sent again another task ends."""
    first, second, third = (submit("echo") for _ in range(3))
    slot.finish(*_success(slot.claim()))
    running = slot.claim()
    _lose_one_answer(slot, monkeypatch)
    with pytest.raises(QueueUnavailable):
        slot.flush()
    slot.finish(*_success(running))
    claim = slot.claim()
    assert (state(first), state(second)) == ("SUCCESS", "SUCCESS")
    assert claim is not None and (claim.id, claim.deliveries) == (third, 1)


def test_a_claim_that_comes_with_an_answer_sent_again_is_not_lost(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = submit("echo")
    _lose_one_answer(slot, monkeypatch)
    with pytest.raises(QueueUnavailable):
        slot.claim()
    claim = slot.claim()
    assert claim is not None and claim.id == task_id
    slot.finish(*_success(claim))
    slot.flush()
    assert state(task_id) == "SUCCESS"


@pytest.fixture
def ahead(slot: Slot) -> Slot:
    """A slot that has run its first batch of 16, and one of the second; 8 tasks are left."""
    _run_first_batch(slot)
    claim = slot.claim()
    assert slot._under_way is not None
    slot.finish(*_success(claim))
    return slot


@pytest.fixture(autouse=True)
def _batches_of_16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huey_tasks.execution.slot.MOST", 16)


def test_redis_commits_and_claims_while_a_worker_works(ahead: Slot) -> None:
    wait_until(lambda: _ids("SUCCESS") == 16, description="the step runs though none reads it")
    assert _ids("STARTED") == 24, "the second batch, and the 8 that were left"
    _work_off(ahead)
    _all_ended_once(40)


@pytest.mark.parametrize("what", ["answer", "script"])
def test_a_step_under_way_that_gets_no_answer_is_sent_again(ahead: Slot, what: str) -> None:
    if what == "answer":
        wait_until(lambda: _ids("SUCCESS") == 16, description="Redis has run the step")
        broker.client_kill_filter(_type="normal", skipme=True)
    else:  # Redis forgets scripts; the one under way ran before
        broker.script_flush()
    _work_off(ahead)
    _all_ended_once(40)


def test_a_step_that_was_sent_when_an_answer_came_is_sent_again(ahead: Slot) -> None:
    second = ahead._under_way
    for _ in range(16):  # the rest of the second batch, and one of the last
        ahead.finish(*_success(ahead.claim()))
    assert ahead._under_way not in (None, second)
    wait_until(lambda: _ids("SUCCESS") == 32, description="Redis has run the step")
    broker.client_kill_filter(_type="normal", skipme=True)
    _work_off(ahead)
    _all_ended_once(40)


def test_a_signal_when_a_step_was_sent_mixes_up_no_answers(
    ahead: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(15):
        ahead.finish(*_success(ahead.claim()))
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr("huey_tasks.execution.slot._let_others_run", _raise_interrupted)
        ahead.claim()
    _work_off(ahead)
    _all_ended_once(40)


def _raise_interrupted() -> None:
    """What a handler of signals may do that a task has left."""
    raise InterruptedError


@pytest.mark.parametrize("works_ahead", [False, True])
def test_a_worker_that_stood_still_begins_nothing_that_others_have_run(
    slot: Slot, monkeypatch: pytest.MonkeyPatch, works_ahead: bool
) -> None:
    """It was frozen, or swapped out, until the leases of what it had claimed were over."""
    monkeypatch.setattr(slot, "_lease_ms", 500)
    slot.works_ahead = works_ahead
    ids = {submit("echo") for _ in range(40)}
    first = slot.claim()
    assert first is not None and slot.deadline < math.inf
    batches = 2 if works_ahead else 1
    wait_until(lambda: _ids("STARTED") == 16 * batches, description="the step under way has run")
    lost: set[str] = set()

    def all_are_lost() -> bool:
        lost.update(dict(recover()))
        return len(lost) == 16 * batches

    wait_until(all_are_lost, description="all that it has claimed is recovered")
    others = HandWorker("other")
    _, claims = others.step(want=40, worth='{"echo": 0.01}')
    assert {claim.id for claim in claims} == ids
    others.step(*(commit(claim, "SUCCESS") for claim in claims), want=0)

    slot.finish(*_success(first))
    again = slot.claim()
    assert again is None, f"it would run {again.id} again"
    assert {state(task_id) for task_id in ids} == {"SUCCESS"}


def test_a_redis_that_forgot_the_script_gets_the_step_again(slot: Slot) -> None:
    _run_first_batch(slot)
    broker.script_flush()
    _work_off(slot)
    _all_ended_once(40)


def test_an_outcome_is_there_when_it_cannot_go_with_the_step(ahead: Slot) -> None:
    ahead._databases = ""  # as with a result backend on another server
    _work_off(ahead)
    _all_ended_once(40)


def test_a_large_outcome_is_stored_before_the_step(slot: Slot) -> None:
    task_id = submit("echo")
    claim = slot.claim()
    assert claim is not None
    large = b'{"result":"' + b"x" * LARGE_BYTES + b'"}'
    slot.finish(Commit(claim.id, claim.token, "SUCCESS"), large)
    assert slot._make(0, 1, slot._finished).outcomes == []
    assert tq.default.broker.results.get(keys.outcome(task_id, claim.token)) == large
    slot.flush()
    assert state(task_id) == "SUCCESS"


@pytest.mark.parametrize("size", [SMALL_BYTES, SMALL_BYTES + 1])
def test_a_task_keeps_its_outcome_if_that_is_small(slot: Slot, size: int) -> None:
    task_id = submit("echo")
    claim = slot.claim()
    assert claim is not None
    text = "x" * (size - len('{"result":""}'))
    slot.finish(Commit(claim.id, claim.token, "SUCCESS"), serializer.dumps({"result": text}))
    slot.flush()
    assert broker.hexists(keys.task(QUEUE, task_id), "blob") == (size == SMALL_BYTES)
    apart = tq.default.broker.results.exists(keys.outcome(task_id, claim.token))
    assert apart == (size > SMALL_BYTES)
    assert tq.get_task(task_id).result == text
    assert tq.list_tasks(limit=1)[0].status == "SUCCESS"
    assert outcomes.ends_of(tq.high.broker, [tq.default.broker], [task_id])[0].outcome


def test_an_attempt_that_lost_its_lease_leaves_no_outcome_in_its_task(slot: Slot) -> None:
    task_id = submit("echo")
    late = slot.claim()
    assert late is not None
    release(late, worker=slot.id)
    worker = HandWorker()
    claim = worker.claim()
    slot.finish(*_success(late))
    slot.flush()
    assert not broker.hexists(keys.task(QUEUE, task_id), "blob")
    worker.step(commit(claim, "SUCCESS"), want=0)
    assert outcomes.ends(tq.default.broker, [(QUEUE, task_id)]) == [("SUCCESS", "", None)]


def test_what_came_with_a_step_under_way_does_not_wait_behind_a_long_task(ahead: Slot) -> None:
    assert ahead.claim() is not None
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() - begun > HOLD_S, description="it turns out to be long")
    ahead.relieve()
    assert (_ids("SUCCESS"), _ids("STARTED"), _ids("PENDING")) == (17, 1, 22)


def test_what_waits_is_released_though_no_step_could_go_ahead(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is away when a batch begins, and is back when its second task turns out to be long."""
    _run_first_batch(slot)
    with monkeypatch.context() as patch:
        patch.setattr(slot._scripts, "send", _refuse)
        slot.finish(*_success(slot.claim()))
    assert slot.claim() is not None
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() - begun > HOLD_S, description="it turns out to be long")
    slot.relieve()
    assert (_ids("SUCCESS"), _ids("STARTED"), _ids("PENDING")) == (17, 1, 22)


@pytest.fixture
def flusher(slot: Slot) -> Iterator[Flusher]:
    """The flusher of this slot, at work."""
    flusher = Flusher()
    flusher.watch(slot)
    flusher.start()
    yield flusher
    flusher.forget(slot)


@pytest.mark.usefixtures("flusher")
def test_what_waits_is_released_though_its_claim_was_interrupted(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run_first_batch(slot)
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr("huey_tasks.execution.slot._let_others_run", _raise_interrupted)
        slot.claim()
    assert slot.deadline < math.inf, "no claim waits without a deadline"
    wait_until(lambda: _ids("STARTED") == 0, description="nothing runs, so others get all")
    _work_off(slot)
    _all_ended_once(40)


@pytest.mark.usefixtures("flusher")
def test_what_waits_is_released_though_redis_refused_a_step(
    slot: Slot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The step that went ahead meets a broken key, which is mended while a long task runs."""
    _run_first_batch(slot)
    key, send = keys.slot(QUEUE, slot.id), slot._scripts.send

    def send_to_a_broken_key(call: bytes) -> SentCommand:
        broker.rename(key, "kept")
        broker.set(key, "no hash")
        return send(call)

    with monkeypatch.context() as patch:
        patch.setattr(slot._scripts, "send", send_to_a_broken_key)
        running = slot.claim()
    wait_until(lambda: "WRONGTYPE" in caplog.text, description="the flusher reads the answer")
    broker.rename("kept", key)
    wait_until(lambda: _ids("PENDING") == 23, description="the flusher tries it again")
    assert (_ids("SUCCESS"), _ids("STARTED")) == (16, 1)
    slot.finish(*_success(running))
    _work_off(slot)
    _all_ended_once(40)


@pytest.mark.usefixtures("flusher")
def test_what_ended_after_a_step_was_sent_does_not_wait_behind_a_long_task(slot: Slot) -> None:
    """The answer has one task, the last of all, and 16 have ended since its step was sent."""
    slot.works_ahead = True
    for _ in range(33):
        submit("echo")
    for _ in range(32):
        slot.finish(*_success(slot.claim()))
    running = slot.claim()
    wait_until(lambda: _ids("SUCCESS") == 32, description="the flusher commits them")
    slot.finish(*_success(running))
    _work_off(slot)
    _all_ended_once(33)


def test_a_worker_that_may_run_few_more_tasks_claims_none_ahead(slot: Slot) -> None:
    """As `MAX_TASKS_PER_WORKER` has it: others would have to wait until these are handed back."""
    slot.works_ahead, slot.most = True, 10
    for _ in range(40):
        submit("echo")
    assert slot.claim() is not None
    assert slot._under_way is None and _ids("STARTED") == 10
    slot.flush()


def _refuse(call: bytes) -> None:
    raise QueueUnavailable("Redis is away")


def test_a_worker_that_stops_leaves_nothing_of_a_step_under_way(ahead: Slot) -> None:
    ahead.flush()
    assert (_ids("SUCCESS"), _ids("STARTED"), _ids("PENDING")) == (17, 0, 23)


def _run_first_batch(slot: Slot) -> None:
    slot.works_ahead = True
    for _ in range(40):
        submit("echo")
    for _ in range(16):
        slot.finish(*_success(slot.claim()))


def _work_off(slot: Slot) -> None:
    """Run what is left."""
    while (claim := slot.claim()) is not None:
        slot.finish(*_success(claim))
    slot.flush()


def _ids(state: str) -> int:
    return broker.zcard(keys.index(QUEUE, state))


def _all_ended_once(number: int) -> None:
    ended = [key.decode() for key in broker.zrange(keys.index(QUEUE, "SUCCESS"), 0, -1)]
    assert len(ended) == number
    assert {tq.get_task(one).deliveries for one in ended} == {1}
    found = outcomes.ends(tq.default.broker, [(QUEUE, one) for one in ended])
    assert {end.outcome for end in found} == {b'{"result":null}'}


@pytest.fixture
def idle(slot: Slot) -> Slot:
    """A slot that runs a task, and has found no other one."""
    slot.works_ahead = True
    submit("echo")
    running = slot.claim()
    assert slot.claim() is None
    slot.finish(*_success(running))
    assert slot.claim() is None and slot._ready is not None
    return slot


def test_the_step_of_an_idle_worker_is_made_before_the_bell_rings(
    idle: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("echo")
    monkeypatch.setattr(idle, "_make", _refuse)
    idle.finish(*_success(idle.claim()))
    monkeypatch.undo()
    idle.flush()
    _all_ended_once(2)


@pytest.mark.parametrize("what", ["connection", "script", "answer"])
def test_a_step_that_was_made_before_may_fail_as_any_other(
    idle: Slot, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    submit("echo")
    if what == "connection":
        broker.client_kill_filter(_type="normal", skipme=True)
    elif what == "script":
        broker.script_flush()
    else:
        monkeypatch.setattr(idle._scripts, "send", _send_and_lose(idle))
    _work_off(idle)
    _all_ended_once(2)


def test_a_step_that_was_made_before_is_dropped_when_there_is_something_to_commit(
    slot: Slot,
) -> None:
    slot.works_ahead = True
    submit("echo")
    running = slot.claim()
    assert slot.claim() is None and slot._ready is not None
    slot.finish(*_success(running))
    submit("echo")
    second = slot.claim()
    assert _ids("SUCCESS") == 1
    slot.finish(*_success(second))
    slot.flush()
    _all_ended_once(2)


def test_a_step_that_was_made_before_is_dropped_when_its_number_was_used(slot: Slot) -> None:
    slot.works_ahead = True
    submit("echo")
    running = slot.claim()
    assert slot.claim() is None and slot._ready is not None
    slot.finish(*_success(running))
    slot.flush()
    submit("echo")
    _work_off(slot)
    _all_ended_once(2)


def test_an_idle_worker_does_not_ask_again_until_the_bell_rings(slot: Slot) -> None:
    assert slot.claim() is None and slot.idle
    task_id = submit("echo")
    claim = tq.default.storage.claim()
    assert claim is not None and claim.id == task_id and not slot.idle
    slot.finish(*_success(claim))
    assert not slot.idle, "there is something to commit"


def test_a_worker_without_an_answer_asks_again_without_a_bell(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slot.claim() is None
    task_id = submit("echo")
    _lose_one_answer(slot, monkeypatch)
    with pytest.raises(QueueUnavailable):
        tq.default.storage.claim()
    broker.delete(keys.bell(QUEUE))
    claim = tq.default.storage.claim()
    assert claim is not None and claim.id == task_id


def test_a_bell_that_nobody_followed_rings_again() -> None:
    submit("echo")
    broker.delete(keys.bell(QUEUE))
    tq.pause(QUEUE)
    scripts().promote(QUEUE)
    assert broker.llen(keys.bell(QUEUE)) == 0, "nothing is claimed"
    tq.resume(QUEUE)
    broker.delete(keys.bell(QUEUE))
    scripts().promote(QUEUE)
    assert broker.llen(keys.bell(QUEUE)) == 1


def test_a_consumer_finds_a_task_whose_bell_was_lost(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE, concurrency=2)
    wait_for(submit("echo"), "SUCCESS")
    echo = next(t for t in tq.task_types() if t.name == "echo").wrappers[QUEUE]
    new = tq.default.serialize_task(echo.task_class((), {})).task
    script = scripts().load("submit", {"gates": "[]", "room": "", "width": 0})
    with broker.pipeline(transaction=True) as pipe:  # what is gone at its end wakes nobody
        arguments = ["[]", "", len(new.arguments()), *new.arguments()]
        script(keys=[keys.root(QUEUE)], args=arguments, client=pipe)
        pipe.delete(keys.bell(QUEUE))
        pipe.execute()
    wait_for(new.id, "SUCCESS")


@pytest.mark.parametrize(("worker_type", "workers"), [("process", 4), ("greenlet", 50)])
def test_an_idle_consumer_asks_redis_less_than_ten_times_a_second(
    start_consumer: StartConsumer, worker_type: str, workers: int
) -> None:
    start_consumer(QUEUE, concurrency=workers, worker_type=worker_type, LEASE_S="10")
    wait_for(submit("echo"), "SUCCESS")
    first = _heartbeat()
    wait_until(lambda: _heartbeat() > first + 1, description="all workers wait")
    begin, before = _heartbeat(), _sent()
    wait_until(lambda: _heartbeat() > begin + 2.5, description="some seconds have gone by")
    asked = _sent() - before
    # One second more: the time may begin right before a look and end right behind another.
    assert asked / (_heartbeat() - begin + 1) < 10


def _heartbeat() -> float:
    """When the consumer was heard of last, in seconds by Redis' clock; read without a script."""
    ((_, seen_ms),) = broker.zrange(keys.consumers(QUEUE), 0, -1, withscores=True)
    return seen_ms / 1000


def _sent() -> int:
    """How many scripts and waits for the bell clients have sent."""
    command_stats = broker.info("commandstats")
    return sum(command_stats[f"cmdstat_{name}"]["calls"] for name in ("evalsha", "blpop"))


def _success(claim: Claim | None) -> tuple[Commit, bytes]:
    assert claim is not None
    return Commit(claim.id, claim.token, "SUCCESS"), b'{"result":null}'


def _send_and_lose(slot: Slot) -> Callable[[bytes], None]:
    """What sends a step that runs, and has no answer."""
    send = slot._scripts.send

    def send_and_lose(call: bytes) -> None:
        send(call).answer()
        raise QueueUnavailable("the answer is lost")

    return send_and_lose


def _lose_one_answer(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next step runs, and its answer does not arrive."""
    step = slot._scripts.step

    def run_and_lose(*args: Any, **kwargs: Any) -> None:
        step(*args, **kwargs)
        monkeypatch.setattr(slot._scripts, "step", step)
        raise QueueUnavailable("the answer is lost")

    monkeypatch.setattr(slot._scripts, "step", run_and_lose)
