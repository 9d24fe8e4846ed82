"""Pause, drain, resume and purge over HTTP."""

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import email_body


def test_a_paused_queue_says_so_and_still_takes_tasks(client: FlaskClient) -> None:
    answer = client.post("/api/queues/high/pause")

    assert (answer.status_code, answer.get_json()["paused"]) == (200, True)
    assert [queue["paused"] for queue in client.get("/api/queues").get_json()["queues"]] == [
        True, False, False,
    ]  # fmt: skip
    assert client.post("/api/tasks/submit", json=email_body()).status_code == 202
    resumed = client.post("/api/queues/high/resume").get_json()
    assert resumed.pop("ts")
    assert resumed == {"queue": "high", "paused": False, "draining": False, "purged": 0}


def test_a_draining_queue_takes_no_tasks_and_says_when_to_come_back(client: FlaskClient) -> None:
    client.post("/api/tasks/submit", json=email_body())

    drained = client.post("/api/queues/high/drain").get_json()
    assert drained.pop("ts")
    assert drained == {"queue": "high", "paused": False, "draining": True, "purged": 0}
    refused = client.post("/api/tasks/submit", json=email_body())
    assert (refused.status_code, refused.get_json()["code"]) == (503, "queue_draining")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.post("/api/tasks/submit", json=email_body(priority="low")).status_code == 202
    high, _, low = client.get("/api/queues").get_json()["queues"]
    assert (high["draining"], high["queued"], low["draining"]) == (True, 1, False)
    assert client.post("/api/queues/high/resume").get_json()["draining"] is False
    assert client.post("/api/tasks/submit", json=email_body()).status_code == 202


def test_a_purge_revokes_what_waits_and_says_how_many(client: FlaskClient) -> None:
    ids = [
        client.post("/api/tasks/submit", json=email_body()).get_json()["task_id"] for _ in range(3)
    ]

    assert client.post("/api/queues/high/purge").get_json()["purged"] == 3
    for task_id in ids:
        assert client.get(f"/api/tasks/{task_id}").get_json()["status"] == "REVOKED"


def test_a_purge_keeps_what_came_after_the_look(client: FlaskClient) -> None:
    asked_about, later = (
        client.post("/api/tasks/submit", json=email_body()).get_json()["task_id"] for _ in range(2)
    )

    answer = client.post("/api/queues/high/purge", json={"at_most": 1, "reason": "a typo"})

    assert (answer.status_code, answer.get_json()["purged"]) == (200, 1)
    states = [client.get(f"/api/tasks/{one}").get_json()["status"] for one in (asked_about, later)]
    assert states == ["REVOKED", "PENDING"]
    assert client.post("/api/queues/high/purge", json={"at_most": -1}).status_code == 422


@pytest.mark.parametrize("action", ["pause", "drain", "resume", "purge"])
def test_an_unknown_queue_is_a_404(client: FlaskClient, action: str) -> None:
    answer = client.post(f"/api/queues/urgent/{action}")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "queue_not_found")


def test_another_site_cannot_purge(client: FlaskClient) -> None:
    answer = client.post("/api/queues/high/purge", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
