"""Functions as task types: so they are submitted, found, retried and cancelled as tasks are.

A function is looked for when its name is used, so a file that was just saved can be called. The
type says nothing of the code: the function host looks at that when it runs it.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from huey.api import TaskWrapper

from huey_tasks import serializer
from huey_tasks.broker.protocol import FUNCTIONS, NewTask
from huey_tasks.declaration.payload import Payload
from huey_tasks.errors import InvalidPayload, Problem
from huey_tasks.functions.apart import Apart
from huey_tasks.functions.arns import arn
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import Function
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.task_template import TaskTemplate
from huey_tasks.invocations.api_settings import ConfiguredCatalogue
from huey_tasks.invocations.invocation import Invocation, Kind
from huey_tasks.queues import BROKERS, CONFIG, QUEUES
from huey_tasks.registry import types
from huey_tasks.registry.types import TaskType

#: The functions of this process's settings: as they are in the files, and with those of the API.
FILES = Apart(Catalogue.of(CONFIG))
CATALOGUE = ConfiguredCatalogue(FILES, BROKERS.first)

#: Runs a function by its name; the function host sets it.
Run = Callable[[str, Any], Any]


def _run_nowhere(name: str, event: Any) -> Any:
    raise RuntimeError(f"function '{name}' runs in the function host of a consumer only")


class _Runner:
    run: Run = staticmethod(_run_nowhere)


def run_with(run: Run) -> None:
    """Let this process run functions."""
    _Runner.run = staticmethod(run)


class AnyEvent:
    """The payload of a function: any JSON. One that is no object is the field `event`."""

    schema: Mapping[str, Any] = MappingProxyType({"title": "Event", "type": "object"})
    parameters: Mapping[str, Any] = MappingProxyType({})

    def takes(self, name: str) -> bool:
        """Return True: an event has any fields."""
        return True

    def check(self, payload: Mapping[str, Any], given_later: Collection[str] = ()) -> bytes:
        """Return the event in the form of `serializer.dumps`. Raises InvalidPayload."""
        try:
            return serializer.dumps(payload)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidPayload(str(error), [Problem("", "not_json", str(error))]) from None

    def schema_at(self, ref_template: str) -> dict[str, Any]:
        """Return the JSON Schema: any object."""
        return dict(self.schema)


@dataclass(frozen=True)
class FunctionType(TaskType[..., Any]):
    """A function as a task type; `submit` invokes it as an event."""

    def new_task(
        self,
        task_id: str,
        queue: str,
        payload: dict[str, Any],
        later: Mapping[str, Any] = MappingProxyType({}),
    ) -> NewTask:
        """Make the task of an asynchronous invocation. Raises InvalidPayload."""
        name = arn(CONFIG.aws_region, CONFIG.aws_account_id, self.name)
        invocation = Invocation(Kind.ASYNC, name, time.time())
        return self.invoked(task_id, queue, {**payload, **later}, invocation)

    def invoked(
        self, task_id: str, queue: str, event: Any, invocation: Invocation, host: str = FUNCTIONS
    ) -> NewTask:
        """Make the task of an invocation. Raises InvalidPayload."""
        function = CATALOGUE.find(self.name)
        retries = function.retries if function is not None else self.retries
        if isinstance(event, dict):
            new = super().new_task(task_id, queue, cast(dict[str, Any], event))
        else:
            new = super().new_task(task_id, queue, {"event": event})
            new = new._replace(message=_as_positional(new.message))
        attempts = 1 if invocation.kind is Kind.SYNC else retries + 1
        return new._replace(host=host, invocation=invocation.as_json(), max_attempts=attempts)


def _as_positional(message: bytes) -> bytes:
    """Mark the one argument of a message as positional: the event is that argument itself."""
    stored = serializer.loads(message)
    return serializer.dumps(stored._replace(args={"named": 1}))


_known: dict[str, FunctionType] = {}
_registered: dict[str, Mapping[str, TaskWrapper]] = {}


def find(name: str) -> FunctionType | None:
    """Return the type of the function of that name, None if there is none."""
    function = CATALOGUE.find(name)
    if function is None:
        return None
    known = _known.get(name)
    if known is None or known.queue != function.queue:
        known = _known[name] = _make(function)
    return known


def register(name: str) -> Mapping[str, TaskWrapper]:
    """Register a name on all queues, so that each can read its messages, once.

    Its file may have gone meanwhile: then its tasks fail, when they are run.
    """
    if name not in _registered:
        _registered[name] = _wrappers(name)
    return _registered[name]


def _make(function: Function) -> FunctionType:
    wrappers, delay_s = register(function.name), CONFIG.lambda_retry_delay_s
    return FunctionType(
        name=function.name,
        queue=function.queue,
        description=function.description,
        retries=function.retries,
        retry_delay_s=None,
        retry_backoff=None,
        retry_delays_s=(delay_s, 2 * delay_s),
        retry_on=None,
        no_retry_on=(),
        timeout_s=function.timeout_s,
        example={},
        payload=cast(Payload, AnyEvent()),
        function=_function(function.name),
        wrappers=wrappers,
        templates={
            queue: TaskTemplate(QUEUES[queue], wrapper) for queue, wrapper in wrappers.items()
        },
    )


def _wrappers(name: str) -> Mapping[str, TaskWrapper]:
    delay_s = CONFIG.lambda_retry_delay_s
    options = {"retries": 2, "retry_delay": (delay_s, 2 * delay_s), "positional": ("event",)}
    return {
        queue: cast(TaskWrapper, instance.task(name=name, place=name, **options)(_function(name)))
        for queue, instance in QUEUES.items()
    }


def _function(name: str) -> Callable[..., Any]:
    def invoke(*args: Any, **event: Any) -> Any:
        return _Runner.run(name, args[0] if args else event)

    invoke.__name__, invoke.__module__ = name, __name__
    vars(invoke)["keeps_result"] = True
    return invoke


def listen() -> None:
    """Let names of functions be found wherever a task type is looked for, behind those types."""
    types.look_also(find)
    for queue in QUEUES.values():
        huey_seams.look_also(queue, register)
