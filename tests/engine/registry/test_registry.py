"""`@task`: payloads are checked against the signature, and bad declarations are refused at once."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.declaration.payload import Payload
from huey_tasks.registry import types


class Size(BaseModel):
    """A pydantic model as a parameter."""

    width: int
    height: int = 10


def example(url: str, size: Size, day: dt.date, tags: list[str] | None = None) -> None:
    """A function with many kinds of parameters."""


def test_parameters_may_be_models_dates_and_lists() -> None:
    payload = {"url": "u", "size": {"width": 1}, "day": "2026-01-01"}
    assert Payload(example, "example").arguments(payload, accepted=False) == {
        "url": "u",
        "size": Size(width=1, height=10),
        "day": dt.date(2026, 1, 1),
    }


@pytest.mark.parametrize(
    ("task_type", "change", "pointer"),
    [
        ("send_email", {"to": "nobody"}, "/to"),
        ("send_email", {"to": "a@b.example\r\nBcc: x@y.example"}, "/to"),
        ("send_email", {"to": None}, "/to"),
        ("send_email", {"subject": 1}, "/subject"),
        ("send_email", {"subject": "a\nb"}, "/subject"),
        ("send_email", {"body": "a\x00b"}, "/body"),
        ("send_email", {"cc": "x@y.example"}, "/cc"),
        ("process_payment", {"amount": 0}, "/amount"),
        ("process_payment", {"amount": -0.0}, "/amount"),
        ("process_payment", {"amount": -1}, "/amount"),
        ("process_payment", {"amount": 1e-9}, "/amount"),
        ("process_payment", {"amount": 99.999}, "/amount"),
        ("process_payment", {"amount": 1e18}, "/amount"),
        ("process_payment", {"amount": True}, "/amount"),
        ("process_payment", {"currency": "usd"}, "/currency"),
        ("process_payment", {"currency": "XXX1"}, "/currency"),
        ("process_payment", {"currency": "EUR\n"}, "/currency"),
        ("generate_report", {"date_range": {"start": "2026-02-30", "end": "2026-03-01"}},
         "/date_range/start"),
        ("generate_report", {"date_range": {"start": "2026-03-02", "end": "2026-03-01"}},
         "/date_range"),
        ("generate_report", {"date_range": {"start": "2026-03-02"}}, "/date_range/end"),
        ("data_pipeline", {"record_count": 1.0}, "/record_count"),
        ("data_pipeline", {"record_count": 0}, "/record_count"),
        ("data_pipeline", {"record_count": "1"}, "/record_count"),
        ("data_pipeline", {"record_count": True}, "/record_count"),
    ],
)  # fmt: skip
def test_a_wrong_payload_is_refused_and_the_field_is_named(
    task_type: str, change: dict[str, Any], pointer: str
) -> None:
    payload = {**types.get(task_type).example, **change}
    with pytest.raises(tq.InvalidPayload) as refused:
        tq.submit(task_type, payload)
    assert pointer in [problem.pointer for problem in refused.value.problems]
    assert tq.list_tasks() == []


def test_a_missing_field_is_named() -> None:
    with pytest.raises(tq.InvalidPayload) as refused:
        tq.submit("send_email", {"to": "a@b.example"})
    assert {problem.pointer for problem in refused.value.problems} == {"/subject", "/body"}


def test_the_nearest_names_of_an_unknown_type_are_given() -> None:
    with pytest.raises(tq.UnknownTaskType, match="did you mean 'send_email'"):
        tq.submit("send_emial", {})


def test_without_a_near_name_it_says_which_there_are_and_where_they_come_from() -> None:
    with pytest.raises(tq.UnknownTaskType) as refused:
        tq.submit("zzz", {})
    names = sorted(each.name for each in tq.task_types())
    assert refused.value.detail == (
        f"No task type 'zzz' is registered; there are {', '.join(names[:6])} and "
        f"{len(names) - 6} more. TASKS and TASKS_PATH name modules with others, "
        "FUNCTIONS_PATH folders of functions."
    )


def test_a_task_that_huey_s_decorator_declares_is_named_as_one() -> None:
    @tq.low.task()
    def of_huey(n): ...  # pyright: ignore

    try:
        with pytest.raises(tq.UnknownTaskType, match="'of_huey' is registered: it is a task of H"):
            tq.submit("of_huey", {"n": 1})
    finally:
        of_huey.unregister()  # pyright: ignore


def test_the_example_of_every_demo_type_is_a_good_payload() -> None:
    for name in ("send_email", "process_payment", "generate_report", "data_pipeline"):
        types.get(name).check(types.get(name).example)


def test_an_unknown_type_and_an_unknown_queue_are_refused() -> None:
    with pytest.raises(tq.UnknownTaskType):
        tq.submit("os.system", {})
    with pytest.raises(tq.UnknownQueue):
        tq.submit("echo", {}, priority="urgent")


def test_the_priority_of_a_request_wins_over_the_queue_of_the_type() -> None:
    assert tq.submit("send_email", types.get("send_email").example).queue == "high"
    moved = tq.submit("send_email", types.get("send_email").example, priority="low")
    assert tq.get_task(moved.task_id).queue == "low"


def test_a_type_is_registered_once() -> None:
    with pytest.raises(tq.InvalidTaskType, match=r"there is one already, in .*behaviours\.py:\d+"):
        tq.task(name="echo")(lambda: None)


def look_at(
    at: dt.datetime, takes: dt.timedelta, data: bytes, tags: set[int], more: dict[str, Any]
) -> list[Any]:
    """A function that returns what it was given."""
    return [at, takes, data, tags, more]


@pytest.fixture(scope="module")
def look_at_type() -> Any:
    return tq.task(look_at)


def test_a_function_gets_what_python_submitted(look_at_type: Any) -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    payload = {"at": at, "takes": dt.timedelta(seconds=1.5), "data": b"\x00\xff", "tags": {1},
               "more": {"$date": {"$a": 1}, "text": "$date"}}  # fmt: skip

    assert _as_a_worker_runs_it(look_at_type, payload) == list(payload.values())


def test_a_function_gets_what_json_can_say_of_it(look_at_type: Any) -> None:
    payload = {"at": "2026-01-01T00:00:00Z", "takes": "PT1.5S", "data": "AP8=", "tags": [1],
               "more": {"$date": {"$a": 1}, "$object": []}}  # fmt: skip

    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    expected = [at, dt.timedelta(seconds=1.5), b"\x00\xff", {1}, payload["more"]]
    assert _as_a_worker_runs_it(look_at_type, payload) == expected


def _as_a_worker_runs_it(task_type: Any, payload: dict[str, Any]) -> Any:
    task_type.check(payload)
    return task_type.wrappers["default"].func(**serializer.loads(serializer.dumps(payload)))


def test_calling_a_task_type_runs_the_function_here_and_now() -> None:
    add = {task_type.name: task_type for task_type in tq.task_types()}["add"]
    assert add(2, 3) == 5
    assert tq.list_tasks() == []


def test_current_task_is_there_only_inside_a_task() -> None:
    with pytest.raises(RuntimeError, match="only while a task runs"):
        _ = tq.current_task.id


def test_a_module_dropped_into_a_folder_can_be_invoked(tmp_path: Path) -> None:
    (tmp_path / "dropped.py").write_text(
        "from huey_tasks import task\n"
        "@task(queue='low')\n"
        "def dropped_in(n: int) -> int:\n"
        "    return n + 1\n"
    )
    assert tq.load_tasks([tmp_path]) == ["dropped"]
    assert tq.submit("dropped_in", {"n": 1}).queue == "low"


def test_a_pointer_names_a_field_of_the_payload_and_nothing_else() -> None:
    payload = {**types.get("process_payment").example, "user_id": "a b"}
    with pytest.raises(tq.InvalidPayload) as refused:
        tq.submit("process_payment", payload)
    assert {problem.pointer for problem in refused.value.problems} == {"/user_id"}
