"""The limits of task types: how many tasks run at a time, and how many start within a time."""

import contextlib
import datetime as dt
from types import EllipsisType
from typing import Any

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.scripts.operators import OperatorScripts
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
    """Return the limits of a type by who has set them, also of one that no code has any more.

    Raises TaskTypeNotFound, QueueUnavailable.
    """
    stored = type_limits.read(BROKERS.first, task_type)
    if stored.source is None:
        _find(task_type)
    return stored


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

    None for a type that no code has any more takes away what its code declared, too. They hold from
    the next claim on; what runs goes on. `if_updated_at`: only if those that hold now were set
    then, `stored_limits(…).updated_at`, and with None only if there are none; else
    ChangedMeanwhile. Raises TaskTypeNotFound, InvalidQuery, QueueUnavailable.
    """
    if limits is None:
        _remove(task_type, by, _seen(if_updated_at))
        return
    found = _find(task_type)
    wrong = problems(limits)
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


def _remove(task_type: str, by: Operator | None, seen: str) -> None:
    stored = stored_limits(task_type)
    operation = trail.as_argument(BROKERS, Action.LIMIT, by, task_type)
    declared.store(BROKERS, task_type, None, "operator", operation, seen=seen)
    if stored.code is not None and not _has_code(task_type):
        declared.store(BROKERS, task_type, None, "code")  # no consumer will ever do it


def _has_code(task_type: str) -> bool:
    """Return whether this process or a live consumer knows the type."""
    with contextlib.suppress(TaskTypeNotFound):
        _find(task_type)
        return True
    looks = (
        OperatorScripts(broker.scripts).explain(broker.name, "", minutes=1, task_type=task_type)
        for broker in BROKERS.values()
    )
    return any(look is not None and look.knowing for look in looks)


def _seen(updated_at: dt.datetime | EllipsisType | None) -> str:
    if updated_at is None:
        return "none"
    return "" if updated_at is ... else str(round(updated_at.timestamp() * 1000))


def _find(task_type: str) -> TaskType[..., Any]:
    try:
        return types.get(task_type)
    except UnknownTaskType as unknown:
        raise TaskTypeNotFound(unknown.detail) from None
