"""Publishing events: a task for each subscriber that fits, once for each event."""

from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker.protocol import NewTask
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.invocations import function_types
from huey_tasks.queues import BROKERS

SETTINGS = """
[ships]
events = [{source = ["shop.orders"], detail = {paid = [true]}}]
[counts]
queue = "low"
events = [{source = [{prefix = "shop."}]}, {type = ["order placed"]}]
[echo]
events = [{source = [{prefix = ""}]}]
[wrong]
events = [{source = [{like = "shop"}]}]
"""


@pytest.fixture(autouse=True)
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ships", "counts", "wrong", "deaf", "echo"):
        (tmp_path / f"{name}.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "functions.toml").write_text(SETTINGS)
    monkeypatch.setattr(function_types, "CATALOGUE", Catalogue([tmp_path]))


def event(**more: Any) -> tq.aws.Event:
    return tq.aws.Event("shop.orders", "order placed", {"paid": True, "n": 1}, **more)


def test_each_subscriber_that_fits_gets_one_task(caplog: pytest.LogCaptureFixture) -> None:
    (started,) = tq.aws.publish_events([event(id="e-1")])
    assert [(each.function, each.queue) for each in started] == [
        ("counts", "low"), ("ships", "default"),
    ]  # fmt: skip
    records = [tq.get_task(each.task_id) for each in started]
    assert [each.task_type for each in records] == ["counts", "ships"]
    assert records[0].payload == records[1].payload
    sent = dict(records[0].payload)
    assert sent.pop("time").endswith("Z")
    assert sent == {
        "version": "0", "id": "e-1", "detail-type": "order placed", "source": "shop.orders",
        "account": "000000000000", "region": "us-east-1", "resources": [],
        "detail": {"paid": True, "n": 1},
    }  # fmt: skip
    assert "[wrong] events: source: there is no 'like'" in caplog.text


def test_the_same_event_again_makes_no_second_task() -> None:
    first = tq.aws.publish_events([event(id="e-1")])
    assert tq.aws.publish_events([event(id="e-1")]) == first
    assert tq.aws.publish_events([event(id="e-2")]) != first
    assert len(tq.list_tasks()) == 4


def test_several_events_and_none_that_fits() -> None:
    other = tq.aws.Event("elsewhere", "nothing", {})
    paid, none, unpaid = tq.aws.publish_events(
        [event(), other, tq.aws.Event("shop.orders", "x", {"paid": False})]
    )
    assert ([each.function for each in paid], none) == (["counts", "ships"], [])
    assert [each.function for each in unpaid] == ["counts"]


def test_a_draining_queue_refuses() -> None:
    tq.drain("low")
    with pytest.raises(tq.QueueDraining):
        tq.aws.publish_events([event()])
    tq.aws.publish_events([event()], depth=1)  # out of a function, which could not end otherwise


def test_a_queue_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts, calls = BROKERS["low"].scripts, list[int]()
    submit = scripts.submit

    def counted(queue: str, new: list[NewTask], **options: bool) -> Any:
        calls.append(len(new))
        return submit(queue, new, may_refuse=options["may_refuse"])

    monkeypatch.setattr(scripts, "submit", counted)
    tq.aws.publish_events([event() for _ in range(10)])
    assert calls == [10]


WORDS = {
    "ERROR": ["ERROR one", "an ERROR two"],
    "ERROR two": ["an ERROR two"],
    '"ERROR one"': ["ERROR one"],
    "?one ?three": ["ERROR one", "three"],
    "ERROR -two": ["ERROR one"],
    "": ["ERROR one", "an ERROR two", "three"],
}


@pytest.mark.parametrize("pattern", WORDS)
def test_a_filter_of_words(pattern: str) -> None:
    matches = tq.aws.log_matcher(pattern)
    assert list(filter(matches, ["ERROR one", "an ERROR two", "three"])) == WORDS[pattern]


def test_another_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="patterns of words"):
        tq.aws.log_matcher("{ $.level = 1 }")


def test_settings_that_are_half_saved_take_no_event_away(tmp_path: Path) -> None:
    file = tmp_path / "functions.toml"
    (complete,) = tq.aws.publish_events([event(id="e-1")])

    for half in (SETTINGS[:-20], SETTINGS + "[counts", "\0"):
        file.write_text(half)
        (started,) = tq.aws.publish_events([event()])
        assert [each.function for each in started] == [each.function for each in complete]


def test_as_long_as_no_subscription_is_known_nothing_is_published(tmp_path: Path) -> None:
    """An event that nobody gets would be lost, and its publisher would never hear of it."""
    file = tmp_path / "functions.toml"
    file.write_text(SETTINGS[:-20])
    with pytest.raises(tq.QueueUnavailable, match=r"is not known: functions\.toml: "):
        tq.aws.publish_events([event()])

    file.write_text(SETTINGS)
    assert len(tq.aws.publish_events([event()])[0]) == 2


def test_a_mistake_in_another_setting_takes_no_event_away(tmp_path: Path) -> None:
    file = tmp_path / "functions.toml"
    file.write_text(SETTINGS.replace("[ships]", "[ships]\ntimeout = 0"))
    (started,) = tq.aws.publish_events([event()])
    assert [each.function for each in started] == ["counts", "ships"]
