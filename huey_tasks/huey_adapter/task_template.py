"""Makes tasks of one type for one queue from a template, instead of by Huey one by one.

Tasks of a type differ in their id and their arguments only. So Huey makes one of them, once, and
what it writes is the template for the others, byte for byte. Where Huey does more than write (a
type whose tasks expire has a date in each; its signals have receivers), Huey makes every task.
"""

from typing import Any

from huey import signals
from huey.api import Task, TaskWrapper

from huey_tasks import serializer
from huey_tasks.broker.protocol import NewTask
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_queue import TaskQueue

_ID = "00000000-0000-4000-8000-000000000000"
_PAYLOAD = {"these": "arguments"}


class TaskTemplate:
    """The template of the tasks of one type in one queue."""

    def __init__(self, queue: TaskQueue, wrapper: TaskWrapper) -> None:
        self._queue, self._task_class = queue, wrapper.task_class
        self._sample = queue.serialize_task(self._made_by_huey(_ID, _PAYLOAD)).task
        #: What all tasks of the type have in common; the id and the message come before it.
        self._rest = self._sample[2:]
        self._head, _, rest = self._sample.message.partition(_ID.encode())
        self._middle, _, self._tail = rest.partition(serializer.dumps(_PAYLOAD))

    def cast(self, task_id: str, payload: dict[str, Any], encoded: bytes) -> NewTask:
        """Make a task with that payload; `encoded` is the payload as `serializer.dumps` has it."""
        if self._sample.expires_ms or self._has_listeners():
            task = self._made_by_huey(task_id, payload)
            huey_seams.emit(self._queue, signals.SIGNAL_ENQUEUED, task)
            return self._queue.serialize_task(task).task
        message = b"".join((self._head, task_id.encode(), self._middle, encoded, self._tail))
        return NewTask._make((task_id, message, *self._rest))

    def _made_by_huey(self, task_id: str, payload: dict[str, Any]) -> Task:
        task = self._task_class((), dict(payload), id=task_id)
        if task.expires:
            task.resolve_expires(self._queue.utc)
        return task

    def _has_listeners(self) -> bool:
        return huey_seams.has_receivers(self._queue, signals.SIGNAL_ENQUEUED)
