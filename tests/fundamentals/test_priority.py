"""Priority: the caller may choose another queue than the task type's own."""

from flask.testing import FlaskClient

import huey_tasks as tq


def test_a_task_goes_to_the_queue_of_its_type() -> None:
    assert tq.get_task(tq.submit("echo", {}).task_id).queue == "default"


def test_a_priority_overrides_the_queue_of_the_type() -> None:
    task = tq.submit("echo", {}, priority="high")
    assert tq.get_task(task.task_id).queue == "high"


def test_a_priority_is_given_over_http(http: FlaskClient) -> None:
    body = {"task_type": "echo", "payload": {}, "priority": "low"}
    assert http.post("/api/tasks/submit", json=body).get_json()["priority"] == "low"
