"""Totals for /metrics: numbers that only grow, whatever is folded meanwhile, of a bounded size.

A minute is over when the key of the present one says that it began earlier, so that no test waits.
"""

import json
import random

import pytest

import huey_tasks as tq
from huey_tasks.broker import history_keys, keys
from huey_tasks.broker.protocol import About
from huey_tasks.monitoring.totals import EDGES_S, MOST_TYPES, OTHER
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, store
from tests.engine.snapshot import clock_ms

pytestmark = pytest.mark.usefixtures("within_a_minute")

broker = tq.default.broker.redis


def end(state: str = "SUCCESS", *, task_type: str = "echo", took_s: float = 0.1) -> None:
    store(f"{task_type}-{random.getrandbits(64):x}", task_type=task_type)
    worker = HandWorker(f"hand-{random.getrandbits(64):x}")
    worker.step(commit(worker.claim(), state, about=About(task_type, 1, took_s, "")), want=0)


def fold() -> None:
    """Let the next count be in a later minute, and count something."""
    broker.hset(keys.noted(QUEUE), "minute", clock_ms() // 60_000 - 1)
    end(task_type="later")


def totals() -> tq.QueueTotals:
    return next(one for one in tq.read_totals() if one.stats.queue == QUEUE)


def of(task_type: str) -> tq.TypeCounts:
    return next(one for one in totals().types if one.task_type == task_type)


def test_the_counts_are_the_same_before_and_after_their_minute_is_folded() -> None:
    end(took_s=0.3)
    end("FAILURE")
    before = of("echo")
    assert (before.submitted, before.ended["SUCCESS"], before.ended["FAILURE"]) == (2, 1, 1)
    assert (before.run.count, before.wait.count) == (2, 2)
    fold()
    assert of("echo") == before
    end()
    fold()
    assert (of("echo").submitted, of("later").submitted) == (3, 2)


def test_reading_writes_nothing() -> None:
    end()
    fold()
    before = {key: broker.dump(key) for key in broker.keys(f"{keys.root(QUEUE)}:*")}
    totals()
    assert {key: broker.dump(key) for key in broker.keys(f"{keys.root(QUEUE)}:*")} == before


@pytest.mark.parametrize("took_s", [0.0005, 0.003, 0.1, 1.5, 40.0, 4000.0])
def test_a_time_is_in_the_buckets_at_and_above_it(took_s: float) -> None:
    end(took_s=took_s)
    run = of("echo").run
    assert run.counts == tuple(int(took_s < edge) for edge in EDGES_S)
    assert run.count == 1 and run.sum_s == pytest.approx(took_s, rel=0.1, abs=0.001)


@pytest.mark.parametrize("folds", [0, 1, 3])
def test_names_beyond_the_bound_are_one(folds: int) -> None:
    for number in range(MOST_TYPES + 20):
        end(task_type=f"type_{number:03}")
        if folds and number % (MOST_TYPES // folds) == 7:
            fold()
    types = {one.task_type: one.submitted for one in totals().types}
    assert len(types) == MOST_TYPES + 1
    extra = sum(name == "later" for name in types)
    assert types[OTHER] == 20 + extra
    before = totals().types
    fold()
    after = {one.task_type: one for one in totals().types}
    assert all(
        after[one.task_type] == one for one in before if one.task_type not in ("later", OTHER)
    )
    assert set(map(bytes.decode, broker.hkeys(history_keys.totals(QUEUE)))) <= set(after)


def test_a_type_may_have_any_name() -> None:
    name = 'a|b "quoted" \\ and\nä'
    end(task_type=name)
    fold()
    end(task_type=name)
    assert of(name).submitted == 2
    assert json.loads(broker.hget(history_keys.totals(QUEUE), name))["SUBMITTED"] == 1


def test_recoveries_and_rejected_commits_are_counted() -> None:
    worker = HandWorker()
    store("lost")
    claim = worker.claim(lease_ms=1)
    assert totals().leases_overdue == 0
    broker.zadd(keys.index(QUEUE, "STARTED"), {"lost": clock_ms() - 6000})
    assert totals().leases_overdue == 1
    recover()
    assert worker.step(commit(claim, "SUCCESS"), want=0)[0] == [False]
    found = totals()
    assert (found.recovered, found.fenced, found.losses, found.leases_overdue) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    ("ages_s", "silent"),
    [([], False), ([0.5], False), ([3], True), ([3, 0.1], False), ([3, 60], True)],
)
def test_a_queue_is_silent_when_all_its_consumers_are(ages_s: list[float], silent: bool) -> None:
    for number, age_s in enumerate(ages_s):
        broker.zadd(f"{keys.root(QUEUE)}:consumers", {f"c{number}": clock_ms() - age_s * 1000})
    broker.zadd(f"{keys.root(QUEUE)}:consumers", {"c-functions": clock_ms() - 9000})
    assert [one.queue for one in tq.silent_queues()] == [QUEUE] * silent
    for number in range(len(ages_s)):
        tq.default.broker.scripts.leave(QUEUE, f"c{number}")
    assert tq.silent_queues() == []
