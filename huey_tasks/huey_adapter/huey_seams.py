"""The private names of Huey that our code needs outside of the queue itself.

Huey is pinned; `tests/test_architecture.py` checks that these names are there. Nothing else reads
them, so a new version of Huey is checked here and in `task_queue.py`.
"""

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from huey import Huey, crontab
from huey.api import Task

#: What Huey logs of each task is written there.
logger = logging.getLogger("huey")

#: Gives the context that interrupts a task after that many seconds.
TimeoutHandler = Callable[[float], Any]


def task_classes(queue: Huey) -> dict[str, type[Task]]:
    """Return all registered types by name, also those that Huey's decorator registered."""
    return dict(queue._registry._registry)


def task_class(queue: Huey, name: str) -> type[Task]:
    """Return the class of a registered type. Raises HueyException for an unknown one."""
    return cast(type[Task], queue._registry.string_to_task(name))


def registries(queues: Mapping[str, Huey]) -> dict[str, Any]:
    """Return the registry of each queue."""
    return {name: queue._registry for name, queue in queues.items()}


def look_also(queue: Huey, register: Callable[[str], object]) -> None:
    """Call `register` with the name of a claimed task that is not registered."""
    queue._registry.look_also = register


def declared(queue: Huey) -> set[object]:
    """Return what modules have given a queue: classes of tasks, hooks, receivers of signals."""
    hooks = (queue._startup, queue._shutdown, queue._pre_execute, queue._post_execute)
    by_name = [queue._registry._registry, *hooks]
    receivers = queue._signal.receivers.values()
    return {one for many in (*(named.values() for named in by_name), *receivers) for one in many}


def startup_hooks(queue: Huey) -> list[tuple[str, Callable[[], object]]]:
    """Return what is to run before the first task, each by its name, in its order."""
    return list(queue._startup.items())


def periodic_tasks(queue: Huey) -> list[Task]:
    """Return one task of each periodic type."""
    return list(queue._registry.periodic_tasks)


def has_crontab(task: Task) -> bool:
    """Say whether the schedule of a periodic task is Huey's `crontab`, no code of the user's."""
    method = type(task).validate_datetime
    schedule = inspect.getclosurevars(method).nonlocals.get("validate_datetime")
    return getattr(schedule, "__code__", None) is _CRONTAB


#: The code that all schedules of `crontab` share.
_CRONTAB = crontab().__code__


def create_task(queue: Huey, message: Any) -> Task:
    """Build the task of a message, as Huey's own dequeue does. Raises HueyException."""
    return cast(Task, queue._registry.create_task(message))


def interrupt_with(queue: Huey, handler: TimeoutHandler) -> None:
    """Set what interrupts tasks at their time limit, as Huey's own consumer does."""
    queue._timeout_handler = handler


def emit(queue: Huey, signal: str, task: Task) -> None:
    """Call the receivers of a signal of Huey."""
    queue._emit(signal, task)


def is_alone(queue: Huey) -> bool:
    """Say whether nothing listens to Huey: no hook, no receiver, no log of its own."""
    return not (
        queue._pre_execute
        or queue._post_execute
        or any(queue._signal.receivers.values())
        or logger.isEnabledFor(logging.INFO)
    )


def has_receivers(queue: Huey, signal: str) -> bool:
    """Say whether anything listens to a signal of Huey."""
    receivers = queue._signal.receivers
    return bool(receivers["any"] or receivers.get(signal))
