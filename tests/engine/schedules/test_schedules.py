"""Schedules: each due time submits one task, whichever consumers run or are killed meanwhile."""

import statistics
import uuid

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.queues import BROKERS
from huey_tasks.records.ids import new_id
from huey_tasks.schedules import firing, records
from tests.conftest import StartConsumer
from tests.engine.broker.test_script_lines import _lines_on
from tests.engine.helpers import QUEUE, HandWorker, commit
from tests.engine.schedules.by_hand import broker, create, fire, late, numbers, scripts, tasks_of
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

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
    assert 50 < (fire() or 0) <= 60
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
        lambda: not tq.default.broker.scripts.prune(QUEUE, ttl_ms=0, cap=0).removed,
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
    assert 50 < (record.next_run_at - record.updated_at).total_seconds() < 60
    assert 50 < (fire() or 0) < 60
    assert numbers() == (0, 0, 0)


def test_each_change_is_later_than_the_last_whatever_the_clock_says() -> None:
    create()
    ahead_ms = clock_ms() + 60_000  # Redis' clock has gone back since
    broker.hset(keys.schedule(QUEUE, "s"), "updated_at", ahead_ms)
    times = [tq.get_schedule("s").updated_at]
    for tags in (["first"], ["second"]):
        times.append(tq.change_schedule("s", tq.ScheduleChanges(tags=tags)).updated_at)
    assert times == sorted(set(times))


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
        QUEUE, "s", found.revision, due, 1, missed=0, task=firing.task_of(found, new_id(), due)
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
