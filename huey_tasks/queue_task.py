"""Huey's task and registry, with what differs here: ids, names, and what is known of payloads."""

from huey.api import Task, TaskWrapper
from huey.exceptions import HueyException
from huey.registry import Message, Registry

from huey_tasks.attempt import current_attempt


class TypeRegistry(Registry):
    """Names a task type by its name alone, so that moving a function breaks no waiting task."""

    def task_to_string(self, task_class: type[Task]) -> str:
        return task_class.__name__

    def create_task(self, message: Message) -> Task:
        """Make the task. Raises HueyException for a type or a parameter that is not known here."""
        task = super().create_task(message)
        known = getattr(task, "parameters", task.kwargs.keys())
        if unknown := sorted(task.kwargs.keys() - known):
            raise HueyException(f"{message.name} has no parameter {', '.join(unknown)} here")
        return task


class QueueTask(Task):
    """A task whose id, when another task's own code makes it, is the same in a repeat."""

    def create_id(self) -> str:
        attempt = current_attempt.get()
        # The order of threads is chance: an id by number could be another task's in a repeat.
        if attempt is None or not attempt.in_body or not attempt.is_here:
            return super().create_id()
        return attempt.subtask_id()


class QueueTaskWrapper(TaskWrapper):
    """Makes tasks of that kind."""

    task_base = QueueTask
