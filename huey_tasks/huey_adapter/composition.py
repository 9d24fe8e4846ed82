"""A pipeline, a group or a chord, checked as a whole before the first of its tasks is stored."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from huey.api import Result, Task, chord, group

from huey_tasks.broker.protocol import Gate
from huey_tasks.errors import InvalidPayload
from huey_tasks.huey_adapter import follow_ups
from huey_tasks.huey_adapter.storage import TaskMessage
from huey_tasks.serializer import ChordResults


def check(work: Any) -> None:
    """Check every payload, and that each task that follows another has a place for its result.

    Raises InvalidPayload, which names the task; TypeError for arguments of no parameter. Tasks of
    Huey's own types are not checked.
    """
    if not isinstance(work, Task | group | chord):
        rule = "it takes what .s(…) makes, or Huey's own group and chord; chain(…) has a .submit()"
        raise TypeError(f"enqueue cannot take a {type(work).__name__}: {rule}")
    for task, where in _heads(work):
        _check_pipeline(task, where)


def gates_of(
    work: chord, members: Iterable[Result], serialized: Callable[[Task], TaskMessage]
) -> list[Gate]:
    """Return the gate that lets the callback of a chord through; none if there are no members."""
    ids = tuple(member.id for member in members)
    if not ids:
        return []
    callback = copy.copy(work.callback)
    callback.extend_data((ChordResults(ids),))
    return [Gate(len(ids), serialized(callback).task._replace(queue=callback.home))]


def _heads(work: Any) -> Iterator[tuple[Any, str]]:
    """Return each task that begins a pipeline, and how a sentence names it."""
    if isinstance(work, Task):
        yield work, ""
        return
    if isinstance(work, group | chord):
        work.tasks = list(work.tasks)  # Huey takes any iterable, and it is read again
    for number, member in enumerate(getattr(work, "tasks", ()), 1):
        for task, where in _heads(member):
            yield task, f"member {number}{', ' if where else ''}{where}"
    if isinstance(work, chord):
        yield _Callback(work.callback), "the callback"


class _Callback:
    """The task that follows the members of a chord."""

    def __init__(self, task: Any) -> None:
        self.task = task


def _check_pipeline(head: Any, where: str) -> None:
    follows = isinstance(head, _Callback)
    task, number = head.task if follows else head, 1
    while task is not None and not getattr(task, "is_checked", True):
        step = f"step {number}" if number > 1 or task.on_complete is not None else ""
        named = ", ".join(part for part in (where, step) if part)
        _check_one(task, named, follows=follows or number > 1)
        if task.on_error:
            _check_one(task.on_error, f"{named}{', ' if named else ''}on error", follows=True)
        task, number = task.on_complete, number + 1


def _check_one(task: Any, where: str, *, follows: bool) -> None:
    payload = getattr(task, "payload", None)
    if payload is None:
        return
    try:
        task.by_name()
        later = _given_later(task) if follows else ()
        payload.check(task.kwargs, later)
    except InvalidPayload as error:
        raise InvalidPayload(_named(error.detail, where), error.problems) from None
    except follow_ups.NoPlace as error:
        raise InvalidPayload(_named(str(error), where), []) from None
    task.is_checked = True


def _given_later(task: Any) -> tuple[str, ...]:
    if task.takes is None:
        task.takes = follow_ups.place_of(task.payload, task.kwargs, task.positions)
    if task.takes == follow_ups.FIELDS:
        return tuple(task.payload.parameters)
    return (task.takes,)


def _named(text: str, where: str) -> str:
    return f"{where[0].upper()}{where[1:]}: {text}" if where else text
