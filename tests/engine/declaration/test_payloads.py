"""A payload: any name of a parameter, a JSON Schema that can be shown, one check, at the submit."""

import datetime as dt
import json
import math
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    FilePath,
    FutureDate,
    FutureDatetime,
    ValidationError,
    WrapValidator,
    field_validator,
    model_validator,
)

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.declaration.payload import Payload
from tests.conftest import StartConsumer
from tests.engine.helpers import wait_for

NAMES = ["_id", "__private", "model_config", "model_fields", "self", "cls", "schema", "json",
         "copy", "p0", "p1", "id", "task", "args", "kwargs", "größe"]  # fmt: skip


def test_a_parameter_may_have_any_name() -> None:
    scope: dict[str, Any] = {}
    exec(f"def takes({', '.join(f'{name}: int' for name in NAMES)}): return locals()", scope)
    payload, given = Payload(scope["takes"], "takes"), {name: n for n, name in enumerate(NAMES)}

    payload.check(given)
    assert scope["takes"](**payload.arguments(given, accepted=True)) == given
    assert list(payload.schema["properties"]) == NAMES == payload.schema["required"]
    with pytest.raises(tq.InvalidPayload) as refused:
        payload.check({**given, "_id": "x", "p99": 1})
    assert {problem.pointer for problem in refused.value.problems} == {"/_id", "/p99"}


def test_a_parameter_with_an_underscore_runs_in_a_consumer(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    receipt = tq.submit("by_odd_names", {"_id": 4, "model_config": "x"})
    assert wait_for(receipt.task_id, "SUCCESS").result == [4, "x"]
    with pytest.raises(tq.InvalidPayload) as refused:
        tq.submit("by_odd_names", {"model_config": "x"})
    assert refused.value.problems[0].pointer == "/_id"


def odd_defaults(
    ratio: float = math.inf, share: float = math.nan, what: Any = object(), n: int = None,  # type: ignore[assignment] # noqa: B008, RUF013
    text: str = 3, day: dt.date = dt.date(2026, 1, 1), names: set[str] = {"a"},  # type: ignore[assignment] # noqa: B006
) -> None:  # fmt: skip
    """Defaults that JSON does not know, or that are of another type."""


def test_what_is_shown_of_defaults_is_json_that_fits() -> None:
    properties = Payload(odd_defaults, "odd").schema["properties"]
    json.dumps(properties, allow_nan=False)
    shown = {name: part["default"] for name, part in properties.items() if "default" in part}
    assert shown == {"day": "2026-01-01", "names": ["a"]}


def while_open(value: Any) -> Any:
    """A check that only some times pass."""
    if Switch.closed:
        raise ValueError("closed")
    return value


def wrapped(value: Any, handler: Any) -> Any:
    """The same around another."""
    if Switch.closed:
        raise AssertionError("closed")
    return handler(value)


class Switch:
    """Whether the checks below say no: the world is another one when the task runs."""

    closed = False


class Order(BaseModel):
    """A model with checks of its own."""

    n: int = Field(ge=1)
    at: FutureDatetime

    @field_validator("n")
    @classmethod
    def _open(cls, n: int) -> int:
        if Switch.closed:
            raise ValueError("closed")
        return n

    @model_validator(mode="after")
    def _whole(self) -> "Order":
        if Switch.closed:
            raise ValueError("closed")
        return self


def many_checks(
    at: FutureDatetime,
    day: FutureDate | None,
    after: Annotated[dt.datetime, AfterValidator(while_open)],
    before: Annotated[int, BeforeValidator(while_open)],
    around: Annotated[int, WrapValidator(wrapped)],
    file: FilePath,
    order: Order,
    orders: list[Order],
) -> None:
    """What was right when it was submitted."""


@pytest.fixture
def accepted(tmp_path: Path) -> dict[str, Any]:
    """A payload of `many_checks` that is right now."""
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    file = tmp_path / "there"
    file.touch()
    order = {"n": 1, "at": soon}
    return {"at": soon, "day": "2999-01-01", "after": soon, "before": 1, "around": 2,
            "file": str(file), "order": order, "orders": [order]}  # fmt: skip


def test_what_was_right_at_the_submit_arrives_typed_whatever_has_changed(
    accepted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = Payload(many_checks, "many_checks")
    payload.check(accepted)

    monkeypatch.setattr(Switch, "closed", True)
    Path(accepted["file"]).unlink()
    past = "2020-01-01T00:00:00+00:00"
    late = json.loads(json.dumps(accepted).replace(accepted["at"], past))

    found, when = payload.arguments(late, accepted=True), dt.datetime.fromisoformat(past)
    assert (found["at"], found["after"], found["before"], found["around"]) == (when, when, 1, 2)
    assert found["day"] == dt.date(2999, 1, 1) and found["file"] == Path(accepted["file"])
    assert isinstance(found["order"], Order) and found["orders"][0].at == when
    with pytest.raises(tq.InvalidPayload):
        payload.check(late)
    with pytest.raises(ValidationError):
        payload.arguments(late, accepted=False)


def test_what_is_not_of_its_type_is_never_taken(accepted: dict[str, Any]) -> None:
    payload = Payload(many_checks, "many_checks")
    for name, value in (("at", "soon"), ("day", 1.5), ("order", {"n": "x"}), ("orders", 3)):
        with pytest.raises(ValidationError):
            payload.arguments({**accepted, name: value}, accepted=True)


def test_a_date_that_is_over_is_no_reason_to_fail_a_retry(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    at = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2.5)).isoformat()
    receipt = tq.submit("remind", {"at": at})
    record = wait_for(receipt.task_id, "SUCCESS")
    assert record.attempt == 2 and record.result.startswith("datetime ")


def test_an_example_that_time_has_overtaken_stays_one() -> None:
    def reminder(at: FutureDatetime, n: int = 1) -> None: ...

    payload = Payload(reminder, "reminder")
    assert payload.example({"at": "2020-01-01T00:00:00Z"}) == {"at": "2020-01-01T00:00:00Z"}
    with pytest.raises(tq.InvalidTaskType, match="its example does not fit: /at"):
        payload.example({"at": "soon"})
    with pytest.raises(tq.InvalidTaskType, match="its example does not fit: /at"):
        payload.example({})


def test_positional_arguments_of_huey_are_shown_and_found_by_name(
    start_consumer: StartConsumer,
) -> None:
    add = _wrapper("huey_add")
    later, mixed = add.schedule((40, 2), delay=600), add.schedule((7,), {"b": 8}, delay=600)
    assert tq.get_task(later.id).payload == {"a": 40, "b": 2}
    assert tq.get_task(mixed.id).payload == {"a": 7, "b": 8}
    assert [row.task_id for row in tq.search_tasks("payload.a:40").tasks] == [later.id]

    start_consumer("default")
    done, rest = add(1, 2), _wrapper("huey_rest")(1, 2, 3)
    chained = tq.default.enqueue(add.s(1, 2).then(add, 5))
    assert wait_for(done.id, "SUCCESS").result == 3
    assert wait_for(rest.id, "SUCCESS").result == [1, [2, 3]]
    assert chained.get(blocking=True, timeout=20) == [3, 8]
    second = wait_for(chained._results[1].id, "SUCCESS")
    assert second.payload == {"a": 5, "b": 3}


def test_a_message_of_positional_arguments_is_read_back_as_it_was() -> None:
    add = _wrapper("huey_add")
    for task in (add.s(1, 2), add.s(1, b=2), add.s(a=1, b=2), add.s(1, 2, 3)):
        stored = serializer.loads(tq.default.serialize_task(task).task.message)
        again = tq.default._registry.create_task(stored)
        assert (again.args, again.kwargs) == (task.args, task.kwargs)


def test_in_immediate_mode_a_submit_runs_the_task_here(monkeypatch: pytest.MonkeyPatch) -> None:
    tq.default.immediate = True
    try:
        good, bad = tq.submit("add", {"a": 1, "b": 2}), tq.submit("fail", {})
        many = tq.submit_many([tq.Submission("add", {"a": 1, "b": 2})])
        assert tq.default.result(good.task_id) == 3
    finally:
        tq.default.immediate = False
    assert (good.status, bad.status) == ("SUCCESS", "FAILURE")
    assert [one.status for one in many] == ["SUCCESS"]  # pyright: ignore
    assert tq.list_tasks() == []


def _wrapper(name: str) -> Any:
    return getattr(import_module("signatures"), name)


def test_an_argument_that_json_cannot_carry_is_named() -> None:
    odd = Payload(many_kinds_of_words, "odd")
    with pytest.raises(tq.InvalidPayload) as refused:
        odd.check({"text": "a", "row": Switch(), "rows": [Switch()]})
    assert [(each.pointer, each.code) for each in refused.value.problems] == [
        ("/row", "not_json"),
        ("/rows", "not_json"),
    ]
    assert "Switch'>; submit its id, or its fields" in str(refused.value)


def many_kinds_of_words(text: str, row: str, rows: list[str]) -> None:
    """A function that a caller gives rows of a database."""
