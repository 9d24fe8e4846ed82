"""Ends, from outside, an attempt that has ignored its time limit."""

from huey_tasks.broker.protocol import Commit
from huey_tasks.broker.states import TaskState
from huey_tasks.execution.attempt import OVERDUE
from huey_tasks.execution.failed_attempts import delay_after, most_delay_s, spread
from huey_tasks.execution.fingerprint import cause_without_code
from huey_tasks.execution.retry_rules import TaskTimeout
from huey_tasks.execution.worker_table import Held
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_class import retry_rules_of
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.records import tasks
from huey_tasks.serializer import dumps


def time_out(queue: TaskQueue, held: Held) -> None:
    """End an attempt that has ignored its time limit, as a worker would have: retry or failure.

    Its token is void afterwards; the worker that still runs it can commit nothing. A `retry_delay`
    that is a function is not called: a supervisor runs no code of a task.
    """
    fields = tasks.claim_fields(queue.broker, held.task_id)
    if fields is None or fields.token != held.token:
        return
    error = f"TaskTimeout: {OVERDUE}"
    left, task = fields.retries_left, huey_seams.task_class(queue, held.task_type)()
    task.retry_delay = fields.retry_delay_s
    rules = retry_rules_of(task)
    verdict = rules.verdict(TaskTimeout(OVERDUE), held.attempt, left, may_call=False)
    cause = cause_without_code("TaskTimeout", error, held.task_type)
    commit = Commit(held.task_id, held.token, TaskState.FAILURE, reason=error, cause=cause)
    if left > 0 and verdict.again:
        commit = commit._replace(
            cause=None,
            state="RETRY",
            delay_ms=round(spread(task, delay_after(task, verdict), verdict) * 1000),
            retries_left=left - 1,
            retry_delay_s=min(task.retry_delay * (task.retry_backoff or 1), most_delay_s(task)),
        )
    queue.storage.slot.finish(commit, dumps({"error": error, "traceback": None}))
    queue.storage.slot.flush()
