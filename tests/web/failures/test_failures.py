"""Failures, attempts and explanations over HTTP."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker.protocol import Cause
from tests.engine.helpers import HandWorker, commit, submit
from tests.web.conftest import email_body

CAUSE = Cause("a" * 16, "ValueError", "shop.py:pay", "<b>no card #</b>")


def fail(cause: Cause = CAUSE) -> str:
    task_id = submit("echo", value=1)
    worker = HandWorker(f"default@vm/{task_id[:4]}/aa")
    done = commit(worker.claim(), "FAILURE", reason="ValueError('no card 7')", cause=cause)
    worker.step(done, want=0)
    return task_id


def test_failures_are_listed_by_their_cause(client: FlaskClient) -> None:
    fail()
    last = fail()
    found = client.get("/api/failures").get_json()
    (group,) = found["groups"]
    times = {name: group.pop(name) for name in ("first_seen", "last_seen")}
    assert times["first_seen"] <= times["last_seen"]
    trend = group.pop("trend")
    assert (len(trend), sum(trend)) == (24, 2)
    assert group == {
        "fingerprint": CAUSE.fingerprint,
        "error_type": "ValueError",
        "message": "<b>no card #</b>",
        "frame": "shop.py:pay",
        "task_types": ["echo"],
        "queues": ["default"],
        "count": 2,
        "retryable": 2,
        "sample_task_id": last,
        "sample_error": "ValueError('no card 7')",
        "sample_traceback": None,
    }
    assert found["ungrouped"] == 0
    one = client.get(f"/api/failures/{CAUSE.fingerprint}").get_json()
    assert one == {**group, **times, "trend": trend}
    for query in ("queue=high", "type=other"):
        assert client.get(f"/api/failures?{query}").get_json()["groups"] == []
    assert client.get("/api/failures?queue=default&type=echo&limit=1").get_json() == {
        "groups": [one],
        "ungrouped": 0,
    }


def test_a_few_of_a_group_are_retried_and_then_the_rest(client: FlaskClient) -> None:
    ids = [fail() for _ in range(3)]
    other = fail(Cause("b" * 16, "KeyError", "", ""))
    path = f"/api/failures/{CAUSE.fingerprint}/retry"
    trial = client.post(path, json={"limit": 1, "reason": "is it mended?"}).get_json()
    operation_id = trial.pop("operation_id")
    assert trial == {"fingerprint": CAUSE.fingerprint, "retried": 1, "left": 2}
    rest = client.post(path, json={"limit": None, "operation_id": operation_id}).get_json()
    assert rest == {**trial, "retried": 2, "left": 0, "operation_id": operation_id}
    tasks = {task_id: client.get(f"/api/tasks/{task_id}").get_json() for task_id in (*ids, other)}
    assert [bool(tasks[task_id]["retried_as"]) for task_id in (*ids, other)] == [True] * 3 + [False]
    assert client.post(path, json={}).get_json()["retried"] == 0
    q = f"cause:{CAUSE.fingerprint}"
    found = client.get("/api/tasks", query_string={"q": q}).get_json()["tasks"]
    assert {task["task_id"] for task in found} == set(ids)
    assert all(task["cause"] == CAUSE.fingerprint for task in found)


@pytest.mark.parametrize("kind", [None, "application/json", "application/x-www-form-urlencoded"])
def test_a_retry_without_a_body_is_one_of_the_whole_group(
    client: FlaskClient, kind: str | None
) -> None:
    for _ in range(2):
        fail()
    path = f"/api/failures/{CAUSE.fingerprint}/retry"
    answer = client.post(path, content_type=kind)
    assert (answer.status_code, answer.get_json()["retried"]) == (200, 2), answer.get_json()


def test_a_retry_whose_body_is_a_form_is_a_415(client: FlaskClient) -> None:
    fail()
    answer = client.post(f"/api/failures/{CAUSE.fingerprint}/retry", data={"limit": "1"})
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")
    assert client.get(f"/api/failures/{CAUSE.fingerprint}").get_json()["retryable"] == 1


@pytest.mark.parametrize("fingerprint", ["c" * 16, "x", "%00", "*", "a" * 300])
def test_an_unknown_group_is_a_404(client: FlaskClient, fingerprint: str) -> None:
    fail()
    for answer in (
        client.get(f"/api/failures/{fingerprint}"),
        client.post(f"/api/failures/{fingerprint}/retry", json={}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (404, "failures_not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"limit": 0}, "/limit"),
        ({"limit": "5"}, "/limit"),
        ({"limit": True}, "/limit"),
        ({"reason": "x" * 501}, "/reason"),
        ({"operation_id": "x"}, None),
        ({"all": True}, "/all"),
    ],
)
def test_a_retry_that_does_not_fit_changes_nothing(
    client: FlaskClient, body: dict[str, Any], pointer: str | None
) -> None:
    fail()
    answer = client.post(f"/api/failures/{CAUSE.fingerprint}/retry", json=body)
    assert answer.status_code in (404, 422)
    if pointer is not None:
        assert answer.get_json()["errors"][0]["pointer"] == pointer
    assert client.get(f"/api/failures/{CAUSE.fingerprint}").get_json()["retryable"] == 1


@pytest.mark.parametrize("query", ["queue=none", "limit=0", "limit=501", "limit=x", "color=red"])
def test_what_cannot_be_asked_of_failures_is_a_422(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/failures?{query}").status_code == 422


def test_a_wrong_cause_in_a_search_says_what_it_takes(client: FlaskClient) -> None:
    problem = client.get("/api/tasks?q=cause:nothing").get_json()
    assert problem["errors"][0]["message"] == "'cause:' takes a fingerprint, 16 hex digits."


def test_another_site_cannot_retry(client: FlaskClient) -> None:
    fail()
    path = f"/api/failures/{CAUSE.fingerprint}/retry"
    answer = client.post(path, json={}, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 403


def test_a_task_shows_its_attempts_and_its_cause(client: FlaskClient) -> None:
    task_id = fail()
    task = client.get(f"/api/tasks/{task_id}").get_json()
    (attempt,) = task["attempts"]
    assert task["cause"] == CAUSE.fingerprint
    assert attempt.pop("started_at") == task["started_at"]
    assert attempt.pop("ended_at") == task["finished_at"]
    assert attempt == {
        "attempt": 1,
        "state": "FAILURE",
        "worker": task["worker"],
        "error": "ValueError('no card 7')",
        "traceback": None,
        "receipt": None,
    }


def test_a_task_that_waits_is_explained(client: FlaskClient) -> None:
    task_id = client.post("/api/tasks/submit", json=email_body()).get_json()["task_id"]
    tq.pause("high")
    found = client.get(f"/api/tasks/{task_id}/explain").get_json()
    reasons = found.pop("reasons")
    assert found == {
        "task_id": task_id,
        "status": "PENDING",
        "summary": "Queue high is paused: it starts no tasks.",
        "position": 1,
        "estimated_start_at": None,
        "estimate": "No estimate: its queue is paused.",
    }
    assert [reason["code"] for reason in reasons] == ["queue_paused", "no_consumer", "next"]
    assert reasons[0] == {
        "code": "queue_paused", "text": found["summary"], "due_at": None, "workers": [],
        "name": None, "task_id": None, "worker": None, "ahead": None, "by": None,
        "since": reasons[0]["since"],
    }  # fmt: skip


@pytest.mark.parametrize("task_id", ["x", "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"])
def test_an_unknown_task_is_not_explained(client: FlaskClient, task_id: str) -> None:
    answer = client.get(f"/api/tasks/{task_id}/explain")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "task_not_found")


def test_the_inspector_has_them_too(client: FlaskClient, inspector: FlaskClient) -> None:
    task_id = fail()
    assert json.loads(inspector.get("/api/failures").data)["groups"]
    assert inspector.get(f"/api/tasks/{task_id}/explain").get_json()["status"] == "FAILURE"
