"""Limits that code declares: read at import, stored when a consumer starts, after an operator's."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

import huey_tasks as tq
from huey_tasks.broker import limit_keys
from huey_tasks.limits import declared, in_code
from huey_tasks.queues import BROKERS
from huey_tasks.registry import types
from tests.conftest import StartConsumer
from tests.waiting import wait_until

ADA = tq.Operator("ada", "the mail host asks for it")
FIVE = tq.TypeLimits(concurrency=5)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Leave no limits and no task type to other tests."""
    kinds = {found.name for found in tq.task_types()}
    yield
    tq.default.broker.redis.delete(limit_keys.limits())
    for found in tq.task_types():
        if found.name not in kinds:
            for wrapper in types._types.pop(found.name).wrappers.values():
                wrapper.unregister()


def test_a_task_type_has_the_limits_of_its_declaration() -> None:
    @tq.task(limits={"concurrency": 5, "rate": "100/m", "by": "customer"})
    def bill(customer: str) -> None: ...

    assert bill.limits == tq.TypeLimits(concurrency=5, rate=100, per_s=60.0, by="customer")
    assert tq.limits_of("bill") is None, "nothing is stored before a consumer starts"


def test_a_breaker_has_defaults() -> None:
    def read(**rules: Any) -> tq.TypeLimits:
        return in_code.read({"breaker": rules}, (), "t", "t.py:1")

    assert read().breaker == tq.Breaker(0.5, 20, 60.0, 30.0, 3)
    assert read(of=5, pause_s=1).breaker == tq.Breaker(of=5, pause_s=1)


@pytest.mark.parametrize(
    ("rate", "found"),
    [
        ("5/s", (5, 1)), ("100/m", (100, 60)), ("7 / h", (7, 3600)), ("1/d", (1, 86_400)),
        ("5/10s", (5, 10)), ("1000000/s", (1_000_000, 1)),
    ],
)  # fmt: skip
def test_a_rate_is_a_number_and_a_time(rate: str, found: tuple[int, float]) -> None:
    limits = in_code.read({"rate": rate}, (), "t", "t.py:1")
    assert (limits.rate, limits.per_s) == found


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"concurency": 5}, "there is no limit 'concurency'; did you mean 'concurrency'?"),
        ({"x": 5}, "there is no limit 'x'; there are concurrency, rate, by, breaker"),
        ({"concurrency": "5"}, "concurrency='5' is not right: .*; write 5, without the quotes"),
        (
            {"concurrency": 0},
            "concurrency=0 is not right: it takes a whole number from 1 to 1000000",
        ),
        ({"concurrency": True}, "concurrency=True is not right"),
        ({"concurrency": 10**9}, "concurrency=1000000000 is not right"),
        ({"rate": 5}, "rate=5 is not right: it takes a number and a time, such as '5/s'"),
        ({"rate": "0/m"}, "rate='0/m' is not right"),
        ({"rate": "5/0s"}, "rate='5/0s' is not right"),
        ({"rate": "5/week"}, "rate='5/week' is not right"),
        ({"rate": "5/99d"}, "'per': it takes a number of seconds from 0.001 to 86400"),
        ({"rate": "1000001/s"}, "'rate': it takes a whole number from 1 to 1000000"),
        ({"by": "customer"}, "Give at least one of 'concurrency', 'rate', 'breaker'"),
        ({"concurrency": 1, "by": "custmer"}, "by='custmer' .*; did you mean 'customer'?"),
        ({"concurrency": 1, "by": 7}, "by=7 is not right: it takes a parameter of the function"),
        ({"breaker": 5}, "breaker=5 is not right: it takes a dict such as"),
        ({"breaker": {"failure": 1}}, "no rule of a breaker 'failure'; did you mean 'failures'?"),
        ({"breaker": {"failures": 2}}, "failures=2 is not right: it takes a number from 0.01 to 1"),
        ({"breaker": {"of": 2.5}}, "of=2.5 is not right: it takes a whole number from 1 to 1000"),
        ({}, "it takes a dict such as"),
        ("5/m", "limits='5/m' is not right: it takes a dict such as"),
    ],
    ids=str,
)
def test_limits_that_cannot_be_are_refused_at_import(limits: Any, why: str) -> None:
    with pytest.raises(tq.InvalidTaskType, match=why) as refused:

        @tq.task(limits=limits)
        def bill(customer: str) -> None: ...

    line = str(refused.value)
    assert "test_in_code.py:" in line and "limits of task type 'bill': " in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"rate": "100/m"}, "'rate' is a whole number .*: for 100/m give 100 and 60"),
        ({"concurrency": "5"}, "'concurrency': it takes .*; write 5, without the quotes"),
        ({"rate": 5, "per_s": "1m"}, "'per': it takes a number of seconds"),
        ({"rate": 1.5}, "'rate': it takes a whole number"),
        ({"rate": 5, "by": 7}, "'by' is the name of a field"),
        ({"breaker": tq.Breaker(within_s=cast(float, "1m"))}, "'within_s': it takes a number"),
    ],
    ids=str,
)
def test_an_operator_s_limits_of_a_wrong_type_are_refused(limits: Any, why: str) -> None:
    """Most of them raised a TypeError of the checks themselves."""
    with pytest.raises(tq.InvalidQuery, match=why):
        tq.set_limits("echo", tq.TypeLimits(**limits), ADA)


def test_an_operator_goes_before_the_code_and_back() -> None:
    declared.apply(BROKERS, {"echo": FIVE})
    assert tq.limits_of("echo") == FIVE
    tq.set_limits("echo", tq.TypeLimits(rate=1), ADA)
    declared.apply(BROKERS, {"echo": tq.TypeLimits(concurrency=6)})
    stored = tq.stored_limits("echo")
    assert (stored.now, stored.source) == (tq.TypeLimits(rate=1), "operator")
    tq.set_limits("echo", None, ADA)
    assert tq.limits_of("echo") == tq.TypeLimits(concurrency=6)


def test_what_code_declares_no_more_goes_and_other_types_stay() -> None:
    declared.apply(BROKERS, {"echo": FIVE, "of_another_deploy": FIVE})
    tq.set_limits("add", FIVE, ADA)
    declared.apply(BROKERS, {"echo": None, "add": None})
    assert tq.stored_limits("echo") == tq.StoredLimits()
    assert tq.limits_of("add") == FIVE
    left = set(tq.default.broker.redis.hkeys(limit_keys.limits()))
    assert left == {b"of_another_deploy", b"add"}


def test_a_deploy_with_other_queues_counts_over_those() -> None:
    before = tq.TypeLimits(concurrency=5, queues=("high", "gone"))
    tq.set_limits("echo", before, ADA)
    declared.apply(BROKERS, {"add": before})
    declared.apply(BROKERS, {"echo": None, "add": FIVE})
    assert (tq.limits_of("echo"), tq.limits_of("add")) == (FIVE, FIVE)
    assert FIVE.queues == ("high", "default", "low")


def test_a_consumer_stores_them_when_it_starts(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("low")
    limits = tq.TypeLimits(concurrency=3, rate=50, per_s=60.0, by="key")
    wait_until(
        lambda: tq.limits_of("kept_to_limits") == limits, description="the limits are stored"
    )
    wait_until(
        lambda: "limits are as the code declares" in consumer.text(), description="it says so"
    )
