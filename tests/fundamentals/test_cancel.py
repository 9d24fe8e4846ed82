"""Cancel: a waiting task never starts, a running one is stopped."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from tests.conftest import Process
from tests.fundamentals.steps import ended, reaches
from tests.waiting import wait_until


def test_a_cancelled_task_never_starts(consumer: Process, tmp_path: Path) -> None:
    tq.pause("default")
    task = tq.submit("work_for", {"seconds": 0, "file": str(tmp_path / "ran")})
    tq.cancel(task.task_id)
    tq.resume("default")
    assert ended(tq.submit("echo", {}).task_id).status == "SUCCESS"
    assert not (tmp_path / "ran").exists()


def test_a_running_task_is_stopped_and_can_clean_up(consumer: Process, tmp_path: Path) -> None:
    file = tmp_path / "marks"
    task = tq.submit("clean_up_when_cancelled", {"file": str(file)})
    reaches(task.task_id, "STARTED")
    wait_until(file.exists, description="the task's own code runs")
    assert tq.cancel(task.task_id).status == "REVOKED"
    wait_until(lambda: "cleaned up" in file.read_text(), description="it has cleaned up")


def test_a_finished_task_cannot_be_cancelled(consumer: Process) -> None:
    task = tq.submit("echo", {})
    ended(task.task_id)
    with pytest.raises(tq.TaskFinished):
        tq.cancel(task.task_id)


def test_a_task_is_cancelled_over_http(http: FlaskClient) -> None:
    task = tq.submit("echo", {})
    answer = http.delete(f"/api/tasks/{task.task_id}/cancel")
    assert answer.get_json() == {"task_id": task.task_id, "status": "revoked"}
