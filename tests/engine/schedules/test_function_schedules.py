"""`schedule` in functions.toml: live when it is saved, gone when its line or function is."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import NoReturn

import pytest

import huey_tasks as tq
from huey_tasks import schedules, serializer
from huey_tasks.broker.scripts.schedules import ScheduleScripts
from huey_tasks.functions.apart import NotSeen
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.invocations import function_types
from huey_tasks.queues import BROKERS
from huey_tasks.schedules import declared, firing
from huey_tasks.schedules.of_functions import FunctionSchedules
from huey_tasks.schedules.records import Schedule
from tests.conftest import StartConsumer
from tests.waiting import wait_until

HANDLER = "def handler(event, context):\n    return event\n"


class Functions:
    """A folder with functions, and the duty of one queue that keeps their schedules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = dataclasses.replace(tq.CONFIG, functions_path=(folder,))
        self.catalogue = Catalogue.of(config)
        self.duties = {
            queue: FunctionSchedules(queue, config, self.catalogue) for queue in ("default", "low")
        }

    def settings(self, text: str) -> None:
        (self.folder / "functions.toml").write_text(text)

    def stored(self, *order: str) -> dict[str, str]:
        for queue in order or ("default", "low"):
            self.duties[queue].store()
        return {each.name: each.words for each in tq.list_schedules()}


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Functions:
    folder = tmp_path / "functions"
    folder.mkdir()
    made = Functions(folder)
    monkeypatch.setattr(function_types, "CATALOGUE", made.catalogue)
    for name in ("hello", "other"):
        (folder / f"{name}.py").write_text(HANDLER)
    return made


def test_it_follows_the_file(functions: Functions) -> None:
    assert functions.stored() == {}
    functions.settings('[hello]\nschedule = ["rate(5 minutes)", "at(2099-01-01T08:00:00)"]')
    once = "Once, at 2099-01-01 08:00:00 UTC"
    assert functions.stored() == {"hello.1": "Every 5 minutes", "hello.2": once}
    first = tq.get_schedule("hello.1")
    assert (first.declared, first.task_type, first.queue) == (True, "hello", "default")
    assert tq.get_schedule("hello.2").run_at == dt.datetime(2099, 1, 1, 8, tzinfo=dt.UTC)

    functions.settings(
        '[hello]\nschedule = ["rate(5 minutes)"]\n[other]\nschedule = ["rate(1 day)"]'
    )
    assert functions.stored() == {"hello.1": "Every 5 minutes", "other.1": "Every day"}
    assert tq.get_schedule("hello.1") == first
    (functions.folder / "hello.py").unlink()
    assert functions.stored() == {"other.1": "Every day"}


@pytest.mark.parametrize("order", [("default", "low"), ("low", "default")])
def test_it_goes_with_its_function_to_another_queue(
    functions: Functions, order: tuple[str, ...]
) -> None:
    functions.settings('[hello]\nschedule = ["rate(1 hour)"]')
    functions.stored()
    functions.settings('[hello]\nqueue = "low"\nschedule = ["rate(1 hour)"]')
    functions.stored(*order)
    assert functions.stored() == {"hello.1": "Every hour"}
    assert tq.get_schedule("hello.1").queue == "low"


def test_a_consumer_that_is_late_deletes_nothing_of_another_queue(functions: Functions) -> None:
    functions.settings('[hello]\nschedule = ["rate(1 hour)"]')
    functions.stored()
    read_before = declared.all_stored()
    functions.settings('[hello]\nqueue = "low"\nschedule = ["rate(1 hour)"]')
    functions.duties["low"].store()
    declared.retire(read_before, "functions.toml")
    assert tq.get_schedule("hello.1").queue == "low"


UNSURE = {
    "half a file": '[hello]\nschedule = ["rate(',
    "a wrong value": '[hello]\ntimeout = -1\nschedule = ["rate(1 hour)"]',
}


@pytest.mark.parametrize("kind", UNSURE)
def test_a_mistake_deletes_nothing(functions: Functions, kind: str) -> None:
    functions.settings('[hello]\nschedule = ["rate(1 hour)"]')
    before = functions.stored()
    functions.settings(UNSURE[kind])
    assert functions.stored() == before


def test_a_machine_without_the_folder_deletes_nothing(functions: Functions) -> None:
    functions.settings('[hello]\nschedule = ["rate(1 hour)"]')
    before = functions.stored()
    Functions(functions.folder / "nowhere").stored()
    assert functions.stored() == before


def test_a_restart_deletes_what_went_meanwhile_and_nothing_of_people(functions: Functions) -> None:
    functions.settings('[hello]\nschedule = ["rate(1 hour)"]')
    functions.stored()
    tq.create_schedule("echo.1", "echo", {}, every_s=60)
    tq.create_schedule("mine", "other", {}, every_s=60)
    functions.settings("")
    assert set(Functions(functions.folder).stored()) == {"echo.1", "mine"}


def test_a_bad_expression_is_reported_once(
    functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    functions.settings(
        "[hello]\nschedule = ["
        '"cron(0 3 * * ? 2030)", {expression = "rate(1 hour)", input = "[1]"}, "rate(2 hours)"]'
    )
    assert functions.stored() == functions.stored() == {"hello.3": "Every 2 hours"}
    texts = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(texts) == 2 and "the year '2030'" in texts[0] and "no JSON object" in texts[1]


def test_a_folder_that_does_not_answer_changes_nothing_and_loses_no_run(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.settings('[hello]\nschedule = ["rate(1 hour)"]')
    before = functions.stored()
    broker = BROKERS["default"]
    (schedule,) = firing.all_schedules(BROKERS)
    assert schedule.due_ms is not None
    scripts = ScheduleScripts(broker.scripts)
    scripts.schedule_advance("default", "hello.1", schedule.due_ms, broker.now_ms() - 1)

    def hang(*_: object) -> NoReturn:
        raise NotSeen

    with monkeypatch.context() as patch:
        patch.setattr(functions.catalogue, "look", hang)
        patch.setattr(functions.catalogue, "find", hang)
        assert functions.stored() == before
        firing.Firing(broker).fire_due()
        assert tq.list_tasks() == []
    firing.Firing(broker).fire_due()
    assert [each.task_type for each in tq.list_tasks()] == ["hello"]


INPUT = """
[[hello.schedule]]
expression = "rate(1 hour)"
[[hello.schedule]]
expression = "rate(1 hour)"
input = '{"n": 1, "at": "<aws.scheduler.scheduled-time>"}'
"""


def test_each_run_has_its_own_event(functions: Functions) -> None:
    functions.settings(INPUT)
    functions.stored()
    first, second = sorted(firing.all_schedules(BROKERS), key=lambda each: each.name)
    event = event_of(first, due_ms=1_790_000_000_000)
    assert event == {
        "version": "0", "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
        "time": "2026-09-21T14:13:20Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/hello.1"], "detail": {},
    }  # fmt: skip
    assert event_of(second, due_ms=0) == {"n": 1, "at": "1970-01-01T00:00:00Z"}


def event_of(schedule: Schedule, due_ms: int) -> object:
    new = firing.task_of(schedule, "00000000-0000-4000-8000-000000000001", due_ms)
    return serializer.loads(new.message).kwargs


def test_what_is_due_once_runs_once(functions: Functions) -> None:
    functions.settings('[hello]\nschedule = ["at(2099-01-01T08:00:00)"]')
    functions.stored()
    broker = BROKERS["default"]
    (schedule,) = firing.all_schedules(BROKERS)
    assert schedule.due_ms is not None
    due_ms = broker.now_ms() - 1
    ScheduleScripts(broker.scripts).schedule_advance("default", "hello.1", schedule.due_ms, due_ms)
    firing.Firing(broker).fire_due()
    assert [each.task_type for each in tq.list_tasks()] == ["hello"]
    # Its time is in 2099 still, so it would be due then; a person would not move it.
    assert tq.get_schedule("hello.1").runs == 1


def test_one_that_code_declares_stays_though_its_name_is_like_theirs(functions: Functions) -> None:
    schedules.declare("echo.1", "echo", every_s=60)
    try:
        declared.apply("default")
        assert functions.stored() == {"echo.1": "Every minute"}
    finally:
        del declared._declared["echo.1"]


def test_a_time_that_has_passed_is_an_error_in_the_log(
    functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    functions.settings('[hello]\nschedule = ["at(2020-01-01T08:00:00)"]')
    assert functions.stored() == {}
    (told,) = caplog.records
    assert (told.schedule, told.error) == (  # type: ignore[attr-defined]
        "hello.1", "It is never due: a time to come is needed, before the year 9999.",
    )  # fmt: skip
    functions.settings('[hello]\nschedule = ["at(2099-01-01T08:00:00)"]')
    functions.stored()
    assert tq.get_schedule("hello.1").next_run_at == dt.datetime(2099, 1, 1, 8, tzinfo=dt.UTC)


def test_a_saved_file_is_live_and_runs(functions: Functions, start_consumer: StartConsumer) -> None:
    start_consumer("default", FUNCTIONS_PATH=str(functions.folder))
    functions.settings('[hello]\nschedule = ["at(2099-01-01T08:00:00)"]')
    wait_until(tq.list_schedules, description="the schedule is live")
    task_id = tq.run_schedule("hello.1").task_id
    tq.wait_for_end(task_id, 30)
    result = tq.get_task(task_id).result
    assert (result["id"], result["source"]) == (task_id, "aws.events")
