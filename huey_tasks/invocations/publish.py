"""Publish events: one invocation of each function whose patterns in functions.toml fit.

All tasks of a queue are stored in one script call. An event has an id, from which the ids of its
tasks are made: one that is published again under its id makes no second task, as long as the first
is kept.
"""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from huey_tasks.broker.protocol import NewTask
from huey_tasks.errors import QueueUnavailable
from huey_tasks.functions.arns import arn
from huey_tasks.functions.function import Function
from huey_tasks.invocations import function_types, patterns
from huey_tasks.invocations.invocation import Invocation, Kind
from huey_tasks.queues import CONFIG, QUEUES
from huey_tasks.registry import types

logger = logging.getLogger(__name__)

_TASKS = uuid.uuid5(uuid.NAMESPACE_URL, "duckline:event")


@dataclass(frozen=True)
class Event:
    """An event to be published: `type` is what EventBridge calls its detail-type."""

    source: str
    type: str
    detail: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: dt.datetime | None = None
    resources: Sequence[str] = ()
    submitted_by: str = ""  # the name of the API key of who publishes it

    def envelope(self) -> dict[str, Any]:
        """Return what a function gets, as EventBridge sends it."""
        at = self.time or dt.datetime.now(dt.UTC)
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.type,
            "source": self.source,
            "account": CONFIG.aws_account_id,
            "time": f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": CONFIG.aws_region,
            "resources": list(self.resources),
            "detail": self.detail,
        }

    def check(self) -> None:
        """Raise InvalidPayload if no task can hold it: `publish` would store none of all."""
        function_types.AnyEvent().check(self.envelope())


class Started(NamedTuple):
    """One invocation that an event has made."""

    function: str
    task_id: str
    queue: str


def publish(events: Sequence[Event], *, depth: int = 0) -> list[list[Started]]:
    """Store one task for each event and each subscriber; return those of each event.

    `depth`: of nested calls, 0 from outside. Raises QueueRefuses, QueueUnavailable: then the tasks
    of some queues may be stored, and the same events may be published again with their ids. So it
    does as long as a file of settings could never be read: who subscribes is not known then.
    """
    sight = function_types.CATALOGUE.look()
    for each in sight.unknown:  # an event that nobody gets is lost: its publisher keeps it
        raise QueueUnavailable(f"Who subscribes is not known: {each.path.name}: {each.reason}")
    functions = sight.functions.values()
    taken = {each.name for each in types.task_types()}
    subscribers = [each for each in functions if each.events and each.name not in taken]
    started: list[list[Started]] = []
    new: dict[str, list[NewTask]] = {}
    for event in events:
        found = [each for each in subscribers if _is_subscribed(each, event)]
        started.append([_add(each, event, new, depth) for each in found])
    for queue, tasks in new.items():
        QUEUES[queue].broker.scripts.submit(queue, tasks, may_refuse=not depth)
    return started


def _is_subscribed(function: Function, event: Event) -> bool:
    shown = {"source": event.source, "type": event.type, "detail": event.detail}
    for pattern in function.events:
        if (problem := patterns.problem_of(pattern)) is not None:
            logger.warning("functions.toml: [%s] events: %s", function.name, problem)
        elif patterns.fits(pattern, shown):
            return True
    return False


def _add(function: Function, event: Event, new: dict[str, list[NewTask]], depth: int) -> Started:
    task_id = str(uuid.uuid5(_TASKS, f"{event.id} {function.name}"))
    named = arn(CONFIG.aws_region, CONFIG.aws_account_id, function.name)
    found = function_types.find(function.name)
    if found is None:  # its file has gone since the list was made
        return Started(function.name, task_id, function.queue)
    invocation = Invocation(Kind.ASYNC, named, time.time(), depth)
    task = found.invoked(task_id, found.queue, event.envelope(), invocation)
    task = task._replace(submitted_by=event.submitted_by)
    new.setdefault(found.queue, []).append(task)
    return Started(function.name, task_id, found.queue)
