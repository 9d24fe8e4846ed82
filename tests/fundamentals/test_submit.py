"""Submit: a task is checked, stored, and waits in its queue."""

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq


def test_a_submitted_task_waits_in_its_queue() -> None:
    task = tq.submit("echo", {"value": "hello"})
    record = tq.get_task(task.task_id)
    assert (record.status, record.queue, record.payload) == (
        tq.TaskState.PENDING,
        "default",
        {"value": "hello"},
    )


def test_a_payload_that_does_not_fit_is_rejected() -> None:
    with pytest.raises(tq.InvalidPayload, match="fail_until"):
        tq.submit("fail_until", {"attempt": "many"})
    assert tq.stats().total("queued") == 0


def test_an_unknown_task_type_is_rejected() -> None:
    with pytest.raises(tq.UnknownTaskType):
        tq.submit("no_such_type", {})


def test_a_task_is_submitted_over_http(http: FlaskClient) -> None:
    answer = http.post(
        "/api/tasks/submit", json={"task_type": "echo", "payload": {"value": "hello"}}
    )
    assert answer.status_code == 202
    assert http.get(answer.headers["Location"]).get_json()["status"] == "PENDING"


def test_a_wrong_payload_names_the_field_over_http(http: FlaskClient) -> None:
    body = {"task_type": "fail_until", "payload": {"attempt": "many"}}
    answer = http.post("/api/tasks/submit", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/payload/attempt"
