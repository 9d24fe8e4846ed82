"""Consumers die, Redis is away or full: each due time still submits one task."""

import datetime as dt
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.schedules import DUE_AT_ONCE, ScheduleScripts
from huey_tasks.queues import BROKERS
from huey_tasks.records.ids import new_id
from huey_tasks.schedules import checks, records
from huey_tasks.schedules.firing import Firing
from huey_tasks.schedules.trigger import Trigger
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE
from tests.engine.operations.test_actions import full_redis
from tests.engine.schedules.by_hand import broker, create, fire, late, numbers, tasks_of
from tests.redis_servers import RedisServer
from tests.slow_proxy import SlowProxy
from tests.waiting import wait_until


def _account(name: str) -> None:
    """Every due time up to the last run has made its task or was made up for by a later one."""
    (found,) = records.named(BROKERS, name)
    assert found.due_ms is not None
    runs, skipped, missed = numbers(name)
    begin = int(broker.hget(keys.schedule(QUEUE, name), "start_at"))
    assert runs + missed == (found.due_ms - begin) // 1000 - 1
    dues = range(begin + 1000, found.due_ms, 1000)
    possible = {str(uuid.uuid5(records._RUNS, f"{found.id} {due}")) for due in dues}
    made = tasks_of(name)
    assert len(made) == len(set(made)) == runs and set(made) <= possible and skipped == 0


def test_consumers_that_are_killed_when_runs_are_due_make_no_double_and_lose_none(
    start_consumer: StartConsumer,
) -> None:
    names = [f"s{number}" for number in range(20)]
    consumers = [start_consumer(QUEUE), start_consumer(QUEUE)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, names, [1] * len(names)))
    for moment in range(6):
        runs = tq.get_schedule(names[3 * moment]).runs
        wait_until(
            lambda at=3 * moment, ran=runs: tq.get_schedule(names[at]).runs > ran,
            description="some of the schedules have just run, and others are next",
        )
        consumers.pop(0).stop(9)
        consumers.append(start_consumer(QUEUE))
    ran = {name: tq.get_schedule(name).runs for name in names}
    wait_until(
        lambda: all(tq.get_schedule(name).runs > ran[name] for name in names),
        description="every schedule has run again",
    )
    for consumer in consumers:
        consumer.stop()
    for name in names:
        _account(name)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisServer]:
    running = RedisServer(tmp_path)
    yield running
    running.close()


def _create_at(server: RedisServer, every_s: int = 1) -> None:
    """A schedule on a server of the test's own."""
    plan = Trigger.of(None, every_s, None, _clock_of(server))
    fields = {
        "type": "echo", "payload": "{}", "tags": "", "overlap": 1, **checks.trigger_fields(plan),
    }  # fmt: skip
    created = ScheduleScripts(server.queue.broker.scripts).schedule_create(
        QUEUE, "s", new_id(), "r", plan.after(plan.start_ms)[0], fields, most=1, operation=""
    )
    assert created.answer == "done"


def _clock_of(server: RedisServer) -> int:
    seconds, microseconds = server.admin.time()
    return seconds * 1000 + microseconds // 1000


def _at(server: RedisServer) -> tq.ScheduleRecord:
    brokers = Brokers([server.queue.broker])
    return records.records(brokers, records.named(brokers, "s"))[0]


def test_a_consumer_that_dies_before_it_hears_that_it_has_fired_leaves_no_double(
    own: RedisServer, tmp_path: Path, start_consumer: StartConsumer
) -> None:
    with SlowProxy(tmp_path / "proxy.sock", own.socket) as proxy:
        place = f"unix://{proxy.socket}?db="
        slow = {**own.environment, "REDIS_URL": f"{place}0", "RESULT_REDIS_URL": f"{place}1"}
        consumer = start_consumer(QUEUE, look_at=own.consumers, **slow)
        _create_at(own, every_s=3600)
        proxy.delay_s = 0.1
        own.admin.zadd(keys.schedules(QUEUE), {"s": _clock_of(own) + 300})
        wait_until(lambda: _at(own).runs, description="it has fired")
        consumer.stop(9)
    start_consumer(QUEUE, look_at=own.consumers, **own.environment)
    own.wait_for(_at(own).last_task_id or "", "SUCCESS")
    assert (_at(own).runs, _at(own).missed, own.admin.zcard(keys.submitted(QUEUE))) == (1, 0, 1)


def test_a_redis_that_was_away_gets_one_run_for_all_that_was_missed(
    own: RedisServer, start_consumer: StartConsumer
) -> None:
    consumer = start_consumer(QUEUE, look_at=own.consumers, **own.environment)
    _create_at(own)
    wait_until(lambda: _at(own).runs, description="it has run")
    with own.killed():
        wait_until(lambda: "waits for Redis" in consumer.text(), description="it waits")
        own.admin.connection_pool.reset()
        begin = dt.datetime.now(dt.UTC)
        wait_until(
            lambda: dt.datetime.now(dt.UTC) - begin > dt.timedelta(seconds=2.2),
            description="two due times have passed",
        )
    wait_until(lambda: _at(own).missed, description="it has run late")
    consumer.stop()
    record = _at(own)
    assert record.next_run_at is not None and record.missed >= 1
    passed = (record.next_run_at - record.created_at).total_seconds()
    assert record.runs + record.missed == round(passed) - 1
    assert own.admin.zcard(keys.submitted(QUEUE)) == record.runs


def test_what_nobody_was_there_for_is_made_up_for_by_one_run() -> None:
    create()
    due = late(by_s=600)
    fire()
    assert numbers() == (1, 0, 10) and len(tasks_of()) == 1
    next_run_at = tq.get_schedule("s").next_run_at
    assert next_run_at is not None
    assert round(next_run_at.timestamp() * 1000) == due + 11 * 60_000


def test_a_full_redis_makes_no_task_and_it_stays_due(caplog: pytest.LogCaptureFixture) -> None:
    create()
    late()
    chore = Firing(tq.default.broker)
    with full_redis():
        assert (chore.fire_due(), chore.fire_due()) == (None, None)
    assert [r.getMessage()[:24] for r in caplog.records] == ["schedules wait for Redis"]
    assert numbers() == (0, 0, 0)
    chore.fire_due()
    assert numbers() == (1, 0, 0)


@pytest.mark.parametrize("gone", [keys.schedule(QUEUE, "s"), keys.schedules(QUEUE)], ids=str)
def test_a_put_takes_the_place_of_one_that_somebody_has_half_erased(gone: str) -> None:
    create()
    broker.delete(gone)
    with pytest.raises(tq.ScheduleNotFound):
        tq.get_schedule("s")
    made, _ = tq.put_schedule("s", "echo", {}, every_s=9, priority="high")
    assert tq.list_schedules() == [made]


@pytest.mark.parametrize(
    ("task_type", "queue"), [("echo", "high"), ("fail", QUEUE), ("echo", QUEUE)]
)
def test_a_put_that_a_full_redis_refuses_leaves_the_former(task_type: str, queue: str) -> None:
    before = create()
    with full_redis(), pytest.raises(tq.QueueUnavailable):
        tq.put_schedule("s", task_type, {}, every_s=9, priority=queue)
    assert tq.list_schedules() == [before]


def _fire_all(chore: Firing) -> None:
    while chore.fire_due() == 0.0:
        pass


def test_what_cannot_be_read_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    create("a")
    create("b")
    late("a", 1)
    late("b")
    elsewhere = {"every_ms": "", "cron": "* * * * *", "timezone": "Mars/Olympus"}
    broker.hset(keys.schedule(QUEUE, "a"), mapping=elsewhere)
    chore = Firing(tq.default.broker)
    _fire_all(chore)
    assert (numbers("a")[0], numbers("b")[0]) == (0, 1)
    assert tq.get_schedule("a").next_runs[1:] == ()
    broker.hset(keys.schedule(QUEUE, "a"), "start_at", "x")
    _fire_all(chore)
    messages = [record.getMessage() for record in caplog.records]
    assert "time zone Mars/Olympus is not known here" in messages[0]
    assert "cannot be read" in messages[1]


def test_more_than_one_look_brings_are_all_made() -> None:
    for number in range(DUE_AT_ONCE + 3):
        create(f"s{number}")
        late(f"s{number}")
    while fire() == 0.0:
        pass
    assert {one.runs for one in tq.list_schedules()} == {1}


def test_however_many_cannot_run_they_hold_up_no_other_and_each_is_in_the_log_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck = [f"stuck{number}" for number in range(DUE_AT_ONCE + 3)]
    for name in (*stuck, "a", "b"):
        create(name)
        late(name)
    elsewhere = {"every_ms": "", "cron": "* * * * *", "timezone": "Mars/Olympus"}
    for name in stuck:
        broker.hset(keys.schedule(QUEUE, name), mapping=elsewhere)
    chore = Firing(tq.default.broker)
    for _ in range(2):
        _fire_all(chore)
    assert (numbers("a")[0], numbers("b")[0]) == (1, 1)
    assert len(caplog.records) == len(stuck)
    for name in stuck:
        broker.hset(keys.schedule(QUEUE, name), mapping={"timezone": "UTC"})
    _fire_all(chore)
    assert {one.runs for one in tq.list_schedules()} == {1}


@pytest.mark.parametrize(
    "fields",
    [
        {"every_ms": "", "start_at": 253_402_351_199_000},  # as an older version has accepted it
        {"every_ms": "", "start_at": -62_135_650_800_000},
        {"start_at": "soon"},
    ],
)
def test_one_that_cannot_be_read_hides_no_other_and_can_be_deleted_or_put(
    fields: dict[str, int | str], caplog: pytest.LogCaptureFixture
) -> None:
    create("bad")
    good = create("good")
    broker.hset(keys.schedule(QUEUE, "bad"), mapping=fields)
    broker.zadd(
        keys.schedules(QUEUE), {"bad": fields["start_at"]} if "every_ms" in fields else {"bad": 1}
    )
    records._warn.cache_clear()

    assert tq.list_schedules() == [good] == tq.list_schedules()
    assert caplog.text.count("schedule 'bad' of queue default cannot be read") == 1
    with pytest.raises(tq.ScheduleNotFound):
        tq.get_schedule("bad")
    with pytest.raises(tq.ScheduleExists):
        create("bad")
    assert tq.put_schedule("bad", "echo", {}, every_s=9)[0].every_s == 9
    tq.delete_schedule("bad")
    assert {create("bad").name, "good"} == {each.name for each in tq.list_schedules()}
