"""Task types: register them, and find them by name.

`declaration.payload` checks payloads, `declaration.options` checks names and options, `runner` is
what workers call. Every type is registered on every queue, because a caller may choose another than
the type's own.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, ParamSpec, TypeVar, cast

from huey.api import TaskWrapper

from huey_tasks import serializer
from huey_tasks.broker.protocol import NewTask
from huey_tasks.declaration import options as declaration
from huey_tasks.declaration import other_words
from huey_tasks.declaration.payload import Payload
from huey_tasks.declaration.retry_options import error_types, shown_delays
from huey_tasks.errors import InvalidTaskType, Problem, UnknownTaskType
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_class import DEMO_TASKS
from huey_tasks.huey_adapter.task_template import TaskTemplate
from huey_tasks.limits import in_code
from huey_tasks.queues import QUEUES
from huey_tasks.records.type_limits import TypeLimits
from huey_tasks.registry.runner import Runner

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class TaskType(Generic[P, R]):
    """A registered function. A call runs it here and now; `submit` lets a worker run it."""

    name: str
    queue: str
    description: str
    retries: int
    #: Both None if the delay is a list or a function.
    retry_delay_s: float | None
    retry_backoff: float | None
    #: Seconds before each retry, the first ten, without jitter; None if a function decides.
    retry_delays_s: tuple[float, ...] | None
    #: Names of exception types; None: every error is tried again.
    retry_on: tuple[str, ...] | None
    no_retry_on: tuple[str, ...]
    timeout_s: float | None
    example: dict[str, Any]
    payload: Payload
    function: Callable[P, R]
    wrappers: Mapping[str, TaskWrapper]
    templates: Mapping[str, TaskTemplate]
    #: Those that the code declares.
    limits: TypeLimits | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def is_demo(self) -> bool:
        """Whether it gives up its name to a type of the user's."""
        return str(self.function.__module__).startswith(DEMO_TASKS)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the payload."""
        return self.payload.schema

    def new_task(
        self,
        task_id: str,
        queue: str,
        payload: dict[str, Any],
        later: Mapping[str, Any] = MappingProxyType({}),
    ) -> NewTask:
        """Make a task of this type, to be stored in that queue. Raises InvalidPayload.

        `later`: placeholders for parameters whose values are known when it runs.
        """
        encoded = self.payload.check(payload, later)
        if later:
            payload = {**payload, **later}
            encoded = serializer.dumps(payload)
        return self.templates[queue].cast(task_id, payload, encoded)

    def check(self, payload: Mapping[str, Any]) -> bytes:
        """Return the payload in the form of `serializer.dumps`.

        Raises InvalidPayload unless it fits the type; each problem points to a field.
        """
        return self.payload.check(payload)


#: A kind of task type: what `registrar` makes.
Registered = TypeVar("Registered", bound=TaskType[..., Any])

_types: dict[str, TaskType[..., Any]] = {}

#: The most names that an error lists.
_MOST_SHOWN = 6

#: Finds what is no task type and can be submitted like one: functions. `look_also` sets it.
_look_also: Callable[[str], TaskType[..., Any] | None] | None = None

#: Imports the task modules that were left for later; `registry.loading` sets it.
_load_rest: Callable[[], None] | None = None


def leave_for_later(load: Callable[[], None]) -> None:
    """Call `load` before a type is looked for that is not there yet."""
    global _load_rest
    _load_rest = load


def look_also(find: Callable[[str], TaskType[..., Any] | None]) -> None:
    """Call `find` with a name that is no task type's."""
    global _look_also
    _look_also = find


def load_rest() -> None:
    """Import the task modules that were left for later, if any were."""
    global _load_rest
    if (load := _load_rest) is None:
        return
    _load_rest = None  # the modules look for types, too
    try:
        load()
    except BaseException:
        _load_rest = load
        raise


def registrar(
    kind: type[Registered],
    *,
    queue: str = "default",
    name: str | None = None,
    example: dict[str, Any] | None = None,
    limits: in_code.Limits | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], Registered]:
    """Check the options of `@task`; return what registers a function with them, as that kind.

    Raises InvalidTaskType, with the user's file and line, for an option or a name that cannot work.
    """
    other_words.refuse_unknown(
        {option: value for option, value in options.items() if option not in _DEFAULTS},
        ("queue", "name", "example", "limits", "schedule", "timezone", *_DEFAULTS),
    )
    declaration.check_queue(queue)
    declaration.check_options(options)
    declaration.check_together(options, _DEFAULTS)
    if name is not None:
        declaration.check_name(name)

    def register(function: Callable[..., Any]) -> Registered:
        plain = function.function if isinstance(function, TaskType) else function
        if not callable(plain):
            rule = "@task takes its options by name, such as @task(queue='low')"
            raise InvalidTaskType(rule, declaration.place_of_caller())
        return _registered(kind, plain, queue, name, example, limits, {**_DEFAULTS, **options})

    return register


#: The options of `@task` that Huey, or the queue, reads from the class of a task.
_DEFAULTS: dict[str, Any] = {
    "retries": 0,
    "retry_delay": 2,
    "retry_backoff": 2,
    "retry_jitter": 0.0,
    "max_retry_delay": None,
    "retry_on": None,
    "no_retry_on": None,
    "timeout": None,
    "expires": None,
}


def _registered(
    kind: type[Registered],
    function: Callable[..., Any],
    queue: str,
    name: str | None,
    example: dict[str, Any] | None,
    limits: in_code.Limits | None,
    options: dict[str, Any],
) -> Registered:
    place = declaration.place_of(function)
    type_name = declaration.check_name(name or getattr(function, "__name__", None), place)
    _refuse_taken_name(type_name, place)
    payload = Payload(function, type_name)
    parameters = tuple(payload.parameters)
    kept_to = None if limits is None else in_code.read(limits, parameters, type_name, place)
    runner = Runner(function, payload)
    shown = payload.example(example)
    wrappers = {
        queue_name: cast(
            TaskWrapper,
            instance.task(
                name=type_name,
                parameters=parameters,
                payload=payload,
                place=place,
                is_async=inspect.iscoroutinefunction(function),
                **options,
            )(runner),
        )
        for queue_name, instance in QUEUES.items()
    }
    is_number = isinstance(options["retry_delay"], int | float)
    task_type = kind(
        name=type_name,
        queue=queue,
        description=inspect.getdoc(function) or "",
        retries=options["retries"],
        retry_delay_s=options["retry_delay"] if is_number else None,
        retry_backoff=options["retry_backoff"] if is_number else None,
        retry_delays_s=shown_delays(options),
        retry_on=None if options["retry_on"] is None else _names(options["retry_on"]),
        no_retry_on=_names(options["no_retry_on"]),
        timeout_s=options["timeout"],
        example=shown,
        payload=payload,
        function=function,
        wrappers=wrappers,
        templates={
            queue: TaskTemplate(QUEUES[queue], wrapper) for queue, wrapper in wrappers.items()
        },
        limits=kept_to,
    )
    for wrapper in wrappers.values():
        wrapper.task_class.declared_by = task_type
    _types[type_name] = task_type
    return task_type


def _names(errors: Any) -> tuple[str, ...]:
    return tuple(kind.__name__ for kind in error_types(errors))


def _refuse_taken_name(type_name: str, place: str) -> None:
    if type_name not in _types or _types[type_name].is_demo:
        return
    first = declaration.place_of(_types[type_name].function)
    if first == place:
        why = "its file is loaded twice, under two names: import it by one of them"
    else:
        why = f"there is one already, in {first}; give one of them another name, @task(name=…)"
    raise InvalidTaskType(f"task type '{type_name}': {why}", place)


def get(name: str, *, suggest: bool = True) -> TaskType[..., Any]:
    """Return the task type of that name. Raises UnknownTaskType, which says what there is instead.

    The search for these takes longer than a submit: a batch saves it with `suggest=False`.
    """
    found = _types.get(name)
    if found is None:
        load_rest()
        found = _types.get(name)
    if found is None and _look_also is not None:
        found = _look_also(name)
    if found is None:
        hint = _instead(name) if suggest else "."
        raise UnknownTaskType(f"No task type '{name[:64]}' is registered{hint}")
    return found


def _instead(name: str) -> str:
    """Return the end of the error: why the name is none, the nearest ones, or those there are."""
    if any(name in huey_seams.task_classes(queue) for queue in QUEUES.values()):
        return ": it is a task of Huey, without a schema; declare it with @task of huey_tasks."
    if near := declaration.nearest(name, _types, at_most=3):
        return near
    known = sorted(_types)
    more = f" and {len(known) - _MOST_SHOWN} more" if len(known) > _MOST_SHOWN else ""
    shown = f"there are {', '.join(known[:_MOST_SHOWN])}{more}" if known else "there are none"
    others = "TASKS and TASKS_PATH name modules with others, FUNCTIONS_PATH folders of functions"
    return f"; {shown}. {others}."


def unknown(names: Sequence[str], *, but: str = "") -> list[Problem]:
    """Return a problem, at its place in `/task_types`, for each name `but` one that no type has."""
    wrong: list[Problem] = []
    for at, name in enumerate(names):
        if name == but:
            continue
        try:
            get(name)
        except UnknownTaskType as error:
            wrong.append(Problem(f"/task_types/{at}", "unknown_task_type", error.detail))
    return wrong


def declared() -> set[object]:
    """Return what there is of task types, ours and Huey's, and of hooks and signals' receivers."""
    return set[object]().union(*map(huey_seams.declared, QUEUES.values()))


def is_async(name: str) -> bool:
    """Return whether a task type of that name is known, and is an `async def`."""
    found = _types.get(name)
    return found is not None and inspect.iscoroutinefunction(found.function)


def task_types() -> list[TaskType[..., Any]]:
    """Return all registered task types, those of the most urgent queue first, then by name."""
    load_rest()
    order = list(QUEUES)
    return sorted(_types.values(), key=lambda found: (order.index(found.queue), found.name))
