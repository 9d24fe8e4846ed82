"""Patterns of events: the forms of EventBridge's documentation, and mistakes in them."""

from typing import Any

import pytest

from huey_tasks.invocations.patterns import fits, problem_of

EVENT: dict[str, Any] = {
    "source": "shop.orders",
    "type": "order placed",
    "detail": {
        "state": "running", "price": 19.5, "count": 3, "paid": True, "note": None, "ip": "10.0.0.7",
        "tags": ["new", "gift"], "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}],
        "file": "Photo.PNG", "empty": [], "to": {"city": "Bonn"},
    },
}  # fmt: skip

FIT = [
    {"source": ["shop.orders"]},
    {"source": ["other", "shop.orders"], "type": ["order placed"]},
    {"source": [{"prefix": "shop."}]},
    {"detail": {"state": ["running"], "paid": [True], "note": [None], "count": [3.0]}},
    {"detail": {"tags": ["gift"]}},
    {"detail": {"tags": [{"prefix": "ne"}]}},
    {"detail": {"lines": {"sku": ["b"], "n": [2]}}},
    {"detail": {"to": {"city": [{"equals-ignore-case": "bonn"}]}}},
    {"detail": {"file": [{"suffix": ".PNG"}]}},
    {"detail": {"file": [{"suffix": {"equals-ignore-case": ".png"}}]}},
    {"detail": {"file": [{"wildcard": "P*.P*G"}]}},
    {"detail": {"state": [{"anything-but": "stopped"}]}},
    {"detail": {"state": [{"anything-but": ["stopped", "gone"]}]}},
    {"detail": {"state": [{"anything-but": {"prefix": "st"}}]}},
    {"detail": {"count": [{"anything-but": [4]}]}},
    {"detail": {"price": [{"numeric": [">", 0, "<=", 19.5]}]}},
    {"detail": {"count": [{"numeric": ["=", 3]}]}},
    {"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}},
    {"detail": {"state": [{"exists": True}], "gone": [{"exists": False}]}},
    {"detail": {"gone": {"deep": [{"exists": False}]}}},
    {"detail": {"$or": [{"state": ["stopped"]}, {"price": [{"numeric": ["<", 20]}]}]}},
]

DO_NOT_FIT = [
    {"source": ["shop"]},
    {"detail": {"state": ["running"], "count": [4]}},
    {"detail": {"count": ["3"]}},
    {"detail": {"paid": [1]}},
    {"detail": {"count": [True]}},
    {"detail": {"gone": [None]}},
    {"detail": {"lines": {"sku": ["a"], "n": [2]}}},
    {"detail": {"gone": [{"anything-but": "x"}]}},
    {"detail": {"state": [{"anything-but": {"prefix": "run"}}]}},
    {"detail": {"price": [{"numeric": [">", 0, "<", 19.5]}]}},
    {"detail": {"paid": [{"numeric": ["=", 1]}]}},
    {"detail": {"state": [{"numeric": [">", 0]}]}},
    {"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}},
    {"detail": {"state": [{"cidr": "10.0.1.0/24"}]}},
    {"detail": {"state": [{"exists": False}]}},
    {"detail": {"to": [{"exists": True}]}},
    {"detail": {"file": [{"wildcard": "*.png"}]}},
    {"detail": {"empty": ["x"]}},
    {"detail": {"$or": [{"state": ["stopped"]}, {"count": [9]}]}},
]


@pytest.mark.parametrize("pattern", FIT)
def test_it_fits(pattern: dict[str, Any]) -> None:
    assert problem_of(pattern) is None
    assert fits(pattern, EVENT)


@pytest.mark.parametrize("pattern", DO_NOT_FIT)
def test_it_does_not_fit(pattern: dict[str, Any]) -> None:
    assert problem_of(pattern) is None
    assert not fits(pattern, EVENT)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"source": "a"}, "source needs a list"),
    ({"detail": {"a": []}}, "detail.a needs a list"),
    ({"detail": {"a": [["b"]]}}, "detail.a holds a list in its list"),
    ({"detail": {"a": [{"like": "b"}]}}, "detail.a: there is no 'like'"),
    ({"detail": {"a": [{"prefix": "b", "suffix": "c"}]}}, "has one key"),
    ({"detail": {"a": [{"prefix": 1}]}}, "this is no prefix"),
    ({"detail": {"a": [{"exists": "yes"}]}}, "this is no exists"),
    ({"detail": {"a": [{"numeric": [">"]}]}}, "this is no numeric"),
    ({"detail": {"a": [{"numeric": ["~", 1]}]}}, "this is no numeric"),
    ({"detail": {"a": [{"numeric": [[], 1]}]}}, "this is no numeric"),
    ({"detail": {"a": [{"anything-but": []}]}}, "this is no anything-but"),
    ({"detail": {"a": [{"anything-but": {}}]}}, "this is no anything-but"),
    ({"detail": {"a": [{"cidr": "10.0.0.0/99"}]}}, "this is no cidr"),
    ({"detail": {"$or": [{"a": ["b"]}]}}, "$or needs a list of two"),
    ({"detail": {"$or": [1, 2]}}, "$or holds patterns"),
]


@pytest.mark.parametrize(("pattern", "said"), MISTAKES)
def test_a_mistake_is_named(pattern: dict[str, Any], said: str) -> None:
    assert said in (problem_of(pattern) or "")
