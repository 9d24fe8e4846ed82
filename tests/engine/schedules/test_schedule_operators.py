"""What operators do to schedules: run now, change, pause, delete, and its audit entries."""

import datetime as dt

import pytest

import huey_tasks as tq
from huey_tasks.queues import QUEUES
from huey_tasks.schedules import writes
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, wait_for
from tests.engine.schedules.by_hand import ADA, create, late, numbers, tasks_of


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
    monkeypatch.setattr(writes, "MOST", 3)
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
    assert set(tasks_of()) == {new, made}
    assert tq.get_task(new).schedule is None


def test_payloads_keep_what_json_has_not(start_consumer: StartConsumer) -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    tq.create_schedule("s", "echo", {"value": at}, every_s=60)
    start_consumer(QUEUE)
    made = tq.run_schedule("s").task_id
    assert wait_for(made, "SUCCESS").result == "2026-01-01T00:00:00Z"
    assert tq.get_task(made).payload == tq.get_schedule("s").payload
