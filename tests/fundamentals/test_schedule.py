"""Schedule: tasks that start later, once or at each due time."""

import huey_tasks as tq
from tests.conftest import Process
from tests.fundamentals.steps import ended, huey_task, reaches
from tests.waiting import wait_until


def test_a_delayed_task_waits_until_it_is_due(consumer: Process) -> None:
    result = huey_task("add").schedule((1, 2), delay=0.5)
    reaches(result.id, "SCHEDULED")
    record = ended(result.id)
    assert record.scheduled_for is None and record.result == 3


def test_a_schedule_submits_a_task_at_each_due_time(consumer: Process) -> None:
    tq.create_schedule("ticks", "echo", {"value": "tick"}, every_s=1)

    def has_run_twice() -> bool:
        return len(tq.search_tasks("tag:schedule:ticks state:success").tasks) >= 2

    wait_until(has_run_twice, description="the schedule has fired twice")


def test_a_schedule_can_run_now(consumer: Process) -> None:
    tq.create_schedule("yearly", "echo", {"value": "tick"}, cron="0 0 1 1 *")
    assert ended(tq.run_schedule("yearly").task_id).result == "tick"


def test_a_cron_expression_is_explained_in_words() -> None:
    preview = tq.preview_schedule(cron="0 3 * * *", timezone="Europe/Berlin")
    assert "03:00" in preview.words and len(preview.next_runs) == 5
