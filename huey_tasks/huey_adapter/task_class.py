"""Huey's task and registry, with what differs here: ids, names, and what is known of payloads."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self, SupportsIndex

from huey.api import PeriodicTask, Task, TaskWrapper
from huey.exceptions import HueyException
from huey.registry import Registry

from huey_tasks.broker.protocol import Claim
from huey_tasks.declaration import options, other_words
from huey_tasks.declaration.payload import Payload
from huey_tasks.errors import InvalidTaskType
from huey_tasks.execution import results
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.execution.retry_rules import FALLBACK_DELAY_S, RetryRules
from huey_tasks.huey_adapter import follow_ups, own_values
from huey_tasks.huey_adapter.argument_names import by_position, positional
from huey_tasks.huey_adapter.plain_task import PlainTask
from huey_tasks.serializer import QueueMessage

#: Where the demo types are.
DEMO_TASKS = "huey_tasks.tasks."


class TypeRegistry(Registry):
    """Names a task type by its name alone, so that moving a function breaks no waiting task."""

    #: The registries of all queues, by their names; this one is for tasks of no other.
    siblings: Mapping[Any, "TypeRegistry"] = {}

    #: Registers a name that is not known, or does nothing.
    look_also: Callable[[str], object] | None = None

    def string_to_task(self, task_str: str) -> type[Task]:
        """Return the class of that name. Raises HueyException for an unknown one."""
        if task_str not in self._registry and self.look_also is not None:
            self.look_also(task_str)
        return super().string_to_task(task_str)

    def plain_task(self, name: str) -> Callable[[Claim], PlainTask | None] | None:
        """Return what reads a task of that type from a claim if it is a plain one."""
        return getattr(self._registry.get(name), "plain_task", None)

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

    def create_message(self, task: Any) -> Any:
        """Return what is stored of a task, by the registry of its own queue.

        The other tasks of its pipeline are in it; each goes to its own queue. Raises InvalidQuery
        for a value of one of them that cannot work.
        """
        if task is NO_HANDLER:
            return None
        home = getattr(task, "home", None)
        registry = self.siblings.get(home, self)
        if registry is not self:
            return registry.create_message(task)
        own_values.check(task)
        return QueueMessage(
            *super().create_message(task), queue=home, into=getattr(task, "takes", None)
        )

    def create_task(self, message: Any) -> Any:
        """Make the task. Raises HueyException for a type or a parameter that is not known here."""
        registry = self.siblings.get(message.queue, self)
        if registry is not self:
            return registry.create_task(message)
        if type(message.args) is dict:
            message = by_position(message, self.string_to_task(message.name))
        task = super().create_task(message)
        task.is_checked = True
        if message.into is not None:
            task.takes = message.into
        known = getattr(task, "parameters", task.kwargs)
        if unknown := sorted(task.kwargs.keys() - known):
            raise HueyException(f"{message.name} has no parameter {', '.join(unknown)} here")
        return task


class _NoHandler:
    """The `on_error` of a task without one: false, and an answer to those who call it.

    In Celery `on_error` is a method, and None would answer that it "is not callable".
    """

    def __bool__(self) -> bool:
        return False

    def __call__(self, *_: object, **__: object) -> None:
        raise TypeError(f"on_error of {_SIGNATURE} is no method; write .error(…)")


NO_HANDLER = _NoHandler()

#: How errors name a `QueueTask`.
_SIGNATURE = "a task that .s(…) makes"


class QueueTask(Task):
    """A task whose id, when another task's own code makes it, is the same in a repeat.

    One of a type made by `@task` has its arguments by name, and takes the result of the task before
    it in one of them (`into`).
    """

    #: Of its type, if `@task` made it.
    payload: Payload | None = None
    #: Its type itself, then: a `TaskType`, of a layer above.
    declared_by: Any = None
    #: Reads one from a claim, if it is a plain one; set by the template of its type.
    plain_task: Callable[[Claim], PlainTask | None] | None = None
    #: The queue it belongs to.
    home: str | None = None
    #: The parameter that takes the result of the task before; None: it is not said.
    takes: str | None = None
    #: How many values `.s(…)` of a function of ours got by position.
    positions = 0
    #: Whether its payload, and those of the tasks that follow it, have passed their checks.
    is_checked = False
    #: Whether it is the callback of a chord, for which Huey puts the results in a tuple.
    is_callback = False

    _handler: Any = None

    @property
    def on_error(self) -> Any:
        """The task that follows when an attempt of this one has failed, or None.

        As long as `.s(…)` of a function of ours is composed it is NO_HANDLER instead.
        """
        is_composed = self.payload is not None and not self.is_checked
        return self._handler or (NO_HANDLER if is_composed else None)

    @on_error.setter
    def on_error(self, task: Any) -> None:
        self._handler = task or None

    def create_id(self) -> str:
        attempt = current_attempt.get()
        # The order of threads is chance: an id by number could be another task's in a repeat.
        if attempt is None or not attempt.in_body or not attempt.is_here:
            return super().create_id()
        return attempt.subtask_id()

    def into(self, parameter: str | None) -> Self:
        """Put the result of the task before it into this parameter; None: it takes no result.

        If nothing is said, the only required parameter without a value takes it, or the function's
        only parameter.
        Raises TypeError for a parameter that there is not, or that has a value.
        """
        self.takes = follow_ups.checked(self._payload(), self.kwargs, parameter)
        return self

    def spread(self) -> Self:
        """Put the fields of the object before it into the parameters of their names.

        Fields without a parameter are left out; a parameter with a value keeps it.
        """
        self._payload()
        self.takes = follow_ups.FIELDS
        return self

    def then(self, task: Any, *args: Any, **kwargs: Any) -> Self:
        """Let another task follow at the end of its pipeline, when this one has succeeded."""
        if self.on_complete is None:
            self.on_complete = _follow_up(task, args, kwargs)
        else:
            self.on_complete.then(task, *args, **kwargs)
        return self

    def error(self, task: Any, *args: Any, **kwargs: Any) -> Self:
        """Let another task follow when an attempt of this one has failed; it takes the error."""
        if self.on_error:
            self.on_error.error(task, *args, **kwargs)
        else:
            self.on_error = _follow_up(task, args, kwargs)
        return self

    def by_name(self) -> None:
        """Put positional arguments under their names. Raises TypeError, as a call would."""
        if self.payload is not None and self.args:
            self.kwargs = self.payload.named(self.args, self.kwargs, partial=True)
            self.args = ()

    def extend_data(self, data: Any) -> None:
        """Take the result, or the error, of the task before; Huey calls this (api.py:516)."""
        if self.payload is None:
            super().extend_data(data)
            return
        self.by_name()
        if self.takes is None:
            self.takes = follow_ups.place_of(self.payload, self.kwargs)
        value = data[0] if self.is_callback else data
        self.kwargs = follow_ups.taken(self.payload, self.kwargs, self.takes, value)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle one of ours by its function: its class, which Huey makes, is in no module."""
        if self.declared_by is None:
            return super().__reduce_ex__(protocol)
        return _empty, (self.declared_by, self.home), vars(self)

    def __getattr__(self, name: str) -> Any:
        raise other_words.no_attribute(_SIGNATURE, name, other_words.OF_SIGNATURES)

    def __call__(self, *_: object, **__: object) -> None:
        rule = "chain(…).submit() submits it, .then(…) and .error(…) add what follows it"
        raise TypeError(f"{_SIGNATURE} cannot be called: {rule}")

    def __or__(self, other: object) -> Any:
        raise TypeError("a chain is written chain(first.s(…), second.s(…))")

    def _payload(self) -> Payload:
        if self.payload is None:
            raise TypeError(f"'{self.name}' is a task type of Huey's own: declare it with @task")
        self.by_name()
        return self.payload


def _empty(declared_by: Any, home: str) -> QueueTask:
    kind = declared_by.wrappers[home].task_class
    return kind.__new__(kind)


def _follow_up(task: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not isinstance(task, Task):
        return task.s(*args, **kwargs)
    if getattr(task, "payload", None) is None:
        task.extend_data(args)
        task.extend_data(kwargs)
    else:
        task.kwargs = task.payload.named(args, {**task.kwargs, **kwargs}, partial=True)
    return task


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
        type_name = options.check_name(func.__name__ if name is None else name, place)
        if inspect.iscoroutinefunction(func):
            rule = "Huey's own decorator runs no 'async def': declare it with huey_tasks.task"
            raise InvalidTaskType(f"task type '{type_name}': {rule}", place)
        settings = _with_retry_rules(settings)
        settings.setdefault("place", place)
        settings.setdefault("home", self.huey.name)
        settings.setdefault("positional", settings.get("parameters") or positional(func))
        if not (results.keeps(func) or issubclass(self.task_base, PeriodicTask)):
            func = results.kept(func, self.huey.result_max_bytes)
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
