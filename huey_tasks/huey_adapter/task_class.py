"""Huey's task and registry, with what differs here: ids, names, and what is known of payloads."""

import inspect
from collections.abc import Callable
from typing import Any

from huey.api import Task, TaskWrapper
from huey.exceptions import HueyException
from huey.registry import Message, Registry

from huey_tasks.declaration import options
from huey_tasks.errors import InvalidTaskType
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.execution.retry_rules import FALLBACK_DELAY_S, RetryRules

#: Where the demo types are.
DEMO_TASKS = "huey_tasks.tasks."


class TypeRegistry(Registry):
    """Names a task type by its name alone, so that moving a function breaks no waiting task."""

    def task_to_string(self, task_class: type[Task]) -> str:
        return task_class.__name__

    def register(self, task_class: type[Task]) -> bool:
        """Raises InvalidTaskType for a name that another function of this queue has.

        A demo type gives its name up.
        """
        known = self._registry.get(task_class.__name__)
        if known is not None and known.__module__.startswith(DEMO_TASKS):
            self.unregister(known)
        elif known is not None:
            why = f"there is one already, in {known.place}; give one of them another name=…"
            text = f"task type '{task_class.__name__}': {why}"
            raise InvalidTaskType(text, getattr(task_class, "place", options.place_of_caller()))
        return super().register(task_class)

    def create_message(self, task: Task) -> Message:
        """Raises HueyException for a task of another queue: a pipeline stays in one.

        Its next task is stored by the commit of the one before, in one step, and each queue has a
        hash slot of its own.
        """
        name = type(task).__name__
        if name not in self._registry and (home := getattr(task, "home", None)) is not None:
            raise HueyException(
                f"'{name}' is a task of queue '{home}', and every task of a pipeline, a group or a"
                " chord is stored in the queue of the first: register it there too, or submit it"
                " from inside the task before it"
            )
        return super().create_message(task)

    def create_task(self, message: Message) -> Task:
        """Make the task. Raises HueyException for a type or a parameter that is not known here."""
        if type(message.args) is dict:
            message = _by_position(message, self.string_to_task(message.name))
        task = super().create_task(message)
        known = getattr(task, "parameters", task.kwargs)
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
    """Makes tasks of that kind, which know their function's place and parameters."""

    task_base = QueueTask

    def create_task(
        self,
        func: Callable[..., Any],
        context: bool = False,
        name: str | None = None,
        **settings: Any,
    ) -> type[Task]:
        options.check_settings(settings)
        place = options.place_of(func)
        options.check_name(func.__name__ if name is None else name, place)
        settings = _with_retry_rules(settings)
        settings.setdefault("place", place)
        settings.setdefault("home", self.huey.name)
        settings.setdefault("positional", settings.get("parameters") or _positional(func))
        return super().create_task(func, context, name, **settings)


def retry_rules_of(task: Any) -> RetryRules:
    """Return the rules of a task's type, or of a class of tasks; of Huey's own the usual ones."""
    return getattr(task, "retry_rules", _USUAL_RULES)


_USUAL_RULES = RetryRules()


def _with_retry_rules(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a class with the rules for further attempts in place of their options.

    Huey stores a number with each task, so for a list or a function it gets one.
    """
    rest = {name: of for name, of in settings.items() if name not in ("retry_on", "no_retry_on")}
    delay = rest.get("default_retry_delay", 0)
    rules = RetryRules.of(delay, settings.get("retry_on"), settings.get("no_retry_on"))
    if isinstance(rules.delays, tuple):
        rest["default_retry_delay"] = rules.delays[0]
    elif rules.delays is not None:
        rest["default_retry_delay"] = FALLBACK_DELAY_S
    return {**rest, "retry_rules": rules}


def by_name(message: Message, task: Task) -> Message:
    """A task as it is stored, with its positional arguments under their parameters' names.

    So they are shown, and found, as those of every other task; their number replaces them.
    They stay as they are where the function does not say what they are called.
    """
    args, kwargs = message.args, message.kwargs
    names: tuple[str, ...] = getattr(task, "positional", ())
    if not args or not isinstance(args, tuple | list) or len(args) > len(names):
        return message
    named = dict(zip(names, args, strict=False))
    if named.keys() & kwargs.keys():
        return message
    return message._replace(args={"named": len(args)}, kwargs={**named, **kwargs})


def _by_position(message: Message, task_class: type[Task]) -> Message:
    """Undo `by_name`, unless the function's parameters have other names now."""
    kwargs, count = dict(message.kwargs), message.args["named"]
    names = getattr(task_class, "positional", ())[:count]
    if len(names) < count or not kwargs.keys() >= set(names):
        return message._replace(args=())
    return message._replace(args=tuple(kwargs.pop(name) for name in names), kwargs=kwargs)


def _positional(func: Callable[..., Any]) -> tuple[str, ...]:
    """The parameters that positional arguments go to, and that can be named."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):  # a builtin that does not say
        return ()
    if any(one.kind is one.POSITIONAL_ONLY for one in parameters):
        return ()
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD)
