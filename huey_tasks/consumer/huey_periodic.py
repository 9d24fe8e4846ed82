"""Huey's periodic tasks (`@huey.periodic_task(crontab(...))`), once a minute.

The id of a run is made from its type and its minute, so that any number of consumers enqueue it
once. Reads Huey's registry; stores nothing of its own. What is code of the user's runs in another
process, because it may hang: a schedule that is a function, and receivers of Huey's signals.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from functools import partial

from huey import signals
from huey.api import Task
from huey.utils import utcnow

from huey_tasks.consumer.question import NoAnswer, Question, answer_here
from huey_tasks.errors import QueueRefuses, QueueUnavailable
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_queue import TaskQueue

logger = logging.getLogger(__name__)

#: Seconds that code of the user's may take.
LIMIT_S = 20.0

#: Seconds between two looks for an answer.
LOOK_S = 0.1

_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, "duckline:periodic")


class PeriodicTasks:
    """Enqueues what Huey's registry says is due in this minute."""

    def __init__(self, queue: TaskQueue, *, apart: bool = True) -> None:
        """Without `apart` such code runs in this process: for one that holds up nobody."""
        self._queue, self._apart = queue, apart
        self._minute: dt.datetime | None = None
        self._due = list[Task]()
        self._asked = list[tuple[Task, Question]]()  # whether a task is due
        self._sent = list[tuple[Task, Question]]()  # whether it is enqueued
        self._left = list[Question]()  # they have no answer, and have yet to end

    def processes(self) -> set[int]:
        """Return the ids of the processes that are asked."""
        under_way = [question for _, question in (*self._asked, *self._sent)]
        return {question.pid for question in (*self._left, *under_way)}

    def enqueue_due(self) -> float | None:
        """Enqueue the periodic tasks of this minute; returns when to look for answers, if any.

        Raises QueueUnavailable; what is not enqueued then is so at the next call in this minute.
        """
        minute = utcnow().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._due = minute, []
            for task in huey_seams.periodic_tasks(self._queue):
                self._begin(task, minute)
        self._left = [question for question in self._left if not question.has_ended()]
        self._asked = [pair for pair in self._asked if not self._has_answer(*pair, due_if=True)]
        self._sent = [pair for pair in self._sent if not self._has_answer(*pair, due_if=False)]
        if self._apart and huey_seams.has_receivers(self._queue, signals.SIGNAL_ENQUEUED):
            due, self._due = self._due, []
            self._sent += [(task, self._ask(partial(self._enqueue, task), task)) for task in due]
        else:
            self._enqueue_here()
        return LOOK_S if self.processes() else None

    def _begin(self, task: Task, minute: dt.datetime) -> None:
        name = f"{self._queue.name} {task.name} {minute.isoformat()}"
        task.id = str(uuid.uuid5(_RUNS, name))
        is_due = partial(task.validate_datetime, minute)
        if self._apart and not huey_seams.has_crontab(task):
            self._asked.append((task, self._ask(is_due, task)))
        elif answer_here(is_due, f"the schedule of {task.name}"):
            self._due.append(task)

    def _ask(self, ask: Callable[[], bool], task: Task) -> Question:
        return Question(ask, f"periodic task {task.name}", LIMIT_S)

    def _has_answer(self, task: Task, question: Question, *, due_if: bool) -> bool:
        try:
            answer = question.answer()
        except NoAnswer as why:
            logger.warning("periodic task %s is not enqueued: %s", task.name, why)
            self._left.append(question)
            return True
        if answer is due_if:
            self._due.append(task)
        return answer is not None

    def _enqueue_here(self) -> None:
        due, self._due = self._due, []
        for number, task in enumerate(due):
            try:
                self._due += [] if self._enqueue(task) else [task]
            except QueueUnavailable:
                self._due += due[number:]
                raise

    def _enqueue(self, task: Task) -> bool:
        """Return whether nothing is left to do: it is enqueued, or never will be."""
        try:
            self._queue.enqueue(task)
        except QueueUnavailable:
            raise
        except QueueRefuses as error:
            logger.debug("periodic task %s waits: %s", task.name, error)
            return False
        except Exception:  # a value of its type that cannot work
            logger.exception("periodic task %s is not enqueued", task.name)
        return True
