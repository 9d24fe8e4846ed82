"""Result: what the function returns or raises is kept with the task."""

from flask.testing import FlaskClient

import huey_tasks as tq
from tests.conftest import Process
from tests.fundamentals.steps import ended


def test_the_return_value_is_the_result(consumer: Process) -> None:
    task = tq.submit("echo", {"value": {"answer": 42}})
    assert ended(task.task_id).result == {"answer": 42}


def test_an_exception_is_kept_with_its_traceback(consumer: Process) -> None:
    record = ended(tq.submit("fail", {"message": "no such file"}).task_id)
    assert record.status == "FAILURE"
    assert record.error == "ValueError('no such file')"
    assert record.traceback is not None and "raise ValueError(message)" in record.traceback


def test_a_caller_can_wait_for_the_result_over_http(consumer: Process, http: FlaskClient) -> None:
    task = tq.submit("echo", {"value": "hello"})
    answer = http.get(f"/api/tasks/{task.task_id}?wait=20").get_json()
    assert (answer["status"], answer["result"]) == ("SUCCESS", "hello")


def test_an_unknown_id_is_a_404(http: FlaskClient) -> None:
    answer = http.get("/api/tasks/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
