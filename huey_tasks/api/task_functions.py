"""`@task`: what it returns is the function, which can also be submitted for a worker to run.

@task(queue="low", retries=2)
def resize(url: str, width: int = 640) -> str: ...

resize("a.jpg")                                  runs here
resize.submit("a.jpg", width=320)                runs in a worker; returns a TaskHandle
resize.options(delay_s=60).submit("a.jpg")       the same, in a minute
resize.map(["a.jpg", "b.jpg"])                   one task for each
"""

import asyncio
import datetime as dt
import importlib
import pickle
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Never, ParamSpec, TypeVar, cast, overload

from huey_tasks.api.task_handle import HandleList, TaskHandle
from huey_tasks.declaration import other_words
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.huey_adapter.task_class import QueueTask
from huey_tasks.limits.in_code import Limits
from huey_tasks.registry import types
from huey_tasks.registry.types import TaskType
from huey_tasks.schedules import declare
from huey_tasks.submission.batch import submit_all
from huey_tasks.submission.once import NOT_ONCE, once_of
from huey_tasks.submission.options import NO_OPTIONS, SubmitOptions
from huey_tasks.submission.submit import SubmittedTask, destination, submit_with

P = ParamSpec("P")
R = TypeVar("R")
ErrorType = type[BaseException]

#: The options whose names end in `_s` here and not in HTTP, in a pointer and in a sentence.
_HTTP_NAME = re.compile(r"(/|')(delay|expires_in|unique_for)\b")


class TaskFunction(TaskType[P, R]):
    """A function that is a task type. A call runs it here; the methods let a worker run it.

    The arguments are those of the function, by position or by name, and become the fields of the
    payload. They are checked now. Each method raises TypeError for arguments that the function does
    not take, InvalidPayload for one of another type, InvalidQuery for a wrong option;
    QueueRefuses, QueueUnavailable as `huey_tasks.submit` does.
    """

    @property
    def __wrapped__(self) -> Callable[P, R]:
        """The function itself: `inspect.signature` and doctest look here."""
        return self.function

    @property
    def __name__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as Python pickles a function: by the module and the name that it has there."""
        place = self.function.__module__, self.function.__qualname__
        try:
            found = _at(*place)
        except (AttributeError, ImportError):
            found = None
        if found is not self:
            raise pickle.PicklingError(f"task type {self.name!r} is not {'.'.join(place)}")
        return _at, place

    if not TYPE_CHECKING:  # a type checker refuses a wrong name by itself

        def __getattr__(self, name: str) -> Any:
            raise other_words.no_attribute("a function of @task", name, other_words.METHODS)

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> TaskHandle:
        """Submit one task with these arguments."""
        return _submit(self, self.payload.named(args, kwargs), None, NO_OPTIONS)

    #: For those who come from Celery.
    delay = submit

    async def asubmit(self, *args: P.args, **kwargs: P.kwargs) -> TaskHandle:
        """Submit one task from async code; the event loop goes on meanwhile."""
        return await TaskCall(self).asubmit(*args, **kwargs)

    def map(self, values: Iterable[Any]) -> list[TaskHandle]:
        """Submit one task for each value, its first argument; see `starmap`."""
        return TaskCall(self).map(values)

    def starmap(self, calls: Iterable[Sequence[Any] | Mapping[str, Any]]) -> list[TaskHandle]:
        """Submit one task for each tuple of positional or dict of named arguments.

        All are checked before the first is stored, and 100 go in one round trip.
        """
        return TaskCall(self).starmap(calls)

    def s(self, *args: Any, **kwargs: Any) -> QueueTask:
        """Return a task that is not submitted, for Huey's pipelines, groups and chords."""
        return TaskCall(self).s(*args, **kwargs)

    def options(
        self,
        *,
        queue: str | None = None,
        delay_s: float | None = None,
        run_at: dt.datetime | None = None,
        expires_in_s: float | None = None,
        tags: Sequence[str] = (),
        queue_priority: int | None = None,
        unique_for_s: float | None = None,
        unique_key: str | None = None,
        idempotency_key: str | None = None,
        webhook_url: str | None = None,
        **unknown: Never,
    ) -> "TaskCall[P, R]":
        """Return the same methods with other options, for one call.

        `queue`: another than the type's own. `delay_s`: seconds until it may start, or `run_at`:
        that time, with a zone. `expires_in_s`: seconds within which it must start, or it ends as
        EXPIRED. `tags`: words to find it by. `queue_priority`: from -100 to 100, within its queue.
        `unique_for_s`, `unique_key` and `idempotency_key`: as `huey_tasks.submit` has them; a
        handle of a duplicate or a repeat is that of the task that is there. `webhook_url`: where
        the end of the task is posted to, signed.
        """
        for option in unknown:
            raise other_words.no_option(
                ".options(…)", option, other_words.CALL_OPTIONS, other_words.OF_ONE_CALL
            )
        once = once_of(idempotency_key, unique_for_s, unique_key)
        chosen = SubmitOptions(
            tags, delay_s, run_at, expires_in_s, queue_priority, once, webhook_url
        )
        return TaskCall(self, queue, chosen)


def _at(module: str, name: str) -> Any:
    """Return what a module has under a name, such as `Mails.send`."""
    return attrgetter(name)(importlib.import_module(module))


@dataclass(frozen=True, slots=True)
class TaskCall(Generic[P, R]):
    """A task function with the options of one call."""

    function: TaskFunction[P, R]
    queue: str | None = None
    chosen: SubmitOptions = NO_OPTIONS

    if not TYPE_CHECKING:  # a type checker refuses a wrong name by itself

        def __getattr__(self, name: str) -> Any:
            raise other_words.no_attribute("what .options(…) returns", name, other_words.METHODS)

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> TaskHandle:
        """Submit one task with these arguments."""
        payload = self.function.payload.named(args, kwargs)
        return _submit(self.function, payload, self.queue, self.chosen)

    delay = submit

    async def asubmit(self, *args: P.args, **kwargs: P.kwargs) -> TaskHandle:
        """Submit one task from async code; the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.submit, *args, **kwargs)

    def map(self, values: Iterable[Any]) -> list[TaskHandle]:
        """Submit one task for each value, its first argument."""
        return self.starmap((value,) for value in values)

    def starmap(self, calls: Iterable[Sequence[Any] | Mapping[str, Any]]) -> list[TaskHandle]:
        """Submit one task for each tuple of positional or dict of named arguments."""
        payloads = [self._payload_of(call) for call in calls]
        try:
            made = submit_all(self.function.name, payloads, self.queue, self.chosen)
        except InvalidQuery as error:
            raise _with_own_names(error) from None
        return HandleList(_handle(submitted) for submitted in made)

    def s(self, *args: Any, **kwargs: Any) -> QueueTask:
        """Return a task that is not submitted, for Huey's pipelines, groups and chords."""
        found, queue = destination(self.function.name, self.queue)
        payload = found.payload.named(args, kwargs, partial=True)
        task = cast(QueueTask, found.wrappers[queue].task_class((), payload))
        task.positions = len(args)
        try:
            self.chosen.checked().apply_to_huey(task)
        except InvalidQuery as error:
            raise _with_own_names(error) from None
        if self.chosen.once != NOT_ONCE:
            rule = "Tasks of a composition are neither unique nor sent with an idempotency key."
            raise InvalidQuery([Problem("", "conflict", rule)])
        if self.chosen.webhook_url is not None:
            rule = "Tasks of a composition have no webhook_url: let a webhook hear of their type."
            raise InvalidQuery([Problem("/webhook_url", "conflict", rule)])
        return task

    def _payload_of(self, call: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
        named = self.function.payload.named
        return named((), call) if isinstance(call, Mapping) else named(call, {})


def _submit(
    function: TaskFunction[..., Any],
    payload: dict[str, Any],
    queue: str | None,
    chosen: SubmitOptions,
) -> TaskHandle:
    try:
        return _handle(submit_with(chosen, function.name, payload, queue))
    except InvalidQuery as error:
        raise _with_own_names(error) from None


def _with_own_names(error: InvalidQuery) -> InvalidQuery:
    """Return the error with the options as `.options(…)` calls them; HTTP has no units in names."""
    return InvalidQuery(
        [
            replace(
                problem,
                pointer=_HTTP_NAME.sub(r"\1\2_s", problem.pointer),
                message=_HTTP_NAME.sub(r"\1\2_s", problem.message),
            )
            for problem in error.problems
        ]
    )


def _handle(submitted: SubmittedTask) -> TaskHandle:
    return TaskHandle(submitted.task_id, submitted.task_type, submitted.queue)


@overload
def task(function: Callable[P, R], /) -> TaskFunction[P, R]: ...


@overload
def task(
    *,
    queue: str = "default",
    retries: int = 0,
    retry_delay: float | Sequence[float] | Callable[[int, Any], float] = 2,
    retry_backoff: float = 2,
    retry_jitter: float = 0.0,
    max_retry_delay: float | None = None,
    retry_on: ErrorType | tuple[ErrorType, ...] | None = None,
    no_retry_on: ErrorType | tuple[ErrorType, ...] | None = None,
    timeout: float | None = None,
    expires: float | None = None,
    name: str | None = None,
    example: dict[str, Any] | None = None,
    limits: Limits | None = None,
    schedule: str | float | None = None,
    timezone: str | None = None,
) -> Callable[[Callable[P, R]], TaskFunction[P, R]]: ...


def task(
    function: Callable[P, R] | None = None,
    /,
    *,
    schedule: str | float | None = None,
    timezone: str | None = None,
    **options: Any,
) -> TaskFunction[P, R] | Callable[[Callable[P, R]], TaskFunction[P, R]]:
    """Register a function as a task type; `@task` alone takes all defaults.

    `queue`: where its tasks go if the caller names no queue. `retries`: how often a failed attempt
    is retried, `retry_delay` seconds after the first failure, `retry_backoff` times as long after
    each further one, at most `max_retry_delay` seconds, and up to `retry_jitter` of the delay
    earlier or later (0.1: ten per cent). `retry_delay` may also be a list, one delay after each
    failure and the last again, or a function of (attempt, error), attempts counted from 1.
    `retry_on`: only these errors are retried; `no_retry_on`: these never are. `timeout`: seconds
    that an attempt may take. `expires`: seconds within which a task must start. `example`: a
    payload that forms show. `limits`: how many of the type run at a time, and how many start
    within a time, over all queues and consumers (`Limits`); an operator's go before. `schedule`:
    five cron fields in `timezone` (default UTC), or seconds between two runs; it has the name of
    the type and submits an empty payload (`huey_tasks.schedules.declare` takes others).

    Raises InvalidTaskType, with the user's file and line, for an option, a name, a signature or an
    example that cannot work.
    """
    registrar = types.registrar(TaskFunction[P, R], **options)

    def register(function: Callable[P, R]) -> TaskFunction[P, R]:
        made = registrar(function)
        if schedule is not None:
            cron, every_s = _trigger(schedule)
            declare(made.name, made, cron=cron, every_s=every_s, timezone=timezone)
        return made

    return register if function is None else register(function)


def _trigger(schedule: Any) -> tuple[Any, Any]:
    """Return `cron` and `every_s`; a crontab of Celery goes to where five fields are asked for."""
    if isinstance(schedule, int | float | dt.timedelta):
        return None, schedule
    return schedule, None
