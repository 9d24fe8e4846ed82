"""What a worker calls: a function, with the payload converted before, and the result encoded."""

import inspect
from collections.abc import Callable, Mapping
from types import AsyncGeneratorType, CoroutineType
from typing import Any

from pydantic import ValidationError

from huey_tasks.declaration.payload import Payload
from huey_tasks.execution import event_loop, results, unfit_results
from huey_tasks.huey_adapter.plain_task import NOT_RUN
from huey_tasks.queues import CONFIG


class Runner:
    """A function as workers call it."""

    keeps_result = True

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
        return results.keep(returned, CONFIG.result_max_bytes)


def _refuse_generator(returned: Any) -> Any:
    raise TypeError("the task returned an async generator, whose code has not run: return a list")


#: What a function returns whose own code has not run yet, and what to do with it.
_UNFINISHED: Mapping[type, Callable[[Any], Any]] = {
    CoroutineType: event_loop.run,
    AsyncGeneratorType: _refuse_generator,
}
