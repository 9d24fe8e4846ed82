"""The callback of a chord gets members that have failed, or never ran, as objects."""

from typing import Any

import pytest
from huey import chord

import huey_tasks as tq
from huey_tasks import testing
from huey_tasks.registry import types
from tests.conftest import StartConsumer
from tests.waiting import wait_until


def member(name: str, **payload: Any) -> Any:
    found = types.get(name)
    assert isinstance(found, tq.TaskFunction)
    return found.s(**payload)


@pytest.mark.parametrize("callback", ["add_up", "name_all"])
def test_a_failed_member_is_an_object_with_its_error(callback: str) -> None:
    with testing.eager() as eager:
        eager.raises = False
        tq.default.enqueue(
            chord([member("give_back_or_fail", value=n) for n in range(3)], member(callback))
        )
        (ended,) = eager.of(callback)
        (failed,) = [task for task in eager.tasks if task.status == "FAILURE"]
    assert ended.result == {
        "sum": 2,
        "failed": [[failed.task_id, "ValueError('1 is odd')", True]],
        "places": ["int", "FailedMember", "int"],
    }


def test_a_cancelled_member_is_one_too(start_consumer: StartConsumer) -> None:
    members = [member("give_back_or_fail", value=n) for n in (0, 2)]
    callback = member("add_up")
    tq.default.enqueue(chord(members, callback))
    tq.cancel(members[0].id)
    start_consumer("default")
    wait_until(
        lambda: any(
            task.task_type == "add_up" and task.status.terminal for task in tq.list_tasks()
        ),
        description="the callback has ended",
    )
    (ended,) = [task for task in tq.list_tasks() if task.task_type == "add_up"]
    assert ended.result == {
        "sum": 2,
        "failed": [["", "it was cancelled or has expired, or its result is gone", False]],
        "places": ["FailedMember", "int"],
    }
