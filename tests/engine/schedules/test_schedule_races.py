"""Two callers change or fire one schedule at once: one of them does, and both get an answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.scripts.schedules import NEVER, Written
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.records.ids import new_id
from huey_tasks.schedules import firing, records, service, writes
from tests.engine.helpers import QUEUE
from tests.engine.schedules.by_hand import (
    ADA,
    broker,
    create,
    late,
    numbers,
    scripts,
    tasks_of,
    twin,
)


def _fire_as_read(found: records.Schedule, later_ms: int = 0) -> str:
    due_ms, task = (found.due_ms or 0) + later_ms, firing.task_of(found, new_id(), 0)
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
    late_one = scripts.schedule_update(QUEUE, "s", "old", "new", NEVER, {}, operation="")
    assert late_one == Written("other")
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


def test_no_more_are_made_at_once_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "MOST", 3)

    def create_in(queue: str, name: str) -> bool:
        try:
            tq.create_schedule(name, "echo", {}, every_s=60, priority=queue)
        except tq.TooManySchedules:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        for _ in range(20):
            made = list(pool.map(create_in, list(QUEUES) * 2, "abcdef"))
            assert sum(made) == 3 == len(tq.list_schedules())
            for each in tq.list_schedules():
                tq.delete_schedule(each.name)


def test_of_two_with_one_name_the_first_has_it_and_both_are_deleted() -> None:
    """As an older version may leave them, if it is killed in the middle of creating."""
    create()
    twin("high")
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
        scripts.schedule_create(QUEUE, "s", own, "r1", NEVER, fields, most=9, operation="")
        for _ in twice
    ]
    updated = [
        scripts.schedule_update(QUEUE, "s", "r1", "r2", "", {"overlap": 0}, operation="")
        for _ in twice
    ]
    for first, again in (created, updated):
        assert first.schedule is not None and again.schedule is not None
        assert first.answer == again.answer == "done"
        assert first.schedule.fields.get("updated_at") == again.schedule.fields.get("updated_at")
    (found,) = records.named(BROKERS, "s")
    task = firing.task_of(found, new_id(), 0)
    ran = [scripts.schedule_run(QUEUE, "s", "r2", task, operation="") for _ in twice]
    assert ran == ["done", "done"] and numbers() == (1, 0, 0)
    assert all(scripts.schedule_delete(QUEUE, "s", operation=begun) for _ in twice)
