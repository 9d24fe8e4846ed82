"""Limits that code declares, stored when a consumer starts, as declared schedules are.

Each consumer makes the limits of the types that it knows what its code declares. What an operator
has set goes before it and stays. The deploy that starts last decides; if it has other queues,
limits are counted over those.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.scripts.changes import ChangeScripts
from huey_tasks.errors import ChangedMeanwhile
from huey_tasks.records import type_limits
from huey_tasks.records.type_limits import LimitsSource, StoredLimits, TypeLimits

logger = logging.getLogger(__name__)


def apply(brokers: Brokers, declared: Mapping[str, TypeLimits | None]) -> None:
    """Store the limits of all types that this code knows, by name; None: it declares none.

    Raises QueueUnavailable.
    """
    stored = type_limits.read_all(brokers.first)
    for name, limits in declared.items():
        before = stored.get(name, StoredLimits())
        operators = before.operator
        if operators is not None and operators.queues != keys.queue_names():
            _count_over_these_queues(brokers, name, operators)
        if limits == before.code:
            continue
        store(brokers, name, limits, "code")
        verb = "are as" if limits is not None else "are gone, as"
        about = {"task_type": name, "overridden": "by an operator" if operators else "no"}
        logger.info(f"limits {verb} the code declares", extra=about)


def store(
    brokers: Brokers,
    name: str,
    limits: TypeLimits | None,
    source: LimitsSource,
    operation: str = "",
    *,
    seen: str = "",
) -> None:
    """Set or take away the limits of a type in every queue.

    `seen`: only if those that hold were set then, in ms; "none": only if there are none; "": in any
    case. Raises ChangedMeanwhile, QueueUnavailable.
    """
    text = "" if limits is None else limits.as_json()
    first, *others = brokers.values()
    is_done = ChangeScripts(first.scripts).limits(
        first.name, name, text, source, secrets.token_hex(8), seen=seen, operation=operation
    )
    if not is_done:
        raise ChangedMeanwhile("Somebody has set the limits since you read them.")
    for broker in others:
        ChangeScripts(broker.scripts).limits(broker.name, name)


def _count_over_these_queues(brokers: Brokers, name: str, operators: TypeLimits) -> None:
    """Count the limits of an operator over our queues; those set since `operators` stay."""
    first, *others = brokers.values()
    text = replace(operators, queues=keys.queue_names()).as_json()
    ChangeScripts(first.scripts).limits(first.name, name, text, "operator")
    for broker in others:
        ChangeScripts(broker.scripts).limits(broker.name, name)
