"""The template of the tasks of one type in one queue: writes them, and knows them again.

Messages of a type differ in their arguments only. So Huey makes one of them, once, and it is the
template for the others, byte for byte. Where Huey does more than write (a type whose tasks expire
has a date in each; its signals have receivers), Huey makes every task.
A worker finds the payload of a task that fits the template without decoding the rest.
"""

from collections.abc import Callable
from typing import Any

from huey import signals
from huey.api import Task, TaskWrapper

from huey_tasks import serializer
from huey_tasks.broker.protocol import Claim, NewTask
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.plain_task import PlainTask
from huey_tasks.huey_adapter.task_class import retry_rules_of
from huey_tasks.huey_adapter.task_queue import TaskQueue

_PAYLOAD = {"these": "arguments"}


class TaskTemplate:
    """The template of the tasks of one type in one queue."""

    def __init__(self, queue: TaskQueue, wrapper: TaskWrapper) -> None:
        self._queue, self._task_class = queue, wrapper.task_class
        sample = self._made_by_huey("sample", _PAYLOAD)
        self._sample = queue.serialize_task(sample).task
        #: What all tasks of the type have in common; the id and the message come before it.
        self._rest = self._sample[2:]
        self._head, _, self._tail = self._sample.message.partition(serializer.dumps(_PAYLOAD))
        #: The payload ends with the first byte of it.
        self._end = b"}" + self._tail
        self._name, self._timeout = wrapper.task_class.__name__, sample.timeout
        self._retry_rules = retry_rules_of(wrapper.task_class)
        #: Runs the function with a payload in JSON; None if Huey has to call it.
        self._run_json: Callable[[bytes], Any] | None = getattr(wrapper.func, "run_json", None)
        wrapper.task_class.plain_task = self.plain_task

    def cast(self, task_id: str, payload: dict[str, Any], encoded: bytes) -> NewTask:
        """Make a task with that payload; `encoded` is the payload as `serializer.dumps` has it."""
        if self._sample.expires_ms or self._has_listeners():
            task = self._made_by_huey(task_id, payload)
            huey_seams.emit(self._queue, signals.SIGNAL_ENQUEUED, task)
            return self._queue.serialize_task(task).task
        message = b"".join((self._head, encoded, self._tail))
        return NewTask._make((task_id, message, *self._rest))

    def plain_task(self, claim: Claim) -> PlainTask | None:
        """Return the task of a claim, None unless its message fits, without any tag.

        Between what fits there may be more than a payload, but not its last member: those that
        follow it and end with a brace hold a tag. A payload that is no JSON is looked at by Huey.
        """
        message, head, end, run_json = claim.message, self._head, self._end, self._run_json
        if (
            run_json is not None
            and message.startswith(head)
            and message.endswith(end)
            and serializer.is_plain(payload := message[len(head) : 1 - len(end)])
        ):
            return PlainTask(claim, self._name, self._timeout, self._retry_rules, run_json, payload)
        return None

    def _made_by_huey(self, task_id: str, payload: dict[str, Any]) -> Task:
        task = self._task_class((), dict(payload), id=task_id)
        if task.expires:
            task.resolve_expires(self._queue.utc)
        return task

    def _has_listeners(self) -> bool:
        return huey_seams.has_receivers(self._queue, signals.SIGNAL_ENQUEUED)
