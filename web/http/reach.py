"""Compare what a request is about with the reach of its key; nothing is out of reach without one.

Each raises Forbidden, which names what is out of reach.
"""

from collections.abc import Iterable

import huey_tasks as tq
from web.http.identity import holder


def reach() -> tq.Reach:
    """Return what the caller reaches."""
    found = holder()
    return tq.EVERYTHING if found is None else found.reach


def check_submit(task_type: str, priority: str | None, within: tq.Reach | None = None) -> None:
    """Check a submit of that type, to the queue `priority` or else to its own.

    An unknown type passes: its refusal says more. `within`: the reach, if it is known already.
    """
    reached = reach() if within is None else within
    if reached.is_whole:
        return
    reached.check_type(task_type)
    if priority is not None:
        reached.check_queue(priority)
        return
    queue = tq.queue_of_type(task_type)
    if queue is not None:
        reached.check_queue(queue)


def check_task(task_id: str) -> None:
    """Check the task with that id. Raises TaskNotFound, QueueUnavailable."""
    reached = reach()
    if not reached.is_whole:
        record = tq.get_task(task_id)
        reached.check(record.task_type, record.queue)


def check_tasks(task_ids: Iterable[str]) -> None:
    """Check several tasks; an unknown id passes. Raises QueueUnavailable."""
    reached = reach()
    if not reached.is_whole:
        for record in filter(None, tq.read_tasks(list(task_ids))):
            reached.check(record.task_type, record.queue)


def check_flow(flow_id: str) -> None:
    """Check all nodes of the flow with that id. Raises FlowNotFound, QueueUnavailable."""
    reached = reach()
    if not reached.is_whole:
        flow = tq.get_flow(flow_id)
        reached.check_all(flow.task_types, flow.queues)


def check_queue(queue: str) -> None:
    """Check what is done to a whole queue, which has tasks of every type."""
    reached = reach()
    reached.check_queue(queue)
    if reached.task_types:
        raise tq.Forbidden("This concerns every task type; this key does not reach all of them.")


def check_type(task_type: str) -> None:
    """Check what is done to a task type, whose tasks are in any queue."""
    reached = reach()
    reached.check_type(task_type)
    if reached.queues:
        raise tq.Forbidden("This concerns every queue; this key does not reach all of them.")
