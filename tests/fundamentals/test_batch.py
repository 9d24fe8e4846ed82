"""Batch: many tasks in one call, each accepted or rejected on its own."""

from flask.testing import FlaskClient

import huey_tasks as tq


def test_many_tasks_are_submitted_in_one_call() -> None:
    submissions = [tq.Submission("echo", {"value": n}) for n in range(500)]
    assert len(tq.submit_many(submissions)) == 500
    assert tq.stats().queued("default") == 500


def test_a_wrong_task_of_a_batch_does_not_harm_the_others() -> None:
    good, wrong = tq.Submission("echo", {}), tq.Submission("no_such_type", {})
    outcomes = tq.submit_many([good, wrong, good])
    assert [isinstance(outcome, tq.SubmittedTask) for outcome in outcomes] == [True, False, True]


def test_a_batch_is_submitted_over_http(http: FlaskClient) -> None:
    body = [{"task_type": "echo", "payload": {"value": n}} for n in range(3)]
    answer = http.post("/api/tasks/bulk", json=body)
    assert answer.status_code == 207
    assert [item["status"] for item in answer.get_json()] == ["PENDING"] * 3
