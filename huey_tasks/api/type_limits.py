"""The limits of task types: how many run at a time, and how many start within a time."""

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.scripts.changes import ChangeScripts
from huey_tasks.errors import InvalidQuery, Problem, TaskTypeNotFound, UnknownTaskType
from huey_tasks.queues import BROKERS
from huey_tasks.records import type_limits
from huey_tasks.records.type_limits import TypeLimits
from huey_tasks.registry import types

#: The highest concurrency and rate, and the longest time of a rate in seconds.
MOST, DAY_S = 1_000_000, 86_400.0


def limits_of(task_type: str) -> TypeLimits | None:
    """Return the limits of a type, None without. Raises TaskTypeNotFound, QueueUnavailable."""
    _check_type(task_type)
    return type_limits.read(BROKERS.first, task_type)


def set_limits(task_type: str, limits: TypeLimits | None, by: Operator | None = None) -> None:
    """Set the limits of a type over all queues and consumers; None takes them away.

    They hold from the next claim on; what runs goes on. Raises TaskTypeNotFound, InvalidQuery,
    QueueUnavailable.
    """
    _check_type(task_type)
    if limits is not None and (wrong := list(_problems(limits))):
        raise InvalidQuery(wrong)
    operation = trail.as_argument(BROKERS, Action.LIMIT, by, task_type)
    text = "" if limits is None else limits.as_json()
    for broker in BROKERS.values():
        ChangeScripts(broker.scripts).limits(broker.name, task_type, text, operation)
        operation = ""


def _check_type(task_type: str) -> None:
    try:
        types.get(task_type, suggest=False)
    except UnknownTaskType:
        raise TaskTypeNotFound(f"No task type is named '{task_type[:64]}'.") from None


def _problems(limits: TypeLimits) -> list[Problem]:
    wrong: list[Problem] = []
    if limits.concurrency is None and limits.rate is None:
        wrong.append(Problem("", "missing", "Give 'concurrency', 'rate', or both."))
    for name in ("concurrency", "rate"):
        value = getattr(limits, name)
        if value is not None and not 1 <= value <= MOST:
            rule = f"'{name}' is a whole number from 1 to {MOST:_}."
            wrong.append(Problem(f"/{name}", "number", rule))
    if not 0.001 <= limits.per_s <= DAY_S:
        wrong.append(
            Problem("/per", "number", "'per' is a number of seconds from 0.001 to 86_400.")
        )
    if limits.by is not None and not 1 <= len(limits.by) <= 128:
        wrong.append(Problem("/by", "field", "'by' is the name of a field of the payload."))
    return wrong
