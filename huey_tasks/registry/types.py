"""Task types: what `@task` registers, and how it is found and run.

What a payload may hold is `declaration.payload`, what may be declared is `declaration.options`.
Every type is registered on all three queues, because the caller may choose another than its own.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from huey.api import TaskWrapper

from huey_tasks import serializer
from huey_tasks.broker.protocol import NewTask
from huey_tasks.declaration import options as declaration
from huey_tasks.declaration.payload import Payload
from huey_tasks.errors import InvalidTaskType, UnknownTaskType
from huey_tasks.execution import results
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.huey_adapter.task_template import TaskTemplate
from huey_tasks.queues import CONFIG, QUEUES

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class TaskType(Generic[P, R]):
    """A registered function. Calling it runs the function here and now; `submit` in the queue."""

    name: str
    queue: str
    description: str
    retries: int
    retry_delay_s: float
    retry_backoff: float
    timeout_s: float | None
    example: dict[str, Any]
    payload: Payload
    function: Callable[P, R]
    wrappers: Mapping[str, TaskWrapper]
    templates: Mapping[str, TaskTemplate]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the payload."""
        return self.payload.schema

    def new_task(self, task_id: str, queue: str, payload: dict[str, Any]) -> NewTask:
        """Make a task of this type, to be stored in that queue. Raises InvalidPayload."""
        return self.templates[queue].cast(task_id, payload, self.payload.check(payload))

    def check(self, payload: Mapping[str, Any]) -> bytes:
        """Return the payload as `serializer.dumps` has it.

        Raises InvalidPayload unless it fits; the problems name each field.
        """
        return self.payload.check(payload)


_types: dict[str, TaskType[..., Any]] = {}


@overload
def task(function: Callable[P, R], /) -> TaskType[P, R]: ...


@overload
def task(
    *,
    queue: str = "default",
    retries: int = 0,
    retry_delay: float = 2,
    retry_backoff: float = 2,
    retry_jitter: float = 0.0,
    max_retry_delay: float | None = None,
    timeout: float | None = None,
    expires: float | None = None,
    name: str | None = None,
    example: dict[str, Any] | None = None,
) -> Callable[[Callable[P, R]], TaskType[P, R]]: ...


def task(
    function: Callable[P, R] | None = None,
    /,
    *,
    queue: str = "default",
    name: str | None = None,
    example: dict[str, Any] | None = None,
    **options: Any,
) -> TaskType[P, R] | Callable[[Callable[P, R]], TaskType[P, R]]:
    """Register a function as a task type; `@task` alone takes all defaults.

    `queue` is where its tasks go when the caller names none. After a failed attempt the task waits
    `retry_delay` seconds, then `retry_backoff` times as long after each further one, at most
    `max_retry_delay`, spread by `retry_jitter` (0.1: ten per cent to both sides), `retries` times.
    `timeout`: seconds an attempt may take. `expires`: seconds within which it must have started.
    `example`: a payload to show in forms.

    Raises InvalidTaskType, which names the user's file and line, for an option, a name, a signature
    or an example that cannot work.
    """
    declaration.refuse_unknown(
        {option: value for option, value in options.items() if option not in _DEFAULTS},
        ("queue", "name", "example", *_DEFAULTS),
    )
    declaration.check_queue(queue)
    declaration.check_options(options)
    if name is not None:
        declaration.check_name(name)

    def register(function: Callable[P, R]) -> TaskType[P, R]:
        plain = function.function if isinstance(function, TaskType) else function
        return _registered(plain, queue, name, example, {**_DEFAULTS, **options})

    if function is None:
        return register
    if not callable(function):
        word = "@task takes its options by name, such as @task(queue='low')"
        raise InvalidTaskType(word, declaration.place_of_caller())
    return register(function)


#: The options of `@task` that are Huey's, or that the queue reads from the class of a task.
_DEFAULTS: dict[str, Any] = {
    "retries": 0,
    "retry_delay": 2,
    "retry_backoff": 2,
    "retry_jitter": 0.0,
    "max_retry_delay": None,
    "timeout": None,
    "expires": None,
}


def _registered(
    function: Callable[P, R],
    queue: str,
    name: str | None,
    example: dict[str, Any] | None,
    options: dict[str, Any],
) -> TaskType[P, R]:
    place = declaration.place_of(function)
    type_name = declaration.check_name(name or getattr(function, "__name__", None), place)
    _refuse_twice(type_name, place)
    payload = Payload(function, type_name)
    runner = _runner(function, payload)
    shown = payload.example(example)
    wrappers = {
        queue_name: cast(
            TaskWrapper,
            instance.task(
                name=type_name, parameters=tuple(payload.parameters), place=place, **options
            )(runner),
        )
        for queue_name, instance in QUEUES.items()
    }
    task_type = TaskType(
        name=type_name,
        queue=queue,
        description=inspect.getdoc(function) or "",
        retries=options["retries"],
        retry_delay_s=options["retry_delay"],
        retry_backoff=options["retry_backoff"],
        timeout_s=options["timeout"],
        example=shown,
        payload=payload,
        function=function,
        wrappers=wrappers,
        templates={queue: TaskTemplate(QUEUES[queue], one) for queue, one in wrappers.items()},
    )
    _types[type_name] = task_type
    return task_type


def _refuse_twice(type_name: str, place: str) -> None:
    if type_name not in _types:
        return
    first = declaration.place_of(_types[type_name].function)
    if first == place:
        why = "its file is loaded twice, under two names: import it by one of them"
    else:
        why = f"there is one already, in {first}; give one of them another name, @task(name=…)"
    raise InvalidTaskType(f"task type '{type_name}': {why}", place)


def get(name: str, *, suggest: bool = True) -> TaskType[..., Any]:
    """The task type of that name. Raises UnknownTaskType, which names the nearest ones.

    To find them takes longer than a submit; without `suggest` it is spared, as for many at once.
    """
    found = _types.get(name)
    if found is None:
        near = declaration.nearest(name, _types, at_most=3) if suggest else ""
        raise UnknownTaskType(f"No task type '{name[:64]}' is registered{near or '.'}")
    return found


def task_types() -> list[TaskType[..., Any]]:
    """All registered task types, those of the most urgent queue first, then by name."""
    order = list(QUEUES)
    return sorted(_types.values(), key=lambda found: (order.index(found.queue), found.name))


def _runner(function: Callable[..., Any], payload: Payload) -> Callable[..., Any]:
    """The function that workers call: payload in, arguments checked and typed, JSON out."""
    signature = inspect.signature(function)

    def run(*args: Any, **kwargs: Any) -> Any:
        arguments = signature.bind(*args, **kwargs).arguments if args else kwargs
        typed = payload.arguments(arguments, accepted=not args)
        returned = function(**typed)
        returned, outcome = _encode(returned)
        if (attempt := current_attempt.get()) is not None:
            attempt.returned(returned, outcome)
        return returned

    run.__name__ = getattr(function, "__name__", "run")
    run.__doc__, run.__module__ = function.__doc__, function.__module__
    return run


def _encode(returned: Any) -> tuple[Any, bytes]:
    """The result and the outcome as they are stored. Raises UnstorableResult if too large."""
    returned, encoded = results.encode(returned)
    if len(encoded) > CONFIG.result_max_bytes:
        too_large = f"it has {len(encoded)} bytes, RESULT_MAX_BYTES is {CONFIG.result_max_bytes}"
        raise serializer.UnstorableResult(returned, ValueError(too_large))
    return returned, encoded
