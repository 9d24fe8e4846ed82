"""How many finished tasks a queue keeps, beside how many have ever ended in each state."""

import pytest

import huey_tasks as tq
from huey_tasks.audit.operation import Action, Operator
from tests.engine.helpers import QUEUE, submit
from tests.engine.operations.test_actions import end

ADA = Operator("ada")


def numbers() -> tuple[tq.Kept, tuple[int, ...]]:
    (stats,) = [one for one in tq.queue_stats() if one.queue == QUEUE]
    return stats.kept, (stats.success, stats.failed, stats.revoked, stats.expired)


def test_what_is_deleted_was_ended_and_is_not_kept() -> None:
    done, failed, cancelled = end("SUCCESS"), end("FAILURE"), submit("echo")
    tq.cancel(cancelled)
    assert numbers() == (tq.Kept(1, 1, 1, 0), (1, 1, 1, 0))
    operation = tq.act_on_tasks(Action.DELETE, [done, cancelled], ADA).operation
    assert numbers() == (tq.Kept(0, 1, 0, 0), (1, 1, 1, 0))
    assert [task.task_id for task in tq.list_tasks()] == [failed]
    tq.undo(operation.id, ADA)
    assert numbers() == (tq.Kept(1, 1, 1, 0), (1, 1, 1, 0))


@pytest.mark.parametrize("state", [state for state in tq.TaskState if state.terminal])
def test_each_terminal_state_is_counted_under_its_name(state: tq.TaskState) -> None:
    if state is tq.TaskState.REVOKED:
        tq.cancel(submit("echo"))
    else:
        end(state)
    kept, ever = numbers()
    assert kept == ever and sum(kept) == 1
