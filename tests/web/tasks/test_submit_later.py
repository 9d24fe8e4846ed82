"""Submit over HTTP with a delay, a time or an expiry, one by one and in a bulk."""

from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq

BODY = {"task_type": "echo", "payload": {"value": 1}}


@pytest.mark.parametrize(
    ("more", "status", "verb"),
    [
        ({"delay": 60}, "SCHEDULED", "scheduled"),
        ({"delay": 0.5, "expires_in": 90}, "SCHEDULED", "scheduled"),
        ({"delay": 0}, "PENDING", "queued"),
        ({"delay": None, "run_at": None, "expires_in": None}, "PENDING", "queued"),
        ({"run_at": "2027-01-01T00:00:00+01:00"}, "SCHEDULED", "scheduled"),
        ({"run_at": "2027-01-01t00:00:00.123456789z"}, "SCHEDULED", "scheduled"),
        ({"run_at": "2020-01-01T00:00:00Z"}, "PENDING", "queued"),
    ],
    ids=str,
)
def test_a_task_is_accepted_for_later(
    client: FlaskClient, more: dict[str, Any], status: str, verb: str
) -> None:
    answer = client.post("/api/tasks/submit", json={**BODY, **more})
    assert answer.status_code == 202
    sent = answer.get_json()
    assert sent["status"] == status
    assert sent["message"] == f"Task 'echo' {verb} on 'default' queue."
    assert tq.get_task(sent["task_id"]).status == status


@pytest.mark.parametrize(
    ("more", "pointer", "message"),
    [
        ({"delay": -1}, "/delay", "from 0 to 31622400 (366 days)"),
        ({"delay": 31_622_401}, "/delay", "from 0 to 31622400 (366 days)"),
        ({"delay": "5"}, "/delay", "number of seconds"),
        ({"delay": True}, "/delay", "number of seconds"),
        ({"run_at": "2027-01-01T00:00:00"}, "/run_at", "a time with a zone"),
        ({"run_at": "2027-02-30T00:00:00Z"}, "/run_at", "a time with a zone"),
        ({"run_at": "tomorrow"}, "/run_at", "a time with a zone"),
        ({"run_at": 1_800_000_000}, "/run_at", "a time with a zone"),
        ({"run_at": "2199-01-01T00:00:00Z"}, "/run_at", "within a year"),
        ({"delay": 1, "run_at": "2027-01-01T00:00:00Z"}, "/run_at", "not both"),
        ({"expires_in": 0}, "/expires_in", "from 0.001"),
        ({"delay": 9, "expires_in": 9}, "/expires_in", "expire before it may start"),
    ],
    ids=str,
)
def test_a_wrong_time_is_refused_with_its_field(
    client: FlaskClient, more: dict[str, Any], pointer: str, message: str
) -> None:
    alone = client.post("/api/tasks/submit", json={**BODY, **more})
    assert alone.status_code == 422
    (error,) = alone.get_json()["errors"]
    assert error["pointer"] == pointer
    assert message in error["message"]

    wrong, right = client.post("/api/tasks/bulk", json=[{**BODY, **more}, BODY]).get_json()
    assert wrong["errors"] == [error]
    assert right["status"] == "PENDING"
    assert tq.stats().total("queued") == 1
