"""The limits of task types over HTTP."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import limit_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.changes import ChangeScripts
from huey_tasks.limits import declared
from huey_tasks.queues import BROKERS
from huey_tasks.records import type_limits
from tests.engine.broker.test_breaker import end, end_claim, new_worker, pause_is_over
from tests.engine.helpers import submit
from tests.waiting import wait_until

PATH = "/api/task-types/echo/limits"
NO_LIMITS = dict.fromkeys(("concurrency", "rate", "per", "by", "breaker", "fair_by"))
NONE = {"task_type": "echo", "source": None, "declared": None, "breakers": [], **NO_LIMITS,
        "updated_at": None}  # fmt: skip
#: What an operator has set.
OF_ADA = {**NONE, "source": "operator", "updated_at": ANY}
#: The breaker of a type that has not run.
CLOSED = {"value": None, "state": "closed", "failed": 0, "of": 0, "until": None, "succeeded": 0}


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    yield
    tq.set_limits("echo", None)  # which closes its breakers
    tq.default.broker.redis.delete(limit_keys.limits())


def test_they_are_set_read_and_taken_away(client: FlaskClient) -> None:
    assert client.get(PATH).get_json() == NONE
    limits = {"concurrency": 2, "rate": 100, "per": 60, "by": "value"}
    answer = client.put(PATH, json={**limits, "reason": "asked for"})
    now = {**OF_ADA, **limits}
    assert (answer.status_code, answer.get_json()) == (200, now)
    assert client.get(PATH).get_json() == answer.get_json()
    assert client.delete(PATH).status_code == 204
    assert client.get(PATH).get_json() == NONE
    entries = client.get("/api/audit").get_json()["entries"]
    assert [(one["action"], one["target"], one["count"]) for one in entries] == [
        ("limit", "echo", 1)
    ] * 2


def test_a_breaker_is_set_with_its_defaults_and_read(client: FlaskClient) -> None:
    defaults = {"failures": 0.5, "of": 20, "within_s": 60.0, "pause_s": 30.0, "tries": 3}
    answer = client.put(PATH, json={"breaker": {}})
    assert answer.get_json() == {
        **OF_ADA,
        "breaker": defaults,
        "breakers": [CLOSED],
    }
    own = {"failures": 1, "of": 5, "within_s": 2.5, "pause_s": 0.5, "tries": 1}
    assert client.put(PATH, json={"breaker": own}).get_json()["breaker"] == own
    assert client.get(PATH).get_json()["breaker"] == own


def test_fair_turns_are_set_and_read(client: FlaskClient) -> None:
    answer = client.put(PATH, json={"fair_by": "value"})
    assert answer.get_json() == {**OF_ADA, "fair_by": "value"}
    tasks = [submit("echo", value=value) for value in ("a", "a", "b")]
    said = client.get(f"/api/tasks/{tasks[1]}/explain").get_json()["reasons"]
    turn = next(one for one in said if one["code"] == "fair_turn")
    assert turn["text"] == "Tasks of 'echo' take turns by 'value'."
    client.delete(PATH)


def test_the_state_of_a_breaker_is_read(client: FlaskClient) -> None:
    rules = {"failures": 0.5, "of": 4, "within_s": 60, "pause_s": 60, "tries": 2}
    client.put(PATH, json={"breaker": rules})

    def state() -> Any:
        (found,) = client.get(PATH).get_json()["breakers"]
        return found

    for ending in ("SUCCESS", "SUCCESS", "FAILURE"):
        end(ending)
    assert state() == {**CLOSED, "failed": 1, "of": 3}
    end("FAILURE")
    opened = state()
    assert (opened["state"], opened["failed"], opened["of"]) == ("open", 2, 4)
    assert opened["until"] is not None
    pause_is_over()
    submit("echo")
    end_claim(new_worker().claim(), "SUCCESS")
    assert state() == {**CLOSED, "state": "half_open", "failed": 2, "of": 4, "succeeded": 1}
    submit("echo")
    end_claim(new_worker().claim(), "FAILURE")
    again = state()
    assert (again["state"], again["failed"], again["of"]) == ("open", 1, 2)
    client.put(PATH, json={"breaker": rules, "by": "value"})
    assert client.get(PATH).get_json()["breakers"] == [], "those of values are listed while open"


def test_the_breakers_of_values_are_listed_unless_they_are_closed(client: FlaskClient) -> None:
    rules = {"failures": 1, "of": 1, "within_s": 60, "pause_s": 60, "tries": 2}
    client.put(PATH, json={"breaker": rules, "by": "value"})
    for value in ("a b", 7, "x" * 100):
        end("FAILURE", value=value)
    end("SUCCESS", value="fine")
    shown = client.get(PATH).get_json()["breakers"]
    assert {(one["state"], one["failed"], one["of"]) for one in shown} == {("open", 1, 1)}
    values = {one["value"] for one in shown}
    assert values > {'"a b"', "7"} and {len(value) for value in values} == {5, 1, 40}
    client.delete(PATH)


def test_those_of_the_code_hold_unless_an_operator_sets_others(client: FlaskClient) -> None:
    of_code = {**NO_LIMITS, "concurrency": 5, "by": "value"}
    declared.apply(BROKERS, {"echo": tq.TypeLimits(concurrency=5, by="value")})
    in_code = {**OF_ADA, "source": "code", "declared": of_code, **of_code}
    assert client.get(PATH).get_json() == in_code
    set_by_ada = client.put(PATH, json={"concurrency": 1}).get_json()
    assert set_by_ada == {**in_code, "source": "operator", "concurrency": 1, "by": None}
    client.delete(PATH)
    assert client.get(PATH).get_json() == in_code


def test_those_of_a_type_that_no_code_has_any_more_are_read_and_taken_away(
    client: FlaskClient,
) -> None:
    """Its limits came into force again with a later type of that name; nobody could see them."""
    path = "/api/task-types/of_yesterday/limits"
    assert client.get(path).status_code == client.delete(path).status_code == 404
    declared.apply(BROKERS, {"of_yesterday": tq.TypeLimits(5)})
    declared.store(BROKERS, "of_yesterday", tq.TypeLimits(1), "operator")
    queue, scripts = tq.high.name, tq.high.broker.scripts
    scripts.heartbeat(queue, "high@vm", '{"workers": []}', 1)

    found = client.get(path).get_json()
    assert (found["concurrency"], found["declared"]["concurrency"]) == (1, 5)
    assert client.put(path, json={"concurrency": 2}).status_code == 404

    scripts.knows(queue, "high@vm", ["of_yesterday"])
    assert client.delete(path).status_code == 204
    assert client.get(path).get_json()["source"] == "code", "a consumer has its code"

    scripts.leave(queue, "high@vm")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    entries = client.get("/api/audit").get_json()["entries"]
    assert [entry["target"] for entry in entries] == ["of_yesterday"] * 2


def test_limits_that_have_not_seen_the_last_ones_are_a_409(client: FlaskClient) -> None:
    seen = client.put(PATH, json={"concurrency": 1}).get_json()["updated_at"]
    theirs = client.put(PATH, json={"concurrency": 2, "if_updated_at": seen}).get_json()

    answer = client.put(PATH, json={"rate": 3, "if_updated_at": seen})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "changed_meanwhile")
    assert client.get(PATH).get_json() == theirs
    again = {"rate": 3, "if_updated_at": theirs["updated_at"]}
    last = client.put(PATH, json=again).get_json()
    assert (last["rate"], last["concurrency"]) == (3, None)
    client.delete(PATH)
    gone = client.put(PATH, json={"rate": 4, "if_updated_at": last["updated_at"]})
    assert (gone.status_code, client.get(PATH).get_json()) == (409, NONE)


def test_of_two_who_set_the_first_limits_one_hears_of_the_other(client: FlaskClient) -> None:
    seen = client.get(PATH).get_json()["updated_at"]
    first = client.put(PATH, json={"concurrency": 1, "if_updated_at": seen}).get_json()
    answer = client.put(PATH, json={"concurrency": 2, "if_updated_at": seen})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "changed_meanwhile")
    assert client.get(PATH).get_json() == first
    with pytest.raises(tq.ChangedMeanwhile):
        tq.set_limits("echo", tq.TypeLimits(3), if_updated_at=None)
    assert client.put(PATH, json={"concurrency": 4}).get_json()["concurrency"] == 4
    client.delete(PATH)
    tq.set_limits("echo", tq.TypeLimits(5), if_updated_at=tq.stored_limits("echo").updated_at)
    assert tq.limits_of("echo") == tq.TypeLimits(5)


@pytest.mark.parametrize("newer", [tq.TypeLimits(9), None], ids=["set", "removed"])
def test_a_consumer_that_starts_puts_no_older_limits_in_the_place_of_newer_ones(
    monkeypatch: pytest.MonkeyPatch, newer: tq.TypeLimits | None
) -> None:
    """An operator sets them between its look and its script; it has other queues."""
    tq.set_limits("echo", tq.TypeLimits(1, queues=("high", "gone")))
    read_all = type_limits.read_all

    def read_before_they_are_set(broker: Broker) -> dict[str, tq.StoredLimits]:
        stored = read_all(broker)
        tq.set_limits("echo", newer)
        return stored

    monkeypatch.setattr(type_limits, "read_all", read_before_they_are_set)
    declared.apply(BROKERS, {"echo": None})
    assert tq.limits_of("echo") == newer


def _scripts() -> ChangeScripts:
    return ChangeScripts(BROKERS.first.scripts)


def test_limits_of_the_code_are_seen_as_those_of_an_operator(client: FlaskClient) -> None:
    def deploy(concurrency: int) -> str:
        declared.apply(BROKERS, {"echo": tq.TypeLimits(concurrency)})
        return client.get(PATH).get_json()["updated_at"]

    first = deploy(5)
    assert deploy(5) == first < deploy(6)
    stale = client.put(PATH, json={"concurrency": 1, "if_updated_at": first})
    assert stale.status_code == 409
    theirs = client.put(PATH, json={"concurrency": 1}).get_json()["updated_at"]
    # What the code says below an operator's limits is not what holds, nor are other queues limits.
    limits = tq.TypeLimits(1, queues=("high", "gone"))
    _scripts().limits(BROKERS.first.name, "echo", limits.as_json(), "operator")
    assert deploy(7) == theirs


def test_an_operator_who_has_seen_the_limits_of_the_code_may_replace_them(
    client: FlaskClient,
) -> None:
    declared.apply(BROKERS, {"echo": tq.TypeLimits(5)})
    seen = client.get(PATH).get_json()["updated_at"]
    body = {"concurrency": 1, "if_updated_at": seen}
    assert client.put(PATH, json=body).get_json()["concurrency"] == 1


def test_limits_of_one_millisecond_are_told_apart() -> None:
    """A clock that has gone back gives the same time as well."""
    tq.set_limits("echo", tq.TypeLimits(1))
    ahead_ms = BROKERS.now_ms() + 60_000
    stored = json.loads(BROKERS.first.redis.hget(limit_keys.limits(), "echo"))
    stored["operator"]["updated_at"] = ahead_ms
    BROKERS.first.redis.hset(limit_keys.limits(), "echo", json.dumps(stored))
    tq.set_limits("echo", tq.TypeLimits(2))
    assert int(_seen_ms()) > ahead_ms


def test_limits_whose_answer_was_lost_are_answered_the_same_when_sent_again() -> None:
    tq.set_limits("echo", tq.TypeLimits(1))
    text, seen_ms = tq.TypeLimits(2).as_json(), _seen_ms()

    def send(request: str) -> bool:
        return _scripts().limits(
            BROKERS.first.name, "echo", text, "operator", request, seen=seen_ms
        )

    assert [send("mine"), send("mine"), send("other")] == [True, True, False]
    assert tq.limits_of("echo") == tq.TypeLimits(2)


def test_limits_that_were_removed_are_removed_when_the_answer_was_lost() -> None:
    declared.apply(BROKERS, {"echo": tq.TypeLimits(5)})
    tq.set_limits("echo", tq.TypeLimits(1))

    def remove(seen: str) -> bool:
        return _scripts().limits(BROKERS.first.name, "echo", "", "operator", "mine", seen=seen)

    first = _seen_ms()
    assert [remove(first), remove(first)] == [True, True]
    assert tq.limits_of("echo") == tq.TypeLimits(5)
    wait_until(lambda: BROKERS.now_ms() > int(first), description="others have another time")
    tq.set_limits("echo", tq.TypeLimits(2))
    assert not remove(first), "somebody has set others"
    assert tq.limits_of("echo") == tq.TypeLimits(2)


def _seen_ms() -> str:
    seen = tq.stored_limits("echo").updated_at
    assert seen is not None
    return str(round(seen.timestamp() * 1000))


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (PATH, {}, 422, "invalid_request"),
        (PATH, {"rate": 0}, 422, "invalid_request"),
        (PATH, {"concurrency": 1.5}, 422, "invalid_request"),
        (PATH, {"concurrency": 1, "per": "60"}, 422, "invalid_request"),
        (PATH, {"limit": 1}, 422, "invalid_request"),
        (PATH, {"breaker": {"failures": 1.01}}, 422, "invalid_request"),
        (PATH, {"breaker": {"failures": 0}}, 422, "invalid_request"),
        (PATH, {"breaker": {"of": 10**30}}, 422, "invalid_request"),
        (PATH, {"breaker": {"tries": 2.5}}, 422, "invalid_request"),
        (PATH, {"breaker": {"share": 0.5}}, 422, "invalid_request"),
        (PATH, {"breaker": 0.5}, 422, "invalid_request"),
        (PATH, {"rate": 1, "by": "none_such"}, 422, "invalid_request"),
        (PATH, {"fair_by": "none_such"}, 422, "invalid_request"),
        (PATH, {"fair_by": 7}, 422, "invalid_request"),
        ("/api/task-types/none_such/limits", {"rate": 1}, 404, "task_type_not_found"),
    ],
)
def test_wrong_ones_are_refused(
    client: FlaskClient, path: str, body: Any, status: int, code: str
) -> None:
    answer = client.put(path, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


@pytest.mark.parametrize("field", ["concurrency", "rate", "per"])
def test_a_text_for_a_number_is_refused_with_what_to_write(client: FlaskClient, field: str) -> None:
    """Code has "100/m" for a rate; over HTTP that was only "Input should be a valid integer"."""
    answer = client.put(PATH, json={"concurrency": 1, field: "100/m"}).get_json()
    [error] = answer["errors"]
    assert (error["pointer"], error["message"][: len(field) + 6]) == (f"/{field}", f"'{field}' is ")
    if field == "rate":
        assert error["message"].endswith("for 100/m write 100 and 60")


def test_so_is_one_for_a_number_of_a_breaker(client: FlaskClient) -> None:
    texts = {"failures": "50%", "of": "20", "within_s": "1m", "pause_s": "30s", "tries": "3"}
    errors = client.put(PATH, json={"breaker": texts}).get_json()["errors"]
    for field, error in zip(texts, errors, strict=True):
        assert error["pointer"] == f"/breaker/{field}"
        assert error["message"].startswith(f"'{field}' is a "), error
    [error] = client.put(PATH, json={"breaker": "50%"}).get_json()["errors"]
    assert error["message"] == "'breaker' is an object, {} for the usual one"
