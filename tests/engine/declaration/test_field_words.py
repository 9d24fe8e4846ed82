"""What a caller reads of a wrong field: words of JSON, and the name that was probably meant."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from huey_tasks.declaration.payload import Payload
from huey_tasks.errors import InvalidPayload


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")

    street: str
    postcode: str = ""
    inner: "Address | None" = None


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    homes: list[Address] = []
    by_kind: dict[str, Address] = {}


def invite(
    subject: str,
    to: Person | None = None,
    places: tuple[Address, int] | None = None,
    extras: Annotated[dict[str, int], Field(min_length=2)] | None = None,
    seats: Annotated[list[int], Field(min_length=1)] | None = None,
) -> None:
    """Have a parameter of each kind that a payload can hold."""


def no_parameters() -> None:
    """Take nothing."""


def messages(payload: dict[str, Any], function: Any = invite) -> dict[str, str]:
    with pytest.raises(InvalidPayload) as error:
        Payload(function, function.__name__).check(payload)
    return {problem.pointer: problem.message for problem in error.value.problems}


@pytest.mark.parametrize(
    ("payload", "pointer", "meant"),
    [
        ({"subjct": "x"}, "/subjct", "subject"),
        ({"subject": "x", "Seats": [1]}, "/Seats", "seats"),
        ({"subject": "x", "to": {"nam": "y"}}, "/to/nam", "name"),
        ({"subject": "x", "to": {"name": "y", "home": []}}, "/to/home", "homes"),
        (
            {"subject": "x", "to": {"name": "y", "homes": [{"street": "z", "post_code": "1"}]}},
            "/to/homes/0/post_code",
            "postcode",
        ),
        (
            {"subject": "x", "to": {"name": "y", "by_kind": {"old": {"street": "z", "iner": 1}}}},
            "/to/by_kind/old/iner",
            "inner",
        ),
        (
            {"subject": "x", "places": [{"street": "z", "inner": {"stret": "z"}}, 1]},
            "/places/0/inner/stret",
            "street",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_misspelt_field_gets_the_nearest_name(
    payload: dict[str, Any], pointer: str, meant: str
) -> None:
    name = pointer.rpartition("/")[2]
    assert messages(payload)[pointer] == f"There is no field '{name}'; did you mean '{meant}'?"


def test_a_field_that_is_near_to_none_gets_the_known_names() -> None:
    known = "'subject', 'to', 'places', 'extras', 'seats'"
    assert messages({"subject": "x", "zzz": 1})["/zzz"] == (
        f"There is no field 'zzz'; the fields are {known}"
    )
    assert messages({"zzz": 1}, no_parameters)["/zzz"] == (
        "There is no field 'zzz'; there are none here"
    )


def test_a_message_is_short_whatever_was_sent() -> None:
    name = "subject" * 10_000
    assert len(messages({"subject": "x", name: 1})[f"/{name}"]) < 200


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("to", 1, "Input should be an object"),
        ("places", 1, "Input should be a valid array"),
        ("extras", [], "Input should be an object"),
        ("extras", {}, "Object should have at least 2 items, not 0"),
        ("seats", {}, "Input should be a valid array"),
        ("seats", [], "Array should have at least 1 item, not 0"),
    ],
)
def test_a_message_has_the_words_of_json(field: str, value: object, said: str) -> None:
    assert messages({"subject": "x", field: value})[f"/{field}"] == said
