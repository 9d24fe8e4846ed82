"""Huey's periodic tasks (`@huey.periodic_task(crontab(...))`), once a minute.

The id of a run is made from its type and its minute, so that any number of consumers enqueue it
once. Reads Huey's registry; stores nothing of its own.
"""

import datetime as dt
import uuid

from huey.utils import utcnow

from huey_tasks.huey_adapter.task_queue import TaskQueue

_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, "duckline:periodic")


class PeriodicTasks:
    """Enqueues what Huey's registry says is due in this minute."""

    def __init__(self, queue: TaskQueue) -> None:
        self._queue = queue
        self._minute: dt.datetime | None = None

    def enqueue_due(self) -> None:
        """Enqueue the periodic tasks of this minute, unless that is done."""
        minute = utcnow().replace(second=0, microsecond=0)
        if minute == self._minute:
            return
        for task in self._queue.read_periodic(minute):
            task.id = str(uuid.uuid5(_RUNS, f"{self._queue.name} {task.name} {minute.isoformat()}"))
            self._queue.enqueue(task)
        self._minute = minute
