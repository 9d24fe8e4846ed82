"""Huey's task and registry, with the two things that differ here: ids and names."""

from huey.api import Task, TaskWrapper
from huey.registry import Registry

from huey_tasks.attempt import current_attempt


class TypeRegistry(Registry):
    """Names a task type by its name alone, so that moving a function breaks no waiting task."""

    def task_to_string(self, task_class: type[Task]) -> str:
        return task_class.__name__


class QueueTask(Task):
    """A task whose id, when another task's own code makes it, is the same in a repeat."""

    def create_id(self) -> str:
        attempt = current_attempt.get()
        if attempt is None or not attempt.in_body:
            return super().create_id()
        return attempt.subtask_id()


class QueueTaskWrapper(TaskWrapper):
    """Makes tasks of that kind."""

    task_base = QueueTask
