"""Progress and log: what a running task says of itself."""

from pathlib import Path

import huey_tasks as tq
from tests.conftest import Process
from tests.fundamentals.steps import ended
from tests.waiting import wait_until


def test_the_progress_of_a_running_task_can_be_read(consumer: Process, tmp_path: Path) -> None:
    task = tq.submit("report_progress", {"file": str(tmp_path / "go on")})
    wait_until(lambda: tq.get_task(task.task_id).progress, description="it reports progress")
    assert tq.get_task(task.task_id).progress == tq.Progress(0.5, "half way")
    (tmp_path / "go on").touch()
    assert ended(task.task_id).status == "SUCCESS"


def test_what_a_task_logs_is_kept_with_it(consumer: Process, tmp_path: Path) -> None:
    (tmp_path / "go on").touch()
    record = ended(tq.submit("report_progress", {"file": str(tmp_path / "go on")}).task_id)
    assert [(line.level, line.text) for line in record.log] == [("INFO", "line 1")]
