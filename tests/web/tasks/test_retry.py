"""Tasks that ended badly, over HTTP: looked at, and submitted once more."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.engine.helpers import HandWorker, commit, release
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until
from tests.web.conftest import email_body

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def submit(client: FlaskClient) -> str:
    answer = client.post("/api/tasks/submit", json=email_body(priority="default"))
    return answer.get_json()["task_id"]


def set_aside(client: FlaskClient, reason: str) -> str:
    """A task that a worker could do nothing with; within a millisecond the order of two is any."""
    task_id = submit(client)
    worker = HandWorker(f"hand-{task_id}")
    worker.step(commit(worker.claim(), "DEAD", reason=reason), want=0)
    begun = clock_ms()
    wait_until(lambda: clock_ms() > begun, description="the next millisecond")
    return task_id


def retry(client: FlaskClient, task_id: str) -> dict[str, Any]:
    answer = client.post(f"/api/tasks/{task_id}/retry")
    assert answer.status_code == 202, answer.get_json()
    assert answer.headers["Location"] == f"/api/tasks/{answer.get_json()['task_id']}"
    return answer.get_json()


def test_a_retry_is_a_new_task_that_knows_the_old_one(client: FlaskClient) -> None:
    old_id = submit(client)
    client.delete(f"/api/tasks/{old_id}/cancel")

    reply = retry(client, old_id)

    new_id = reply["task_id"]
    assert reply == {
        "task_id": new_id,
        "status": "PENDING",
        "priority": "default",
        "retry_of": old_id,
        "message": "Task 'send_email' queued again on 'default' queue.",
    }
    old, new = (client.get(f"/api/tasks/{one}").get_json() for one in (old_id, new_id))
    assert (old["status"], old["retried_as"], old["retry_of"]) == ("REVOKED", new_id, None)
    assert (new["status"], new["retried_as"], new["retry_of"]) == ("PENDING", None, old_id)
    assert (new["payload"], new["attempt"]) == (old["payload"], 0)


def test_a_retry_asked_for_twice_is_one_task_and_tells_how_it_is(client: FlaskClient) -> None:
    old_id = submit(client)
    client.delete(f"/api/tasks/{old_id}/cancel")
    first = retry(client, old_id)
    client.delete(f"/api/tasks/{first['task_id']}/cancel")

    assert retry(client, old_id) == {
        **first,
        "status": "REVOKED",
        "message": "It was submitted again before, as this task, which is REVOKED.",
    }
    assert len(client.get("/api/tasks").get_json()["tasks"]) == 2


def test_what_waits_or_has_succeeded_is_not_retried(client: FlaskClient) -> None:
    task_id, worker = submit(client), HandWorker()
    waiting = client.post(f"/api/tasks/{task_id}/retry")
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    done = client.post(f"/api/tasks/{task_id}/retry")

    assert [(answer.status_code, answer.get_json()["code"]) for answer in (waiting, done)] == [
        (409, "task_not_retryable")
    ] * 2
    assert len(client.get("/api/tasks").get_json()["tasks"]) == 1


@pytest.mark.parametrize("task_id", [UNKNOWN, "x", UNKNOWN.upper()])
def test_an_unknown_task_is_not_retried(client: FlaskClient, task_id: str) -> None:
    answer = client.post(f"/api/tasks/{task_id}/retry")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "task_not_found")


def test_another_site_cannot_retry(client: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example"}
    assert client.post(f"/api/tasks/{UNKNOWN}/retry", headers=headers).status_code == 403


def test_what_was_set_aside_is_listed_with_its_reason_until_it_is_retried(
    client: FlaskClient,
) -> None:
    ids = [set_aside(client, f"reason {number}") for number in range(2)]
    client.delete(f"/api/tasks/{submit(client)}/cancel")
    submit(client)

    def listed(query: str = "") -> list[dict[str, Any]]:
        return client.get(f"/api/tasks?set_aside=true{query}").get_json()["tasks"]

    assert [(task["task_id"], task["status"], task["error"]) for task in listed()] == [
        (ids[1], "FAILURE", "reason 1"),
        (ids[0], "FAILURE", "reason 0"),
    ]
    assert [task["task_id"] for task in listed("&limit=1")] == [ids[1]]
    assert listed("&queue=low") == listed("&state=PENDING") == []
    assert len(client.get("/api/tasks?set_aside=false").get_json()["tasks"]) == 4
    assert [queue["set_aside"] for queue in client.get("/api/queues").get_json()["queues"]] == [
        0, 2, 0,
    ]  # fmt: skip
    retry(client, ids[0])
    assert [task["task_id"] for task in listed()] == [ids[1]]


def test_a_cancelled_task_says_whether_its_worker_is_free(client: FlaskClient) -> None:
    task_id, worker = submit(client), HandWorker()

    def confirmed() -> bool | None:
        return client.get(f"/api/tasks/{task_id}").get_json()["stop_confirmed"]

    claim = worker.claim()
    assert confirmed() is None
    client.delete(f"/api/tasks/{task_id}/cancel")
    assert confirmed() is False
    worker.step(commit(claim, "STOPPED"), want=0)
    assert confirmed() is True


def test_a_task_whose_worker_died_is_explained(client: FlaskClient) -> None:
    task_id = submit(client)
    release(HandWorker().claim())
    answer = client.get(f"/api/tasks/{task_id}/explain")
    assert answer.status_code == 200, answer.text
    assert "worker_died" in [each["code"] for each in answer.get_json()["reasons"]]
