"""Ends, from outside, an attempt that has ignored its time limit."""

from typing import TYPE_CHECKING

from huey_tasks import lookup
from huey_tasks.attempt import OVERDUE
from huey_tasks.causes import cause_without_code
from huey_tasks.protocol import Commit
from huey_tasks.serializer import dumps
from huey_tasks.states import TaskState

if TYPE_CHECKING:
    from huey_tasks.task_queue import TaskQueue


def time_out(queue: "TaskQueue", task_id: str, token: str, task_type: str) -> None:
    """End an attempt that has ignored its time limit, as Huey would have: retry or failure.

    Its token is void afterwards; the worker that still runs it can commit nothing.
    """
    fields = lookup.claim_fields(queue, task_id)
    if fields is None or fields.token != token:
        return
    error = f"TaskTimeout: {OVERDUE}"
    backoff = queue._registry.string_to_task(task_type).default_retry_backoff or 1
    left, delay_s = fields.retries_left, fields.retry_delay_s
    cause = cause_without_code("TaskTimeout", error, task_type)
    commit = Commit(task_id, token, TaskState.FAILURE, reason=error, cause=cause)
    if left > 0:
        commit = commit._replace(
            cause=None,
            state="RETRY",
            delay_ms=round(delay_s * 1000),
            retries_left=left - 1,
            retry_delay_s=delay_s * backoff,
        )
    queue.storage.slot.finish(commit, dumps({"error": error, "traceback": None}))
    queue.storage.slot.flush()
