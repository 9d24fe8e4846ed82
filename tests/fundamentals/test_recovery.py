"""Recovery: kill -9 loses no task, and an old attempt cannot overwrite a newer one."""

from pathlib import Path

import psutil

import huey_tasks as tq
from tests.conftest import Process, StartConsumer
from tests.fundamentals.steps import ended, reaches


def test_a_task_survives_kill_9_of_its_consumer(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    go_on = tmp_path / "go on"
    task = tq.submit("work_until", {"go_on": str(go_on)})
    first = start_consumer("default")
    reaches(task.task_id, "STARTED")
    first.kill()
    go_on.touch()
    start_consumer("default")
    assert ended(task.task_id).result == "done"


def test_a_task_that_keeps_killing_its_worker_is_quarantined(
    consumer: Process, tmp_path: Path
) -> None:
    record = ended(tq.submit("die", {"file": str(tmp_path / "marks")}).task_id)
    assert (record.status, record.crashes) == ("FAILURE", 3)
    assert [task.task_id for task in tq.list_tasks(set_aside=True)] == [record.task_id]


def test_an_attempt_that_lost_its_lease_cannot_commit(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    task = tq.submit("work_until", {"go_on": str(tmp_path / "go on")})
    frozen = start_consumer("default")
    reaches(task.task_id, "STARTED")
    everyone = [psutil.Process(frozen.pid), *psutil.Process(frozen.pid).children(recursive=True)]
    for process in everyone:
        process.suspend()
    (tmp_path / "go on").touch()
    start_consumer("default")
    winner = ended(task.task_id)
    for process in reversed(everyone):
        process.resume()
    assert frozen.stop() == 0 and tq.get_task(task.task_id) == winner
