"""Task types: what `@task` registers, and how a payload is checked against a function's signature.

A type's payload model is made from the type hints of its parameters; the same model checks a
submission, gives the JSON Schema, and turns the payload into arguments when the task runs. Every
type is registered on all three queues, because the caller may choose another than the type's own.
"""

import inspect
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast, get_type_hints, overload

from huey.api import TaskWrapper
from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, create_model
from pydantic_core import ErrorDetails

from huey_tasks import results, serializer
from huey_tasks.attempt import current_attempt
from huey_tasks.errors import InvalidPayload, Problem, UnknownQueue, UnknownTaskType
from huey_tasks.mould import Mould
from huey_tasks.protocol import NewTask
from huey_tasks.queues import CONFIG, QUEUES

_MODEL = ConfigDict(extra="forbid", val_json_bytes="base64", ser_json_bytes="base64")

#: Kept with the task, as what its own code logs.
_task_log = logging.getLogger("duckline.result")

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
    payload_model: type[BaseModel]
    function: Callable[P, R]
    wrappers: Mapping[str, TaskWrapper]
    moulds: Mapping[str, Mould]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the payload."""
        return self.payload_model.model_json_schema()

    def new_task(self, task_id: str, queue: str, payload: dict[str, Any]) -> NewTask:
        """Make a task of this type, to be stored in that queue. Raises InvalidPayload."""
        return self.moulds[queue].cast(task_id, payload, self.check(payload))

    def check(self, payload: Mapping[str, Any]) -> bytes:
        """Return the payload as `serializer.dumps` has it.

        Raises InvalidPayload unless it fits; the problems name each field.
        """
        try:
            encoded = serializer.dumps(payload)
            plain = serializer.without_tags(encoded)
            self.payload_model.__pydantic_validator__.validate_json(plain, strict=True)
            return encoded
        except ValidationError as error:
            problems = [_problem(detail, payload) for detail in error.errors(include_url=False)]
            raise InvalidPayload(
                f"The payload does not fit task type '{self.name}'.", problems
            ) from None
        except (TypeError, ValueError) as error:
            raise InvalidPayload(str(error), [Problem("", "not_json", str(error))]) from None


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
    retries: int = 0,
    retry_delay: float = 2,
    retry_backoff: float = 2,
    retry_jitter: float = 0.0,
    max_retry_delay: float | None = None,
    timeout: float | None = None,
    expires: float | None = None,
    name: str | None = None,
    example: dict[str, Any] | None = None,
) -> TaskType[P, R] | Callable[[Callable[P, R]], TaskType[P, R]]:
    """Register a function as a task type; `@task` alone takes all defaults.

    `queue` is where its tasks go when the caller names none. After a failed attempt the task waits
    `retry_delay` seconds, then `retry_backoff` times as long after each further one, at most
    `max_retry_delay`, spread by `retry_jitter` (0.1: ten per cent to both sides), `retries` times.
    `timeout`: seconds an attempt may take. `expires`: seconds within which it must have started.
    `example`: a payload to show in forms.

    Raises UnknownQueue, and TypeError for a signature that cannot be a payload.
    """
    if queue not in QUEUES:
        raise UnknownQueue(f"There is no queue '{queue[:64]}'; the queues are {', '.join(QUEUES)}.")

    def register(function: Callable[P, R]) -> TaskType[P, R]:
        type_name = name or function.__name__
        if type_name in _types:
            where = _types[type_name].function.__code__.co_filename
            raise TypeError(f"there is a task type '{type_name}' already, in {where}")
        model = payload_model(function, type_name)
        runner = _runner(function, model)
        wrappers = {
            queue_name: cast(
                TaskWrapper,
                instance.task(
                    name=type_name,
                    retries=retries,
                    retry_delay=retry_delay,
                    retry_backoff=retry_backoff,
                    retry_jitter=retry_jitter,
                    max_retry_delay=max_retry_delay,
                    timeout=timeout,
                    expires=expires,
                    parameters=frozenset(model.model_fields),
                )(runner),
            )
            for queue_name, instance in QUEUES.items()
        }
        task_type = TaskType(
            name=type_name,
            queue=queue,
            description=inspect.getdoc(function) or "",
            retries=retries,
            retry_delay_s=retry_delay,
            retry_backoff=retry_backoff,
            timeout_s=timeout,
            example=example or {},
            payload_model=model,
            function=function,
            wrappers=wrappers,
            moulds={queue: Mould(QUEUES[queue], one) for queue, one in wrappers.items()},
        )
        _types[type_name] = task_type
        return task_type

    return register if function is None else register(function)


def get(name: str) -> TaskType[..., Any]:
    """The task type of that name. Raises UnknownTaskType."""
    found = _types.get(name)
    if found is None:
        raise UnknownTaskType(f"No task type '{name[:64]}' is registered.")
    return found


def task_types() -> list[TaskType[..., Any]]:
    """All registered task types, those of the most urgent queue first, then by name."""
    order = list(QUEUES)
    return sorted(_types.values(), key=lambda found: (order.index(found.queue), found.name))


def payload_model(function: Callable[..., Any], type_name: str) -> type[BaseModel]:
    """Make the model of a function's parameters; unknown keys are refused.

    Raises TypeError for parameters that JSON cannot name or that have no type hint.
    """
    if inspect.iscoroutinefunction(function):
        raise TypeError(
            f"task type '{type_name}': Huey runs no 'async def'; use asyncio.run() inside"
        )
    hints = get_type_hints(function, include_extras=True)
    parameters: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"task type '{type_name}': '{parameter}' cannot be a key of a payload")
        if parameter.name not in hints:
            raise TypeError(
                f"task type '{type_name}': parameter '{parameter.name}' has no type hint"
            )
        required = parameter.default is inspect.Parameter.empty
        parameters[parameter.name] = (hints[parameter.name], ... if required else parameter.default)
    title = "".join(part.capitalize() for part in type_name.split("_"))
    try:
        return create_model(f"{title}Payload", __config__=_MODEL, **parameters)
    except (PydanticUserError, NameError) as error:
        raise TypeError(f"task type '{type_name}': {error}") from error


def _runner(function: Callable[..., Any], model: type[BaseModel]) -> Callable[..., Any]:
    """The function that workers call: payload in, arguments checked and typed, JSON out."""
    signature = inspect.signature(function)

    def run(*args: Any, **kwargs: Any) -> Any:
        arguments = signature.bind(*args, **kwargs).arguments if args else kwargs
        encoded = serializer.without_tags(serializer.dumps(arguments))
        payload = model.model_validate_json(encoded)
        returned = function(**{name: getattr(payload, name) for name in arguments})
        returned, outcome = _encode(returned)
        if (attempt := current_attempt.get()) is not None:
            attempt.returned(returned, outcome)
        return returned

    run.__name__, run.__doc__, run.__module__ = (
        function.__name__,
        function.__doc__,
        function.__module__,
    )
    return run


def _encode(returned: Any) -> tuple[Any, bytes]:
    """The result and the outcome as they are stored. Raises UnstorableResult if too large."""
    returned, encoded, note = results.encode(returned)
    if note:
        _task_log.warning("the result is not stored as it was returned: %s", note)
    if len(encoded) > CONFIG.result_max_bytes:
        too_large = f"it has {len(encoded)} bytes, RESULT_MAX_BYTES is {CONFIG.result_max_bytes}"
        raise serializer.UnstorableResult(returned, ValueError(too_large))
    return returned, encoded


def _problem(detail: ErrorDetails, payload: Any) -> Problem:
    """Point at the field; where a type is a union, pydantic's path goes on with what it tried."""
    pointer, inside = "", payload
    for step in detail["loc"]:
        if isinstance(inside, dict):
            fields = cast(dict[str, Any], inside)
            if step not in fields and detail["type"] != "missing":
                break
            inside = fields.get(str(step))
        elif isinstance(inside, list) and isinstance(step, int):
            inside = cast(list[Any], inside)[step]
        else:
            break
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return Problem(pointer, detail["type"], detail["msg"])


def example_for(task_type: TaskType[..., Any]) -> dict[str, Any]:
    """A payload to start from: the type's own example, else its defaults."""
    if task_type.example:
        return task_type.example
    properties = cast(dict[str, Any], task_type.schema.get("properties", {}))
    return {key: json.loads(json.dumps(spec.get("default"))) for key, spec in properties.items()}
