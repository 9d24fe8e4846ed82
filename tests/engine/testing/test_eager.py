"""The mode `eager` of the tests: what would wait runs at once."""

from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks import testing


@pytest.mark.parametrize(
    ("task_type", "attempts"), [("fail_at_once", 2), ("wait_as_listed", 4), ("fail_often", 41)]
)
def test_each_retry_follows_however_short_its_wait(
    tmp_path: Path, task_type: str, attempts: int
) -> None:
    payload = {"file": str(tmp_path / "marks")} if task_type == "fail_at_once" else {}
    with testing.eager() as eager:
        eager.raises = False
        tq.submit(task_type, payload)
        (task,) = eager.tasks
    assert (task.status.terminal, task.attempt) == (True, attempts)


@pytest.mark.parametrize("task_type", ["use_the_limit", "give_up_on_the_limit"])
def test_a_rate_limit_holds_no_task_up(task_type: str) -> None:
    with testing.eager() as eager:
        for _ in range(3):
            tq.submit(task_type, {})
        assert [task.status for task in eager.tasks] == ["SUCCESS"] * 3


def test_ctrl_c_ends_the_tests_and_is_not_tried_again() -> None:
    with testing.eager() as eager:
        with pytest.raises(KeyboardInterrupt):
            tq.submit("wait_for_ctrl_c", {})
        (task,) = eager.tasks
        assert task.attempt == 1
