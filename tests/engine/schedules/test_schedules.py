"""Schedules: each due time submits one task, whichever consumers run or are killed meanwhile."""

import datetime as dt
import statistics
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.schedules import DUE_AT_ONCE, NEVER, ScheduleScripts
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.records.ids import new_id
from huey_tasks.schedules import firing, records, service
from huey_tasks.schedules.firing import Firing
from tests.conftest import StartConsumer
from tests.engine.broker.test_script_lines import _lines_on
from tests.engine.helpers import QUEUE, HandWorker, commit, wait_for
from tests.engine.operations.test_actions import full_redis
from tests.engine.snapshot import clock_ms
from tests.redis_servers import RedisServer
from tests.slow_proxy import SlowProxy
from tests.waiting import wait_until

broker = tq.default.broker.redis
scripts = ScheduleScripts(tq.default.broker.scripts)
ADA = tq.Operator("ada", "because")


def create(name: str = "s", every_s: float | None = 60, **more: Any) -> tq.ScheduleRecord:
    """A schedule of the queue `default`."""
    return tq.create_schedule(name, "echo", {"value": name}, every_s=every_s, **more)


def late(name: str = "s", by_s: float = 0.0, queue: str = QUEUE) -> int:
    """Let a schedule be due for that long, as if nobody had been there; returns its due time.

    No two are the same: the id of a task is made from it.
    """
    begun = clock_ms()
    due = wait_until(lambda: clock_ms() - begun and clock_ms(), description="another millisecond")
    due -= round(by_s * 1000) + 1
    broker.hset(keys.schedule(queue, name), "start_at", due - 600_000)
    broker.zadd(keys.schedules(queue), {name: due})
    return due


def fire(queue: str = QUEUE) -> float | None:
    """What a consumer does; returns when it looks again."""
    return Firing(QUEUES[queue].broker).fire_due()


def tasks_of(name: str = "s") -> list[str]:
    """The ids of all tasks that it has made, the newest first."""
    page = tq.search_tasks(f"tag:schedule:{name}", limit=200)
    assert page.complete and page.next_cursor is None
    return [task.task_id for task in page.tasks]


def numbers(name: str = "s") -> tuple[int, int, int]:
    """Its runs, those skipped, those missed."""
    record = tq.get_schedule(name)
    return record.runs, record.skipped, record.missed


# ---- a due time


def test_a_due_schedule_makes_its_task_and_has_its_next_due_time() -> None:
    create(tags=["one"])
    due = late()
    assert fire() == 0.0
    (task_id,) = tasks_of()
    task, record = tq.get_task(task_id), tq.get_schedule("s")
    assert (task.status, task.payload, task.schedule) == ("PENDING", {"value": "s"}, "s")
    assert task.tags == ("one", "schedule:s")
    assert (record.last_task_id, record.last_status, record.runs) == (task_id, "PENDING", 1)
    assert record.last_run_at == task.submitted_at
    assert round(record.next_runs[0].timestamp() * 1000) == due + 60_000
    assert 59 < (fire() or 0) <= 60
    assert len(tasks_of()) == 1


def test_the_task_of_a_due_time_has_always_the_same_id() -> None:
    create()
    due = late()
    (found,) = records.named(BROKERS, "s")
    fire()
    assert tasks_of() == [str(uuid.uuid5(records._RUNS, f"{found.id} {due}"))]
    tq.delete_schedule("s")
    create()
    assert records.named(BROKERS, "s")[0].id != found.id, "one created again has other tasks"


def test_a_consumer_runs_schedules_of_its_queue_on_time(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    create(every_s=1)
    other = tq.create_schedule("other", "echo", {}, every_s=1, priority="low")
    wait_until(lambda: tq.get_schedule("s").runs >= 5, description="it has run five times")
    tasks = [tq.get_task(task_id) for task_id in tasks_of()]
    begin = tq.get_schedule("s").created_at.timestamp()
    # The due times count from the moment before the schedule was stored, some ms before `begin`.
    lateness = [(task.submitted_at.timestamp() - begin + 0.1) % 1 - 0.1 for task in tasks]
    assert statistics.median(lateness) < 0.25, "0.1 on a machine that has nothing else to do"
    assert tq.get_schedule("other") == other


def test_consumers_hear_of_a_schedule_that_is_new_or_changed() -> None:
    with _lines_on(keys.control(QUEUE)) as lines:
        create()
        tq.change_schedule("s", tq.ScheduleChanges(paused=True))
        tq.change_schedule("s", tq.ScheduleChanges())
    assert lines == ["schedules", "schedules"]


def test_a_consumer_that_is_told_looks_at_once(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    create()
    waits: list[float] = []
    for runs in range(1, 6):
        due = late()
        broker.publish(keys.control(QUEUE), "schedules")
        wait_until(lambda wanted=runs: numbers()[0] == wanted, description="it has run")
        ran = tq.get_schedule("s").last_run_at
        assert ran is not None
        waits.append(ran.timestamp() - due / 1000)
    assert statistics.median(waits) < 0.3, "by itself it looks every second"


def test_several_consumers_make_one_task_for_each_due_time(start_consumer: StartConsumer) -> None:
    for _ in range(3):
        start_consumer(QUEUE)
    begin = create("a", every_s=1).created_at
    for name in "bcde":
        create(name, every_s=1)
    wait_until(lambda: tq.get_schedule("e").runs >= 3, description="the last has run three times")
    for name in "abcde":
        tq.change_schedule(name, tq.ScheduleChanges(paused=True))
        runs, skipped, missed = numbers(name)
        assert (len(tasks_of(name)), skipped) == (runs, 0)
        passed = (tq.get_schedule(name).updated_at - begin).total_seconds()
        assert runs + missed <= passed


# ---- faults


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
    plan = service.Trigger.of(None, every_s, None, _clock_of(server))
    fields = {
        "type": "echo", "payload": "{}", "tags": "", "overlap": 1, **service._trigger_fields(plan),
    }  # fmt: skip
    created = ScheduleScripts(server.queue.broker.scripts).schedule_create(
        QUEUE, "s", new_id(), "r", plan.after(plan.start_ms)[0], fields, operation=""
    )
    assert created


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


def test_what_cannot_be_read_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    create("a")
    create("b")
    late("a", 1)
    late("b")
    elsewhere = {"every_ms": "", "cron": "* * * * *", "timezone": "Mars/Olympus"}
    broker.hset(keys.schedule(QUEUE, "a"), mapping=elsewhere)
    chore = Firing(tq.default.broker)
    chore.fire_due()
    assert (numbers("a")[0], numbers("b")[0]) == (0, 1)
    assert tq.get_schedule("a").next_runs[1:] == ()
    broker.hset(keys.schedule(QUEUE, "a"), "start_at", "x")
    assert chore.fire_due() != 0.0
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


# ---- what keeps it from running


def test_runs_that_must_not_overlap_are_skipped_while_one_has_not_ended() -> None:
    create(overlap=False)
    late()
    fire()
    for skipped in (1, 2):
        late()
        fire()
        assert numbers() == (1, skipped, 0)
    worker = HandWorker()
    claim = worker.claim()
    late()
    fire()
    assert numbers() == (1, 3, 0)
    worker.step(commit(claim, "SUCCESS"), want=0)
    late()
    fire()
    assert numbers() == (2, 3, 0)


def test_runs_that_may_overlap_do() -> None:
    create()
    for runs in (1, 2):
        late()
        fire()
        assert numbers() == (runs, 0, 0)


def test_a_run_whose_record_is_gone_has_ended() -> None:
    create(overlap=False)
    late()
    fire()
    tq.purge(QUEUE)
    tq.default.broker.scripts.prune(QUEUE, ttl_ms=0, cap=0)
    wait_until(
        lambda: not tq.default.broker.scripts.prune(QUEUE, ttl_ms=0, cap=0),
        description="its record is gone",
    )
    assert tq.get_schedule("s").last_status is None
    late()
    fire()
    assert numbers() == (2, 0, 0)


def test_a_paused_schedule_is_never_due_and_makes_up_for_nothing() -> None:
    record = create(paused=True)
    assert (record.paused, record.next_run_at, record.next_runs) == (True, None, ())
    assert fire() is None
    broker.hset(keys.schedule(QUEUE, "s"), "start_at", clock_ms() - 600_500)
    record = tq.change_schedule("s", tq.ScheduleChanges(paused=False))
    assert record.next_run_at is not None
    assert 59 < (record.next_run_at - record.updated_at).total_seconds() < 60
    assert 59 < (fire() or 0) < 60
    assert numbers() == (0, 0, 0)


def test_a_paused_queue_takes_the_tasks_of_schedules() -> None:
    create()
    tq.pause(QUEUE)
    late()
    fire()
    assert tq.get_schedule("s").last_status == "PENDING"


def test_a_draining_queue_takes_none_and_it_stays_due_and_says_so() -> None:
    create()
    tq.drain(QUEUE)
    assert tq.get_schedule("s").problem is None, "nothing is due yet"
    due = late(by_s=130)
    assert scripts.schedules_due(QUEUE).due == []
    assert (fire(), fire()) == (None, None)
    record = tq.get_schedule("s")
    assert record.problem == "Queue default is draining; the run waits until it is resumed."
    assert record.next_run_at is not None
    assert (round(record.next_run_at.timestamp() * 1000), record.runs) == (due, 0)
    (found,) = records.named(BROKERS, "s")
    answer = scripts.schedule_fire(
        QUEUE, "s", found.revision, due, 1, missed=0, task=firing.task_of(found, new_id())
    )
    assert answer == "draining", "one that began to drain after the look"
    tq.resume(QUEUE)
    fire()
    assert numbers() == (1, 0, 2) and tq.get_schedule("s").problem is None


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("type", "gone", "No task type 'gone' is registered in the consumer."),
        (
            "payload",
            '{"nothing":1}',
            "The payload does not fit task type 'echo'. "
            "/nothing: There is no field 'nothing'; the fields are 'value'.",
        ),
    ],
)
def test_what_the_consumer_cannot_make_is_a_problem_told_once_and_tried_again(
    field: str, value: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    create()
    kept = broker.hget(keys.schedule(QUEUE, "s"), field)
    broker.hset(keys.schedule(QUEUE, "s"), field, value)
    for _ in range(3):
        due = late(by_s=60)
        fire()
        record = tq.get_schedule("s")
        assert (record.problem, record.runs, record.last_task_id) == (problem, 0, None)
        assert record.next_run_at is not None and record.next_run_at.timestamp() * 1000 > due
    assert [r.getMessage() for r in caplog.records] == [f"a schedule makes no task: {problem}"]
    assert numbers() == (0, 0, 3)
    broker.hset(keys.schedule(QUEUE, "s"), field, kept)
    assert tq.change_schedule("s", tq.ScheduleChanges(overlap=True)).problem == problem
    assert tq.change_schedule("s", tq.ScheduleChanges(every_s=61)).problem is None
    broker.hset(keys.schedule(QUEUE, "s"), "problem", problem)
    late()
    fire()
    assert tq.get_schedule("s").problem is None and numbers() == (1, 0, 3)


# ---- what somebody else has done meanwhile


def _fire_as_read(found: records.Schedule, later_ms: int = 0) -> str:
    due_ms, task = (found.due_ms or 0) + later_ms, firing.task_of(found, new_id())
    return scripts.schedule_fire(
        QUEUE, "s", found.revision, due_ms, NEVER, missed=0, task=task, problem=""
    )


def test_only_what_is_as_it_was_read_fires() -> None:
    create()
    late()
    (found,) = records.named(BROKERS, "s")
    assert _fire_as_read(found, -1) == "other"
    tq.change_schedule("s", tq.ScheduleChanges(tags=["changed"]))
    assert _fire_as_read(found) == "other"
    tq.delete_schedule("s")
    assert _fire_as_read(found) == "other"
    create()
    assert _fire_as_read(found) == "other"
    assert numbers() == (0, 0, 0) and tasks_of() == []


def test_two_looks_at_one_due_time_fire_once() -> None:
    create()
    late()
    (found,) = records.named(BROKERS, "s")
    assert [_fire_as_read(found), _fire_as_read(found)] == ["fired", "other"]
    assert numbers() == (1, 0, 0)


def test_changes_at_the_same_time_are_all_made() -> None:
    create()
    changes = [
        tq.ScheduleChanges(payload={"value": 2}), tq.ScheduleChanges(tags=["t"]),
        tq.ScheduleChanges(overlap=False), tq.ScheduleChanges(cron="0 3 * * *"),
    ]  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tq.change_schedule, ["s"] * 4, changes))
    assert not scripts.schedule_update(QUEUE, "s", "old", "new", NEVER, {}, operation="")
    record = tq.get_schedule("s")
    assert (record.payload, record.tags, record.overlap) == ({"value": 2}, ("t",), False)
    assert (record.cron, record.every_s) == ("0 3 * * *", None)


def test_a_name_is_one_over_all_queues_however_many_create_it_at_once() -> None:
    def create_in(queue: str, name: str) -> bool:
        try:
            tq.create_schedule(name, "echo", {}, every_s=60, priority=queue, by=ADA)
        except tq.ScheduleExists:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        for number in range(30):
            name = f"n{number}"
            made = list(pool.map(create_in, list(QUEUES) * 2, [name] * 6))
            assert sum(made) == 1 and len(records.named(BROKERS, name)) == 1
    assert len(tq.list_schedules()) == 30
    entries = tq.audit_trail(limit=200).entries
    assert sorted(entry.target or "" for entry in entries) == sorted(f"n{n}" for n in range(30))
    assert sum(broker.zcard(keys.audit(queue)) for queue in QUEUES) == 30


def test_of_two_with_one_name_the_first_has_it_and_both_are_deleted() -> None:
    """As a crash in the middle of creating may leave them."""
    create()
    twin = dict(broker.hgetall(keys.schedule(QUEUE, "s")))
    broker.hset(keys.schedule("high", "s"), mapping={**twin, b"created_us": 1 << 60})
    broker.zadd(keys.schedules("high"), {"s": 1})
    assert tq.get_schedule("s").queue == QUEUE
    assert [one.queue for one in tq.list_schedules()] == [QUEUE]
    tq.delete_schedule("s", ADA)
    assert records.named(BROKERS, "s") == []


def test_requests_whose_answer_was_lost_are_answered_the_same_when_sent_again() -> None:
    create("other", by=ADA)
    kept = broker.hgetall(keys.schedule(QUEUE, "other"))
    names = ("type", "payload", "tags", "overlap", "cron", "every_ms", "timezone", "start_at")
    fields = {name: kept[name.encode()] for name in names}
    begun = service.trail.begin(BROKERS, tq.Action.SCHEDULE_DELETE, ADA, "s").as_argument()
    twice = range(2)
    own = new_id()
    created = [
        scripts.schedule_create(QUEUE, "s", own, "r1", NEVER, fields, operation="") for _ in twice
    ]
    assert created[0] and created[0] == created[1]
    assert all(
        scripts.schedule_update(QUEUE, "s", "r1", "r2", "", {"overlap": 0}, operation="")
        for _ in twice
    )
    (found,) = records.named(BROKERS, "s")
    task = firing.task_of(found, new_id())
    ran = [scripts.schedule_run(QUEUE, "s", "r2", task, operation="") for _ in twice]
    assert ran == ["done", "done"] and numbers() == (1, 0, 0)
    assert all(scripts.schedule_delete(QUEUE, "s", operation=begun) for _ in twice)
    assert not scripts.schedule_delete(QUEUE, "other", id="another's")


# ---- what operators do


def test_a_run_now_leaves_the_plan_as_it_is() -> None:
    before = create()
    made = tq.run_schedule("s")
    record = tq.get_schedule("s")
    assert record.next_runs == before.next_runs
    assert (record.runs, record.last_task_id) == (1, made.task_id)
    assert tq.get_task(made.task_id).schedule == "s" and tasks_of() == [made.task_id]


def test_a_run_now_is_refused_where_a_due_run_would_be() -> None:
    create(overlap=False)
    tq.run_schedule("s")
    with pytest.raises(tq.ScheduleRunning, match="has not ended"):
        tq.run_schedule("s")
    tq.change_schedule("s", tq.ScheduleChanges(overlap=True))
    tq.run_schedule("s")
    tq.drain(QUEUE)
    with pytest.raises(tq.QueueDraining):
        tq.run_schedule("s")
    assert numbers() == (2, 0, 0)


def test_a_new_plan_begins_now_and_what_stays_the_same_changes_no_due_time() -> None:
    create()
    due = late(by_s=-30)
    record = tq.change_schedule("s", tq.ScheduleChanges(tags=["t"], overlap=False, every_s=60))
    assert record.next_run_at is not None
    assert round(record.next_run_at.timestamp() * 1000) == due
    record = tq.change_schedule("s", tq.ScheduleChanges(every_s=61))
    assert record.next_run_at is not None
    assert 60 < (record.next_run_at - record.updated_at).total_seconds() <= 61
    berlin = tq.ScheduleChanges(cron="0 3 * * *", timezone="Europe/Berlin")
    assert tq.change_schedule("s", berlin).timezone == "Europe/Berlin"
    record = tq.change_schedule("s", tq.ScheduleChanges(cron="0 4 * * *"))
    assert (record.cron, record.timezone, record.every_s) == ("0 4 * * *", "Europe/Berlin", None)
    record = tq.change_schedule("s", tq.ScheduleChanges(every_s=5))
    assert (record.cron, record.timezone, record.every_s) == (None, "UTC", 5)


def test_each_thing_that_an_operator_does_is_one_entry() -> None:
    create(by=ADA)
    tq.change_schedule("s", tq.ScheduleChanges(paused=True), ADA)
    tq.change_schedule("s", tq.ScheduleChanges(paused=True), ADA)  # it is
    tq.run_schedule("s", ADA)
    tq.delete_schedule("s", ADA)
    entries = tq.audit_trail().entries
    assert [(entry.action, entry.count) for entry in reversed(entries)] == [
        ("schedule_create", 0), ("schedule_update", 0), ("schedule_run", 1), ("schedule_delete", 0),
    ]  # fmt: skip
    assert {(e.who, e.why, e.target, e.queue) for e in entries} == {("ada", "because", "s", QUEUE)}


def test_what_did_not_happen_is_not_written_down() -> None:
    create()
    with pytest.raises(tq.ScheduleExists):
        create(by=ADA)
    for act in (tq.run_schedule, tq.delete_schedule):
        with pytest.raises(tq.ScheduleNotFound):
            act("another", ADA)
    with pytest.raises(tq.ScheduleNotFound):
        tq.change_schedule("another", tq.ScheduleChanges(paused=True), ADA)
    assert tq.audit_trail().entries == ()


def test_there_are_no_more_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 3)
    for number, queue in enumerate(QUEUES):
        tq.create_schedule(f"s{number}", "echo", {}, every_s=60, priority=queue)
    with pytest.raises(tq.TooManySchedules, match="3 schedules"):
        create()
    tq.delete_schedule("s0")
    create()


def test_a_list_has_those_due_next_first_and_the_paused_ones_last() -> None:
    for name, every_s, paused in (("d", 9, True), ("c", 9, True), ("b", 90, False)):
        create(name, every_s, paused=paused)
    tq.create_schedule("a", "echo", {}, every_s=20, priority="low")
    assert [one.name for one in tq.list_schedules()] == ["a", "b", "c", "d"]


def test_a_task_that_a_schedule_made_is_retried_with_its_tag() -> None:
    tq.create_schedule("s", "fail", {}, every_s=60)
    made = tq.run_schedule("s").task_id
    worker = HandWorker()
    worker.step(commit(worker.claim(), "FAILURE"), want=0)
    new = tq.retry(made).task_id
    assert tasks_of() == [new, made]
    assert tq.get_task(new).schedule is None


def test_payloads_keep_what_json_has_not(start_consumer: StartConsumer) -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    tq.create_schedule("s", "echo", {"value": at}, every_s=60)
    start_consumer(QUEUE)
    made = tq.run_schedule("s").task_id
    assert wait_for(made, "SUCCESS").result == "2026-01-01T00:00:00Z"
    assert tq.get_task(made).payload == tq.get_schedule("s").payload
