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
            counted = replace(operators, queues=keys.queue_names())
            store(brokers, name, counted, "operator", request="")
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
    request: str | None = None,
    seen_ms: int | None = None,
) -> None:
    """Set or take away the limits of a type in every queue.

    `request` "" keeps the time at which they were set. `seen_ms`: only if this is still that time.
    Raises ChangedMeanwhile, QueueUnavailable.
    """
    text = "" if limits is None else limits.as_json()
    request = secrets.token_hex(8) if request is None else request
    first, *others = brokers.values()
    is_done = ChangeScripts(first.scripts).limits(
        first.name, name, text, source, request, seen_ms=seen_ms, operation=operation
    )
    if not is_done:
        raise ChangedMeanwhile("Somebody has set the limits since you read them.")
    for broker in others:
        ChangeScripts(broker.scripts).limits(broker.name, name)
