"""A full queue over HTTP: 429 with Retry-After, in a bulk item by item, and to a dry run."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import room

ECHO: dict[str, Any] = {"task_type": "echo", "payload": {}}


@pytest.fixture(autouse=True)
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Queue low has one task, and may have no more."""
    bounds = room.as_text(("high", "default", "low"), None, {"low": 1}, 0, 0)
    for queue in tq.QUEUES.values():
        monkeypatch.setattr(queue.broker.scripts, "bounds", bounds)
    tq.submit("echo", {}, priority="low")
    yield
    assert len(tq.list_tasks(queue="low")) == 1


@pytest.mark.parametrize("query", ["", "?dry_run=1"])
def test_a_submit_is_a_429_that_says_when_to_come_back(client: FlaskClient, query: str) -> None:
    answer = client.post(f"/api/tasks/submit{query}", json={**ECHO, "priority": "low"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    problem = answer.get_json()
    assert (problem["code"], problem["title"]) == ("queue_full", "Queue full")
    assert problem["detail"].startswith("1 tasks wait, and queue 'low' takes none from 1 on")
    accepted = client.post(f"/api/tasks/submit{query}", json=ECHO)
    assert accepted.status_code == (200 if query else 202), "another queue has room"


def test_each_task_of_a_bulk_has_its_answer(client: FlaskClient) -> None:
    answer = client.post("/api/tasks/bulk", json=[ECHO, {**ECHO, "priority": "low"}, ECHO])
    assert [item.get("code") for item in answer.get_json()] == [None, "queue_full", None]


def test_its_numbers_and_the_verdict_say_so(client: FlaskClient) -> None:
    queues = client.get("/api/queues").get_json()["queues"]
    assert {one["queue"]: one["refuses"] for one in queues} == {
        "high": None,
        "default": None,
        "low": "queue_full",
    }
    found = {one["code"]: one for one in client.get("/api/verdict").get_json()["conditions"]}
    assert (found["queue_full"]["queues"], found["queue_full"]["number"]) == (["low"], 1)


def test_little_memory_is_said(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = room.as_text(("high", "default", "low"), None, {}, 0.9, 1000)
    for queue in tq.QUEUES.values():
        monkeypatch.setattr(queue.broker.scripts, "bounds", bounds)
    codes = [one["code"] for one in client.get("/api/verdict").get_json()["conditions"]]
    assert "memory_low" in codes and "queue_full" not in codes


def test_it_is_documented(client: FlaskClient) -> None:
    routes = client.get("/openapi.json").get_json()["paths"]
    for path in ("/api/tasks/submit", "/api/functions/{name}/invoke"):
        examples = routes[path]["post"]["responses"]["429"]["content"]["application/problem+json"]
        assert {"queue_full", "memory_low"} <= examples["examples"].keys()
