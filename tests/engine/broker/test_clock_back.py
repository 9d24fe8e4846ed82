"""What waits for a time goes back with the clock of Redis, whatever keeps that time."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys, webhook_keys
from huey_tasks.broker.scripts.dataset import DatasetScripts
from huey_tasks.broker.webhook_store import WebhookStore
from huey_tasks.queues import BROKERS
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, scripts, store
from tests.engine.model import HOUR
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis
ADA = tq.Operator("ada", "the clock was ahead")

#: Milliseconds that a limit, a lease or a lock lasts here; and how long a test waits for its end.
SOON = 300
WAIT_S = 10


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    yield
    tq.set_limits("echo", None, ADA)


def _limit(**limits: Any) -> None:
    tq.set_limits("echo", tq.TypeLimits(**limits), ADA)


def _clock_was_ahead() -> None:
    """What a clock that was ahead by an hour has left behind: all times are that much later."""
    for queue in keys.queue_names():
        for index in (
            keys.awaited(queue),
            limit_keys.stopping(queue),
            keys.index(queue, "STARTED"),
        ):
            for member in broker.zrange(index, 0, -1):
                broker.zincrby(index, HOUR, member)
        broker.hset(keys.dataset(queue), "clock", clock_ms() + HOUR)
    broker.set(limit_keys.clock(), clock_ms() + HOUR)
    broker.hset(keys.counters(QUEUE), "recovered_at", clock_ms() + HOUR)
    for key in broker.scan_iter(match=keys.of_all_queues("*"), count=1000):
        if (life_ms := broker.pttl(key)) > 0:
            broker.pexpire(key, life_ms + HOUR)
    for name, when in ((limit_keys.tokens("*"), "at"), (limit_keys.breaker("*"), "until")):
        for key in broker.scan_iter(match=name, count=1000):
            broker.hincrby(key, when, HOUR)


def _all_beat() -> None:
    """The next heartbeats; each queue knows the others."""
    for queue in keys.queue_names():
        DatasetScripts(scripts()).dataset(queue, "set", queues=keys.queue_names())
    for queue in keys.queue_names():
        scripts().heartbeat(queue, f"c-{queue}", "{}", 1, "set")


def _goes_on(task_id: str) -> None:
    """Wait until a worker gets the task, as soon as a clock without faults would let it."""

    def look() -> bool:
        recover()
        scripts().promote(QUEUE, lease_ms=HOUR)
        _, claims = HandWorker("next").step(worth='{"echo": 1}')
        return task_id in [claim.id for claim in claims]

    wait_until(look, description=f"{task_id} goes on", timeout_s=WAIT_S)


def _by_rate(worker: HandWorker) -> None:
    _limit(rate=1, per_s=SOON / 1000)
    worker.claim()


def _by_concurrency(worker: HandWorker) -> None:
    """A cancelled attempt counts until its lease ends: its consumer is dead."""
    _limit(concurrency=1)
    worker.claim(lease_ms=SOON)
    assert worker.step() == ([], [])
    tq.default.broker.scripts.cancel(QUEUE, "first", "")


def _by_a_breaker(worker: HandWorker) -> None:
    _limit(breaker=tq.Breaker(failures=0.5, of=1, within_s=60, pause_s=SOON / 1000, tries=1))
    worker.step(commit(worker.claim(), "FAILURE"), want=0)


def _by_a_window(worker: HandWorker) -> None:
    assert scripts().limit(QUEUE, "meter", per_ms=HOUR)[0] == 1
    broker.pexpire(keys.limit(QUEUE, "meter"), SOON)
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    waits = commit(worker.claim(), "PENDING", blocked_on="limit:1:meter", delay_ms=SOON)
    worker.step(waits, want=0)


def _by_a_lock(worker: HandWorker) -> None:
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    scripts().lock(QUEUE, "press", ("", ""), ttl_ms=SOON, lease_ms=HOUR)
    worker.step(commit(worker.claim(), "PENDING", blocked_on="lock:press"), want=0)


@pytest.mark.parametrize(
    "hold_up", [_by_rate, _by_concurrency, _by_a_breaker, _by_a_window, _by_a_lock]
)
def test_what_was_held_up_goes_on_in_time(hold_up: Callable[[HandWorker], None]) -> None:
    store("first", task_type="echo")
    store("second", task_type="echo")
    worker = HandWorker("dead/w")
    hold_up(worker)
    assert worker.step() == ([], [])
    _clock_was_ahead()
    _all_beat()
    _goes_on("second")


def test_what_all_queues_share_goes_back_once() -> None:
    _limit(breaker=tq.Breaker(failures=0.5, of=1, within_s=60, pause_s=7200, tries=1))
    store("first")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "FAILURE"), want=0)
    breaker = limit_keys.breaker("echo")
    before = int(broker.hget(breaker, "until") or 0)
    _clock_was_ahead()
    _all_beat()
    _all_beat()
    assert abs(int(broker.hget(breaker, "until") or 0) - before) < WAIT_S * 1000
    listed = broker.zscore(limit_keys.breakers(), "echo")
    assert listed is not None and abs(listed + HOUR - before - 24 * HOUR) < WAIT_S * 1000


def test_the_requests_of_a_key_are_counted_on() -> None:
    def too_early_ms() -> int:
        return scripts().run("key_request", QUEUE, id="ada", rate=1, per_ms=SOON)

    assert (too_early_ms(), too_early_ms() > 0) == (0, True)
    _clock_was_ahead()
    assert 0 < too_early_ms() <= SOON
    wait_until(lambda: too_early_ms() == 0, description="one more may come", timeout_s=WAIT_S)


def test_a_receiver_is_spared_no_longer() -> None:
    store = WebhookStore(BROKERS.first)
    store.hold("example.com:443", SOON)
    assert 0 < store.held_ms("example.com:443", SOON) <= SOON
    _clock_was_ahead()
    assert store.held_ms("example.com:443", SOON) == 0


def test_conditions_and_the_memory_are_looked_at_again() -> None:
    now = clock_ms()
    alerts = {
        "h paused default": {"began": now + HOUR, "text": "{}"},
        "h paused low": {"began": now, "is_open": True, "gone": now + HOUR, "text": "{}"},
    }
    for name, alert in alerts.items():
        broker.hset(webhook_keys.alerts(), name, json.dumps(alert))
    broker.set(webhook_keys.alert_turn(), "default", px=HOUR)
    broker.set(limit_keys.memory(), "1 2", px=HOUR)
    _clock_was_ahead()
    _all_beat()
    assert not broker.exists(webhook_keys.alert_turn(), limit_keys.memory())
    found = {
        name.decode(): json.loads(text)
        for name, text in broker.hgetall(webhook_keys.alerts()).items()
    }
    holds, has_gone = found["h paused default"], found["h paused low"]
    assert (has_gone["began"], has_gone["is_open"]) == (now, True), "its end names the same begin"
    for moved in (holds["began"], has_gone["gone"]):
        assert now - WAIT_S * 1000 < moved < now + WAIT_S * 1000


def test_a_clock_that_goes_on_moves_nothing() -> None:
    store("task")
    claim = HandWorker().claim(lease_ms=HOUR)
    before = broker.zscore(keys.index(QUEUE, "STARTED"), claim.id)
    _all_beat()
    _all_beat()
    assert broker.zscore(keys.index(QUEUE, "STARTED"), claim.id) == before
