"""What goes through Redis comes back as it was, and nothing else is let in."""

import datetime as dt
import pickle
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from huey.utils import SKIPPED, Error
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from huey_tasks import serializer

#: A machine that has much to do is slow to make a value, and stands still in the middle of a test.
ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@ON_ANY_MACHINE
@given(JSON)
def test_any_json_value_comes_back_as_it_was(value: Any) -> None:
    assert serializer.loads(serializer.dumps(value)) == value


@ON_ANY_MACHINE
@given(st.dictionaries(st.text(), st.binary() | st.datetimes() | st.dates() | st.integers()))
def test_times_and_bytes_come_back_as_they_were(value: Any) -> None:
    assert serializer.loads(serializer.dumps(value)) == value


@pytest.mark.parametrize("tag", ["$message", "$error", "$bytes", "$object", "$datetime", "$new"])
def test_an_object_that_looks_like_a_tag_stays_what_it_is(tag: str) -> None:
    value = {tag: {"name": "x"}}
    assert serializer.loads(serializer.dumps(value)) == value


def test_hueys_own_values_come_back() -> None:
    assert serializer.loads(serializer.dumps(Error({"error": "x"}))) == Error({"error": "x"})
    assert serializer.loads(serializer.dumps([SKIPPED]))[0] is SKIPPED


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), lambda: 1])
def test_what_json_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        serializer.dumps({"value": value})


def test_models_sets_and_decimals_are_stored_as_json_has_them() -> None:
    value = {"price": Decimal("1.20"), "tags": {"a"}, "id": UUID(int=1), "day": Day(n=1)}
    assert serializer.loads(serializer.dumps(value)) == {
        "price": "1.20",
        "tags": ["a"],
        "id": "00000000-0000-0000-0000-000000000001",
        "day": {"n": 1},
    }


class Day(BaseModel):
    """A model that a task returns."""

    n: int


def test_a_pickle_is_not_read() -> None:
    with pytest.raises(ValueError):
        serializer.loads(pickle.dumps({"a": 1}))


def test_values_for_people_are_plain_json() -> None:
    assert serializer.plain(
        {
            "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            "day": dt.date(2026, 1, 1),
            "for": dt.timedelta(seconds=1.5),
            "raw": b"\xff",
            "list": (1, SKIPPED),
            "error": Error({"error": "x"}),
        }
    ) == {
        "at": "2026-01-01T00:00:00+00:00",
        "day": "2026-01-01",
        "for": 1.5,
        "raw": "/w==",
        "list": [1, None],
        "error": {"error": "x"},
    }


@ON_ANY_MACHINE
@given(st.dictionaries(st.text() | st.just("$bytes"), JSON | st.binary() | st.datetimes()))
def test_what_is_shown_to_people_is_plain_whether_it_holds_tags_or_not(value: Any) -> None:
    stored = serializer.dumps(value)
    assert serializer.loads_plain(stored) == serializer.plain(value)
    message = serializer.dumps(serializer.QueueMessage(id="1", kwargs=value))
    assert serializer.loads_plain(message).kwargs == serializer.plain(value)
    assert serializer.loads_plain(message.decode()).kwargs == serializer.plain(value)
