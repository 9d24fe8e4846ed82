"""What a worker calls: a function, with the payload converted before, and the result encoded."""

import inspect
from collections.abc import Callable, Mapping
from types import AsyncGeneratorType, CoroutineType
from typing import Any

from pydantic import ValidationError

from huey_tasks import serializer
from huey_tasks.declaration.payload import Payload
from huey_tasks.execution import event_loop, results, unfit_results
from huey_tasks.execution.attempt import current_attempt
from huey_tasks.huey_adapter.plain_task import NOT_RUN
from huey_tasks.queues import CONFIG


class Runner:
    """A function as workers call it."""

    def __init__(self, function: Callable[..., Any], payload: Payload) -> None:
        self.__name__ = getattr(function, "__name__", "run")
        self.__doc__, self.__module__ = function.__doc__, function.__module__
        self._function, self._payload = function, payload
        self._signature = inspect.signature(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it with arguments as Huey has them."""
        arguments = self._signature.bind(*args, **kwargs).arguments if args else kwargs
        try:
            typed = self._payload.arguments(arguments, accepted=not args)
        except ValidationError as error:
            unfit = unfit_results.unfit_in(error, arguments, self._payload)
            if unfit is None:
                raise
            raise unfit from error
        return self._run(typed)

    def run_json(self, payload: bytes) -> Any:
        """Run it with a payload in JSON; NOT_RUN if that does not fit the hints as it is."""
        typed = self._payload.arguments_in(payload)
        return NOT_RUN if typed is None else self._run(typed)

    def _run(self, arguments: dict[str, Any]) -> Any:
        returned = self._function(**arguments)
        if (finish := _UNFINISHED.get(type(returned))) is not None:
            returned = finish(returned)
        returned, outcome = _encode(returned)
        if (attempt := current_attempt.get()) is not None:
            attempt.returned(returned, outcome)
        return returned


def _refuse_generator(returned: Any) -> Any:
    raise TypeError("the task returned an async generator, whose code has not run: return a list")


#: What a function returns whose own code has not run yet, and what to do with it.
_UNFINISHED: Mapping[type, Callable[[Any], Any]] = {
    CoroutineType: event_loop.run,
    AsyncGeneratorType: _refuse_generator,
}


def _encode(returned: Any) -> tuple[Any, bytes]:
    """Return the result and its encoded outcome. Raises UnstorableResult if it is too large."""
    returned, encoded = results.encode(returned)
    if len(encoded) > CONFIG.result_max_bytes:
        too_large = f"it has {len(encoded)} bytes, RESULT_MAX_BYTES is {CONFIG.result_max_bytes}"
        raise serializer.UnstorableResult(returned, ValueError(too_large))
    return returned, encoded
