"""The limits of task types: how many tasks run at a time, and how many start within a time."""

import datetime as dt
from types import EllipsisType
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.errors import InvalidQuery, Problem, TaskTypeNotFound, UnknownTaskType
from huey_tasks.limits import declared
from huey_tasks.limits.checks import problems
from huey_tasks.queues import BROKERS
from huey_tasks.records import breakers, type_limits
from huey_tasks.records.breakers import BreakerState
from huey_tasks.records.type_limits import StoredLimits, TypeLimits
from huey_tasks.registry import types
from huey_tasks.registry.types import TaskType


def limits_of(task_type: str) -> TypeLimits | None:
    """Return the limits of a type that hold, None without.

    Raises TaskTypeNotFound, QueueUnavailable.
    """
    return stored_limits(task_type).now


def stored_limits(task_type: str) -> StoredLimits:
    """Return the limits of a type by who has set them.

    Raises TaskTypeNotFound, QueueUnavailable.
    """
    _find(task_type)
    return type_limits.read(BROKERS.first, task_type)


def breaker_states(task_type: str) -> list[BreakerState]:
    """Return the breaker of a type as it is; with `by` those that are not closed, at most 100.

    Raises TaskTypeNotFound, QueueUnavailable.
    """
    return breakers.read(BROKERS.first, task_type, limits_of(task_type))


def set_limits(
    task_type: str,
    limits: TypeLimits | None,
    by: Operator | None = None,
    *,
    if_updated_at: dt.datetime | EllipsisType | None = ...,
) -> None:
    """Set the limits of a type over all queues and consumers; None: those of the code, if any.

    They hold from the next claim on; what runs goes on. `if_updated_at`: only if those that hold
    now were set then, `stored_limits(…).updated_at`, and with None only if there are none; else
    ChangedMeanwhile. Raises TaskTypeNotFound, InvalidQuery, QueueUnavailable.
    """
    found = _find(task_type)
    wrong = [] if limits is None else problems(limits)
    for name in ("by", "fair_by"):
        field = getattr(limits, name, None)
        if field is not None and not found.payload.takes(field):
            known = ", ".join(found.payload.parameters) or "none"
            rule = f"The payload of '{task_type}' has no such field; its fields are {known}."
            wrong.append(Problem(f"/{name}", "field", rule))
    if wrong:
        raise InvalidQuery(wrong)
    operation = trail.as_argument(BROKERS, Action.LIMIT, by, task_type)
    declared.store(BROKERS, task_type, limits, "operator", operation, seen=_seen(if_updated_at))


def _seen(updated_at: dt.datetime | EllipsisType | None) -> str:
    if updated_at is None:
        return "none"
    return "" if updated_at is ... else str(round(updated_at.timestamp() * 1000))


def _find(task_type: str) -> TaskType[..., Any]:
    try:
        return types.get(task_type)
    except UnknownTaskType as unknown:
        raise TaskTypeNotFound(unknown.detail) from None
