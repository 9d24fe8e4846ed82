"""What a submit would do now: check it, route it, and estimate the start; nothing is stored."""

from dataclasses import dataclass
from typing import Any

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.monitoring import explain
from huey_tasks.monitoring.explain import Explanation
from huey_tasks.queues import QUEUES
from huey_tasks.records.ids import new_id
from huey_tasks.registry import types
from huey_tasks.submission.options import SubmitOptions
from huey_tasks.submission.submit import SubmittedTask, answered, destination, made, submitted


@dataclass(frozen=True)
class Forecast:
    """The task as the submit would answer it, and why it would not start at once.

    The id of `task` is that of the task that a repeat or a duplicate would find; else no task's.
    """

    task: SubmittedTask
    explained: Explanation


def foresee(
    options: SubmitOptions,
    task_type: str,
    payload: dict[str, Any],
    priority: str | None = None,
    *,
    reach: Reach = EVERYTHING,
) -> Forecast:
    """Return what `submit` would do now with the same arguments, whose errors it raises.

    `reach`: of who asks; no task outside of it is named.
    """
    found, queue = destination(task_type, priority)
    new = made(found, new_id(), queue, payload, options)
    broker = QUEUES[queue].broker
    known = broker.scripts.found(queue, new.once) if new.once else None
    task = submitted(new, queue) if known is None else answered(new, queue, known)
    if known is not None and task.queue in QUEUES:  # it may have had the task before a deploy
        broker_of_it = QUEUES[task.queue].broker
        seen = explain.explain(broker_of_it, task.task_id, reach, is_async=types.is_async)
        if seen is not None:
            return Forecast(task, seen)
    broker.scripts.room(queue)
    return Forecast(task, explain.foresee(broker, new, is_async=types.is_async))
