"""The history: counted once, folded into coarser times, read as points without gaps.

A minute is over when the key of the present one says that it began earlier, so that no test waits.
"""

import datetime as dt
import itertools
import json
import math
import random
import time
from typing import Any

import pytest
from redis.exceptions import ResponseError

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.protocol import About, NewTask
from huey_tasks.monitoring.history import UNITS_MS, Span, Window
from huey_tasks.records.statistics import Counts, Percentiles, edges_ms
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store, submit, wait_for
from tests.engine.snapshot import SPANS, clock_ms, noted

pytestmark = pytest.mark.usefixtures("within_a_minute")

broker = tq.default.broker.redis

MINUTE = 60_000

HOUR = 60 * MINUTE

#: Every number that one type can have.
ALL_NUMBERS = [
    *("SUBMITTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED", "EXPIRED"),
    *(f"{kind}.{bucket}" for kind in ("wait", "run") for bucket in range(128)),
]


def end(state: str = "SUCCESS", *, task_type: str = "echo", took_s: float = 0.1) -> None:
    """A task that ended so, counted in this minute."""
    store(f"{task_type}-{random.getrandbits(64):x}", task_type=task_type)
    worker = HandWorker(f"hand-{random.getrandbits(64):x}")
    claim = worker.claim()
    worker.step(commit(claim, state, about=About(task_type, 1, took_s, "")), want=0)


def ago(minutes: int) -> int:
    """Move the counts of this minute a number of minutes into the past; return that minute."""
    minute = clock_ms() // MINUTE - minutes
    broker.hset(keys.noted(QUEUE), "minute", minute)
    broker.delete(limit_keys.open_queues())  # a submit of this second has seen the minute begun
    return minute


def fold() -> None:
    """Count something in this minute that nobody claims."""
    store(f"later-{random.getrandbits(64):x}", task_type="later", delay_ms=HOUR)


def beat() -> None:
    """The heartbeat of a consumer."""
    scripts().heartbeat(QUEUE, "c", "{}", 1)


def read(span: Span, **only: Any) -> tq.History:
    """The history; it changes nothing."""
    before = {key: broker.dump(key) for key in broker.keys("*:history:*") + broker.keys("*:noted")}
    found = tq.read_history(span, **only)
    assert before == {key: broker.dump(key) for key in before}
    return found


def succeeded(found: tq.History) -> dict[dt.datetime, int]:
    """When how many tasks succeeded, as far as any did."""
    return {point.at: point.succeeded for point in found.all.points if point.succeeded}


def began(minute: int, span: Span) -> dt.datetime:
    """When the step of the span began that a minute is in."""
    step_ms = Window.of(span, 0).step_ms
    return dt.datetime.fromtimestamp(minute * MINUTE // step_ms * step_ms / 1000, dt.UTC)


# ---- what is counted, and when


@pytest.mark.parametrize("span", Span)
def test_a_task_stands_in_its_step_before_and_after_its_minute_is_folded(span: Span) -> None:
    end()
    minute = ago(8)
    store("waits")
    expected = {began(minute, span): 1}
    assert succeeded(read(span)) == expected
    fold()
    assert "echo|SUCCESS" not in noted()
    assert succeeded(read(span)) == expected
    end()
    assert sum(succeeded(read(span)).values()) == 2
    last = read(span).all.points[-1]
    assert (last.partial, last.submitted >= 1) == (True, True)


@pytest.mark.parametrize("span", [Span.WEEK, Span.MONTH])
def test_what_was_counted_before_everybody_was_away_is_in_its_old_place(span: Span) -> None:
    end()
    minute = ago(3 * 24 * 60)
    expected = {began(minute, span): 1}
    assert succeeded(read(span)) == expected  # nobody has folded it yet
    fold()
    assert noted()["minute"] > minute
    assert succeeded(read(span)) == expected


@pytest.mark.parametrize("unit", UNITS_MS)
def test_minutes_of_one_time_add_up_and_are_counted_once(unit: str) -> None:
    minute = clock_ms() // MINUTE
    for _ in range(3):
        end()
        end("FAILURE")
        minute = ago(5)
        fold()
        fold()
    key = keys.history(QUEUE, unit, minute * MINUTE // UNITS_MS[unit])
    sums = json.loads(broker.hget(key, "echo") or b"{}")
    assert (sums["SUBMITTED"], sums["SUCCESS"], sums["FAILURE"]) == (6, 3, 3)
    assert json.loads(broker.hget(key, "") or b"{}")["SUCCESS"] == 3


@pytest.mark.parametrize("unit", UNITS_MS)
def test_a_time_is_kept_for_its_life_after_its_end(unit: str) -> None:
    end()
    minute = ago(1)
    fold()
    ms, keep_ms = SPANS[unit]
    assert ms == UNITS_MS[unit]
    number = minute * MINUTE // ms
    lives_ms = broker.pttl(keys.history(QUEUE, unit, number))
    ends = (number + 1) * ms + keep_ms
    assert clock_ms() + lives_ms == pytest.approx(ends, abs=1000)


def test_a_minute_whose_life_is_over_when_it_is_folded_is_not_kept() -> None:
    end()
    minute = ago(27 * 60)
    fold()
    assert not broker.exists(keys.history(QUEUE, "minute", minute))
    assert not broker.exists(keys.history(QUEUE, "quarter", minute // 15))
    assert broker.exists(keys.history(QUEUE, "hour", minute // 60))


def test_a_clock_that_goes_back_loses_nothing() -> None:
    end()
    minute = ago(-3)
    fold()
    assert noted()["minute"] < minute
    assert json.loads(broker.hget(keys.history(QUEUE, "day", minute // 1440), "echo") or b"{}")


# ---- how it is read


@pytest.mark.parametrize(
    ("span", "step_s", "points"),
    [("15m", 60, 16), ("1h", 60, 61), ("24h", 900, 97), ("7d", 3600, 169), ("30d", 86400, 31)],
)
def test_every_step_has_its_point_and_only_the_last_is_partial(
    span: str, step_s: int, points: int
) -> None:
    end()
    ago(8)
    found = read(Span(span))
    assert (found.step_s, len(found.all.points)) == (step_s, points)
    times = [point.at for point in found.all.points]
    assert times == [found.since + n * dt.timedelta(seconds=step_s) for n in range(points)]
    assert found.until == times[-1] + dt.timedelta(seconds=step_s)
    assert times[-1] <= found.now < found.until
    assert [point.partial for point in found.all.points] == [False] * (points - 1) + [True]
    empty = [point for point in found.all.points if not point.succeeded]
    assert len(empty) >= points - 2
    for point in empty:
        if not point.submitted:
            assert (point.failed, point.retried, point.wait_p50_s, point.run_p99_s) == (
                0, 0, None, None,
            )  # fmt: skip


def test_queues_and_types_add_up_to_all() -> None:
    for task_type, number in (("echo", 3), ("fail", 2)):
        for _ in range(number):
            end(task_type=task_type)
    end("FAILURE", task_type="fail")
    ago(20)
    tq.submit("echo", {}, priority="high")
    found = read(Span.HOUR)
    assert found.all.totals.submitted == 7
    assert {one.queue: one.totals.submitted for one in found.queues} == {
        "high": 1, "default": 6, "low": 0,
    }  # fmt: skip
    assert [(t.task_type, t.totals.succeeded, t.totals.failed) for t in found.types] == [
        ("echo", 3, 0), ("fail", 2, 1),
    ]  # fmt: skip
    only = read(Span.HOUR, task_type="fail")
    assert (only.all.totals.submitted, only.all.totals.failed) == (3, 1)
    assert [one.task_type for one in only.types] == ["fail"]
    default = read(Span.HOUR, queue="default", task_type="echo")
    assert [one.queue for one in default.queues] == ["default"]
    assert default.all.totals.submitted == 3
    assert read(Span.HOUR, task_type="nobody-has-it").all.totals.submitted == 0


def test_rates_are_of_what_ended() -> None:
    for state in ("SUCCESS", "SUCCESS", "SUCCESS", "FAILURE"):
        end(state)
    submit("echo")
    totals = read(Span.HOUR).all.totals
    assert (totals.submitted, totals.failure_rate) == (5, 0.25)
    assert 4 / 3660 < totals.per_s <= 4
    assert read(Span.HOUR, queue="low").all.totals.failure_rate is None


def test_a_mean_does_not_count_the_time_before_the_first_task() -> None:
    for _ in range(10):
        end()
    assert read(Span.MONTH).all.totals.per_s >= 10 / 120
    broker.hset(keys.counters(QUEUE), "counted_from", clock_ms() - 300_000)
    for span in (Span.QUARTER_HOUR, Span.DAY, Span.MONTH):
        assert read(span).all.totals.per_s == pytest.approx(10 / 300, rel=0.1)
        assert read(span).types[0].totals.per_s == pytest.approx(10 / 300, rel=0.1)


def last_minute() -> tq.LastMinute:
    return next(one for one in tq.queue_stats() if one.queue == QUEUE).last_minute


def test_the_last_minute_is_the_last_full_one_and_its_failures_are_its_own() -> None:
    assert (last_minute().done, last_minute().failure_rate) == (0, None)
    for state in ("SUCCESS", "SUCCESS", "FAILURE"):
        end(state)
    assert (last_minute().done, last_minute().failed) == (3, 1)  # younger than a minute
    assert last_minute().seconds < 60
    assert last_minute().per_s_before is None
    broker.hset(keys.counters(QUEUE), "counted_from", clock_ms() - 10 * MINUTE)
    assert last_minute().done == 0  # the present minute is not over
    ago(1)
    assert (last_minute().seconds, last_minute().done) == (60, 3)
    assert last_minute().per_s == pytest.approx(3 / 60)
    assert last_minute().failure_rate == pytest.approx(1 / 3)
    assert last_minute().per_s_before == 0
    fold()
    assert (last_minute().done, last_minute().failed) == (3, 1)


def test_a_minute_with_two_before_it_has_a_trend() -> None:
    for _ in range(6):
        end()
    broker.hset(keys.counters(QUEUE), "counted_from", clock_ms() - 10 * MINUTE)
    ago(2)
    assert (last_minute().per_s, last_minute().per_s_before) == (0, 0.1)


@pytest.mark.parametrize("now_s", [0, 86_399, 1_764_066_123, 1_764_028_800, 1_764_115_199])
@pytest.mark.parametrize("span", Span)
def test_whole_days_and_hours_cover_the_steps_exactly(span: Span, now_s: int) -> None:
    window = Window.of(span, (now_s + 40 * 86_400) * 1000)
    times = [(number * UNITS_MS[unit], UNITS_MS[unit]) for unit, number in window.whole()]
    assert times[0][0] == window.first * window.step_ms
    for (at, ms), (following, _) in itertools.pairwise(times):
        assert at + ms == following
    assert times[-1][0] <= window.now_ms
    assert sum(times[-1]) >= (window.last + 1) * window.step_ms
    assert len(times) <= 30 + 7  # a week by the hour is 169


def test_reading_a_week_of_twenty_types_takes_few_round_trips_and_no_time() -> None:
    numbers = dict.fromkeys(ALL_NUMBERS[:6], 1000)
    numbers |= {f"{kind}.{bucket}": 100 for kind in ("wait", "run") for bucket in range(20, 55)}
    sums, now = json.dumps(numbers), clock_ms()
    types = ["", *(f"type_{n}" for n in range(20))]
    with broker.pipeline(transaction=False) as pipe:
        for queue in keys.queue_names():
            for unit, count in (("hour", 170), ("day", 9)):
                for number in range(now // UNITS_MS[unit] - count, now // UNITS_MS[unit] + 1):
                    key = keys.history(queue, unit, number)
                    pipe.hset(key, mapping=dict.fromkeys(types, sums)).expire(key, 60)
        pipe.execute()
    broker.config_resetstat()
    times = list[float]()
    found = tq.read_history(Span.WEEK)
    for _ in range(5):
        begun = time.process_time()
        tq.read_history(Span.WEEK)
        times.append(time.process_time() - begun)
    calls = {name: stat["calls"] for name, stat in broker.info("commandstats").items()}
    assert sum(point.submitted for point in found.queues[0].points) == 169_000
    assert len(found.types) == 20
    assert calls["cmdstat_evalsha"] == 6 * 3
    assert min(times) < 0.5


# ---- percentiles


def test_a_percentile_is_off_by_less_than_the_width_of_its_bucket() -> None:
    chance = random.Random(1)
    for _ in range(50):
        times_ms = [chance.lognormvariate(5, 2) for _ in range(chance.choice((1, 2, 10, 500)))]
        buckets = [math.floor(math.log2(ms) * 4) + 1 if ms >= 1 else 0 for ms in times_ms]
        counts = Counts()
        for bucket in buckets:
            counts.add(Counts({f"run.{bucket}": 1}))
        for part, seconds in zip((0.5, 0.95, 0.99), counts.percentiles("run"), strict=True):
            exact_ms = sorted(times_ms)[math.ceil(part * len(times_ms)) - 1]
            low, high = edges_ms(math.floor(math.log2(exact_ms) * 4) + 1 if exact_ms >= 1 else 0)
            assert seconds is not None
            assert low <= seconds * 1000 <= high
            assert high - low <= max(1.0, low * 0.19)
        assert counts.percentiles("wait") == Percentiles()


def test_run_times_come_out_as_they_went_in() -> None:
    for number in range(100):
        end(took_s=10.0 if number >= 90 else 0.2)
    totals = read(Span.HOUR).all.totals
    assert totals.run_p50_s == pytest.approx(0.2, rel=0.2)
    assert totals.run_p95_s == pytest.approx(10, rel=0.2)
    assert totals.run_p99_s == pytest.approx(10, rel=0.2)
    assert totals.wait_p50_s is not None
    assert totals.wait_p50_s < 1


# ---- the oldest that waits


def test_the_longest_wait_of_a_time_is_kept_and_only_heartbeats_write_it() -> None:
    store("old")
    broker.hset(keys.task(QUEUE, "old"), "queued_at", clock_ms() - 90_000)
    assert read(Span.HOUR).all.points[-1].oldest_waiting_s is None
    beat()
    HandWorker().claim()
    store("new")
    beat()
    assert read(Span.HOUR).all.points[-1].oldest_waiting_s == pytest.approx(90, abs=5)
    ago(4)
    broker.hset(keys.task(QUEUE, "new"), "queued_at", clock_ms() - 30_000)
    beat()
    by_minute = [point.oldest_waiting_s for point in read(Span.HOUR).all.points]
    assert by_minute[-1] == pytest.approx(30, abs=5)
    assert by_minute[-5] == pytest.approx(90, abs=5)
    assert [by_minute.count(None), len(by_minute)] == [59, 61]
    ago(3)
    fold()  # so that both are in the sums of the day
    assert noted().keys().isdisjoint({"|oldest"})
    by_day = [point.oldest_waiting_s or 0 for point in read(Span.MONTH).all.points]
    assert max(by_day) == pytest.approx(90, abs=5)
    assert read(Span.HOUR, task_type="echo").all.points[-1].oldest_waiting_s is None


def test_a_repeat_that_counts_nothing_begins_a_minute_for_the_submits_behind_it() -> None:
    known = NewTask("known", b"{}", "echo")
    scripts().submit(QUEUE, [known])
    before = ago(1)
    for task in (known, NewTask("new", b"{}", "echo")):
        scripts().submit(QUEUE, [task], may_refuse=True)
    assert broker.hget(keys.history(QUEUE, "minute", before), "echo") == b'{"SUBMITTED":1}'
    assert broker.hget(keys.noted(QUEUE), "echo|SUBMITTED") == b"1"


def test_the_first_count_of_all_folds_nothing() -> None:
    broker.config_resetstat()
    fold()
    assert "cmdstat_pexpireat" not in broker.info("commandstats")


def test_an_empty_queue_has_no_oldest_and_writes_nothing() -> None:
    beat()
    assert not broker.exists(keys.noted(QUEUE))


# ---- bounds


def test_a_type_takes_no_more_than_the_bytes_that_keys_py_names() -> None:
    fields = {f"type_{n}|{what}": 10**9 for n in range(3) for what in ALL_NUMBERS}
    broker.hset(keys.noted(QUEUE), mapping={**fields, "|oldest": 10**9})
    minute = ago(1)
    fold()
    for unit in UNITS_MS:
        key = keys.history(QUEUE, unit, minute * MINUTE // UNITS_MS[unit])
        assert broker.hlen(key) == 4
        assert broker.memory_usage(key, samples=0) <= 4 * 6656
    hashes = sum(keep_ms // ms + 1 for ms, keep_ms in SPANS.values())
    assert hashes == 1708
    assert hashes * 6656 < 12e6


def test_a_bucket_has_one_of_128_numbers() -> None:
    end(took_s=10**9)
    end(took_s=0)
    assert {name for name in noted() if "run." in name} == {"echo|run.127", "echo|run.0"}


def test_thousands_of_types_in_one_minute_are_folded_too() -> None:
    broker.hset(keys.noted(QUEUE), mapping={f"type_{n}|SUCCESS": 2 for n in range(10_000)})
    minute = ago(1)
    fold()
    key = keys.history(QUEUE, "day", minute // 1440)
    assert broker.hlen(key) == 10_001
    assert json.loads(broker.hget(key, "") or b"{}") == {"SUCCESS": 20_000}


def test_a_broken_history_fails_one_call_and_does_not_stop_the_queue() -> None:
    end()
    minute = ago(1)
    broker.hset(keys.history(QUEUE, "day", minute // 1440), "echo", "broken")
    broker.expire(keys.history(QUEUE, "day", minute // 1440), 60)
    with pytest.raises(ResponseError):
        store("first")
    assert store("second")
    assert len(HandWorker().step(want=2)[1]) == 1


# ---- real consumers


def test_a_real_consumer_leaves_a_true_history(start_consumer: StartConsumer) -> None:
    waiting = submit("echo")
    start_consumer(QUEUE)
    wait_for(waiting, "SUCCESS")
    for _ in range(4):
        wait_for(submit("echo"), "SUCCESS")
    wait_for(submit("fail"), "FAILURE")  # after two retries
    wait_for(submit("work_for", seconds=0.4), "SUCCESS")
    totals = {one.task_type: one.totals for one in read(Span.HOUR).types}
    echo, fail, work = totals["echo"], totals["fail"], totals["work_for"]
    assert (echo.submitted, echo.succeeded, echo.failed, echo.failure_rate) == (5, 5, 0, 0.0)
    assert (fail.submitted, fail.failed, fail.retried, fail.failure_rate) == (1, 1, 2, 1.0)
    assert work.run_p50_s is not None and 0.36 < work.run_p50_s < 10
    found = read(Span.QUARTER_HOUR)
    assert found.all.totals.submitted == 7
    assert max(point.oldest_waiting_s or 0 for point in found.all.points) >= 0
    assert set(totals) == {"echo", "fail", "work_for"}
