"""Tasks that fail for a given cause, and the groups that they form."""

import uuid
from typing import Any

import huey_tasks as tq
from huey_tasks.broker.protocol import Cause
from tests.engine.helpers import HandWorker, commit, store

broker = tq.default.broker.redis

CAUSE = Cause("a" * 16, "ValueError", "shop.py:pay", "no card #")
BY = tq.Operator("Ada", "the card service is back")
OTHER = Cause("b" * 16, "KeyError", "shop.py:find", "'…'")


def fail(task_id: str, cause: Cause | None = CAUSE, **fields: Any) -> str:
    """A task that has failed for that reason."""
    store(task_id, **fields)
    worker = HandWorker(f"of-{task_id}")
    worker.step(
        commit(worker.claim(), "FAILURE", reason="ValueError('no card 7')", cause=cause), want=0
    )
    return task_id


def only_group() -> tq.FailureGroup:
    (group,) = tq.failure_groups().groups
    return group


def find(q: str) -> list[str]:
    return [task.task_id for task in tq.search_tasks(q, limit=200).tasks]


def an_id() -> str:
    return str(uuid.uuid4())
