"""Schedules that code declares, and PUT: stored, changed and deleted as they are said to be."""

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from huey import crontab

import huey_tasks as tq
from huey_tasks import schedules
from huey_tasks.broker import keys
from huey_tasks.broker.scripts.schedules import NEVER
from huey_tasks.queues import BROKERS
from huey_tasks.registry import types
from huey_tasks.schedules import declared, records, writes
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE
from tests.engine.schedules.by_hand import ADA, broker, twin
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Leave no declaration and no task type to other tests."""
    names, kinds = set(declared._declared), {found.name for found in tq.task_types()}
    yield
    for name in declared._declared.keys() - names:
        del declared._declared[name]
    for found in tq.task_types():
        if found.name not in kinds:
            for wrapper in types._types.pop(found.name).wrappers.values():
                wrapper.unregister()


def put(**more: Any) -> tuple[tq.ScheduleRecord, bool]:
    said: dict[str, Any] = {"cron": "0 3 * * *", **more}
    return tq.put_schedule("s", said.pop("task_type", "echo"), said.pop("payload", {}), **said)


def test_put_creates_and_then_leaves_what_is_the_same() -> None:
    first, is_new = put()
    assert is_new
    assert put() == (first, False)  # also its due times and the time of its last change
    assert put(cron="0  3 * * *", timezone="UTC") == (first, False)


def test_put_changes_what_differs_and_takes_defaults_for_the_rest() -> None:
    put(tags=["a"], overlap=False, payload={"value": 1})
    changed, is_new = put(every_s=60, cron=None)
    assert not is_new
    assert (changed.tags, changed.overlap, changed.payload) == ((), True, {})
    assert (changed.cron, changed.every_s) == (None, 60)
    assert put()[0].cron == "0 3 * * *"


def test_put_keeps_a_pause_unless_it_says_otherwise() -> None:
    put()
    tq.change_schedule("s", tq.ScheduleChanges(paused=True))
    assert put(cron="0 4 * * *")[0].paused
    assert put(priority="low")[0].paused  # also when it is created again
    assert not put(priority="low", paused=False)[0].paused


def test_put_leaves_a_time_that_has_passed_as_it_is() -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    put(cron=None, run_at=at)
    key = keys.schedule(QUEUE, "s")
    broker.hset(key, "start_at", int(broker.hget(key, "start_at")) - 7_200_000)
    past = tq.get_schedule("s").run_at

    assert put(cron=None, run_at=past, tags=["t"])[0].run_at == past
    with pytest.raises(tq.InvalidQuery, match="never due"):
        put(cron=None, run_at=at - dt.timedelta(hours=3))


def test_put_of_another_type_or_queue_creates_it_again() -> None:
    put()
    moved, is_new = put(priority="high")
    assert (is_new, moved.queue) == (True, "high")
    other, is_new = put(task_type="add_to", priority="high")
    assert (is_new, other.task_type) == (True, "add_to")
    assert [each.name for each in tq.list_schedules()] == ["s"]


@pytest.mark.parametrize("more", [{"priority": "high"}, {"task_type": "add_to"}], ids=str)
def test_put_of_another_type_or_queue_is_one_change_in_the_audit(more: dict[str, Any]) -> None:
    put(by=ADA)
    put(**more, by=ADA)
    assert [entry.action for entry in tq.audit_trail().entries] == [
        "schedule_update", "schedule_create",
    ]  # fmt: skip


@pytest.mark.parametrize("more", [{"priority": "high"}, {"task_type": "add_to"}], ids=str)
def test_put_takes_the_place_of_one_where_there_is_no_room_for_more(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    put()
    monkeypatch.setattr(writes, "MOST", 1)
    assert put(**more)[1]
    with pytest.raises(tq.TooManySchedules):
        tq.create_schedule("another", "echo", {}, every_s=60)


@pytest.mark.parametrize("queue", ["high", QUEUE])
def test_a_put_takes_the_place_of_two_that_an_older_version_has_left(queue: str) -> None:
    put()
    tq.change_schedule("s", tq.ScheduleChanges(paused=True))
    twin("high")
    moved, _ = put(priority=queue, tags=["t"])
    assert (moved.queue, moved.paused, moved.tags) == (queue, True, ("t",))
    assert [each.queue for each in records.named(BROKERS, "s")] == [queue]


def test_put_with_another_queue_and_time_runs_though_the_former_has_run() -> None:
    put(cron=None, run_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    broker.hset(keys.schedule(QUEUE, "s"), "start_at", 1)
    broker.zadd(keys.schedules(QUEUE), {"s": NEVER})
    moved, _ = put(priority="high", cron=None, run_at=dt.datetime(2099, 2, 1, tzinfo=dt.UTC))
    assert not moved.paused


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"payload": {"no": 1}}, tq.InvalidPayload),
        ({"cron": "0 25 * * *"}, tq.InvalidQuery),
        ({"tags": ["a b"]}, tq.InvalidQuery),
        ({"task_type": "nothing"}, tq.UnknownTaskType),
        ({"priority": "hihg"}, tq.UnknownQueue),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_put_changes_nothing(more: dict[str, Any], error: type[Exception]) -> None:
    before, _ = put()
    with pytest.raises(error):
        put(**{"priority": "low", **more})
    assert tq.list_schedules() == [before]


def test_what_code_declares_is_stored_changed_and_deleted_with_it() -> None:
    schedules.declare("a", "echo", {"value": 1}, cron="0 3 * * *", timezone="Europe/Berlin")
    schedules.declare("b", "echo", every_s=60)
    by_hand = tq.create_schedule("by-hand", "echo", {}, every_s=60)
    declared.apply("low")
    assert tq.list_schedules() == [by_hand]

    declared.apply("default")
    first = {each.name: each for each in tq.list_schedules()}
    assert {name: each.declared for name, each in first.items()} == {
        "a": True, "b": True, "by-hand": False,
    }  # fmt: skip
    declared.apply("default")  # a second consumer, or the next start
    assert {each.name: each for each in tq.list_schedules()} == first

    del declared._declared["b"]
    del declared._declared["a"]
    schedules.declare("a", "echo", {"value": 2}, cron="0 3 * * *", timezone="Europe/Berlin")
    declared.apply("default")
    now = {each.name: each for each in tq.list_schedules()}
    assert set(now) == {"a", "by-hand"}
    assert now["a"].payload == {"value": 2}
    assert now["a"].created_at == first["a"].created_at


def test_a_name_that_code_declares_is_that_of_the_code_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "huey_tasks.schedules")
    schedules.declare("nightly", "echo", {"value": 1}, cron="0 3 * * *")
    declared.apply("default")
    tq.delete_schedule("nightly")
    tq.put_schedule("nightly", "echo", {"value": 2}, priority="low", every_s=60)
    caplog.clear()
    declared.apply("default")
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert warning.message == "schedule of somebody replaced: the code declares its name"
    assert vars(warning)["schedule"] == "nightly" and vars(warning)["was"] == "echo in low"
    (kept,) = tq.list_schedules()
    assert (kept.payload, kept.queue, kept.declared) == ({"value": 1}, "default", True)
    caplog.clear()
    declared.apply("default")
    assert not caplog.records


def test_one_whose_task_type_this_code_does_not_know_is_left_alone() -> None:
    tq.put_schedule("theirs", "echo", {}, every_s=60, declared=True)
    broker.hset(keys.schedule(QUEUE, "theirs"), "type", "of_another_deploy")
    declared.apply("default")
    assert [each.name for each in tq.list_schedules()] == ["theirs"]


def test_a_task_type_declares_its_own() -> None:
    @tq.task(queue="low", schedule="30 2 * * 1-5", timezone="Europe/Berlin")
    def nightly_for_test(days: int = 1) -> int:
        return days

    @tq.task(schedule=90)
    def often_for_test() -> None: ...

    declared.apply("low")
    declared.apply("default")
    found = {each.name: each for each in tq.list_schedules()}
    assert found["nightly_for_test"].cron == "30 2 * * 1-5"
    assert found["nightly_for_test"].timezone == "Europe/Berlin"
    assert found["often_for_test"].every_s == 90
    assert nightly_for_test() == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"cron": "0 25 * * *"}, "it takes 0 to 23"),
        ({}, "One of cron"),
        ({"cron": "0 3 * * *", "every_s": 5}, "not two"),
        ({"every_s": 0}, "An interval has 1 to"),
        ({"cron": "0 3 * * *", "timezone": "Europe/Berlim"}, "Europe/Berlin"),
        ({"cron": "0 3 * * *", "payload": {"no": 1}}, "There is no field 'no'"),
        ({"cron": "0 3 * * *", "task_type": "ecko"}, "No task type 'ecko'"),
        ({"cron": "0 3 * * *", "name": "a b"}, "1 to 100 letters"),
        ({"cron": "0 3 * * *", "queue": "hihg"}, "no queue 'hihg'"),
        ({"cron": crontab(minute="0")}, "such as '0 3 * * *', and no function"),
        ({"every_s": dt.timedelta(minutes=5)}, "a number of seconds; write 300"),
        ({"every_s": "60"}, "a number of seconds; write it without quotes"),
        ({"every_s": True}, "a number of seconds, and no bool"),
        ({"cron": "0 3 * * *", "timezone": ZoneInfo("Europe/Berlin")}, "write 'Europe/Berlin'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_declaration_is_refused_with_its_line(arguments: dict[str, Any], text: str) -> None:
    said: dict[str, Any] = {"name": "wrong", "task_type": "echo", **arguments}
    with pytest.raises(
        tq.InvalidTaskType, match=rf"{Path(__file__).name}:\d+: schedule "
    ) as refused:
        schedules.declare(said.pop("name"), said.pop("task_type"), **said)
    assert text in str(refused.value)
    assert "wrong" not in declared._declared


@pytest.mark.parametrize(
    ("argument", "meant"), [("every", "every_s"), ("crontab", "cron"), ("timezon", "timezone")]
)
def test_an_argument_that_declare_does_not_take_gets_the_one_that_is_meant(
    argument: str, meant: str
) -> None:
    said: dict[str, Any] = {argument: 60}
    with pytest.raises(TypeError, match=rf"no option '{argument}'; did you mean '{meant}'\?"):
        schedules.declare("wrong", "echo", **said)


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (crontab(minute="0"), "five fields in a text, such as '0 3 * * *'"),
        (dt.timedelta(minutes=5), "a number of seconds; write 300"),
        (["0 3 * * *"], "and no list"),
    ],
    ids=["crontab", "timedelta", "list"],
)
def test_a_schedule_as_celery_and_huey_write_it_is_refused_with_ours(
    schedule: Any, text: str
) -> None:
    with pytest.raises(tq.InvalidTaskType, match=rf"{Path(__file__).name}:\d+: ") as refused:

        @tq.task(schedule=schedule)
        def nightly() -> None: ...

    assert text in str(refused.value)


def test_a_time_without_a_zone_is_refused() -> None:
    at: Any
    for at in (dt.datetime.now() + dt.timedelta(hours=1), "2099-12-24T18:00:00Z"):
        with pytest.raises(tq.InvalidQuery, match="a time with a zone"):
            put(cron=None, run_at=at)


def test_a_schedule_in_code_whose_task_needs_arguments_says_where_they_go() -> None:
    with pytest.raises(tq.InvalidTaskType, match=r"n: Field required; with arguments it is huey_"):

        @tq.task(schedule="0 3 * * *")
        def needs_a_number(n: int) -> int:
            return n


def test_a_consumer_stores_what_its_task_modules_declare(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    module = tmp_path / "report.py"
    module.write_text(
        "from huey_tasks import task\n"
        "@task(schedule=1)\n"
        "def every_second_for_test() -> str:\n"
        "    return 'ran'\n"
    )
    start_consumer("default", TASKS_PATH=str(tmp_path))
    wait_until(lambda: any(each.runs for each in tq.list_schedules()), description="its first run")
    (found,) = tq.list_schedules()
    assert (found.name, found.declared) == ("every_second_for_test", True)
