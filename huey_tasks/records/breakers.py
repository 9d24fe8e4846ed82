"""The breakers of a task type as they are now. Scripts open and close them."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Literal, cast

from huey_tasks.broker import limit_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.records.type_limits import TypeLimits

#: How many breakers of one type are read; with `by` each value has one.
MOST = 100


@dataclass(frozen=True)
class BreakerState:
    """A breaker now. `failed` of the last `of` attempts: so far, or those that opened it.

    `value`: what it is of, with `by`, as JSON; the digest of a long one. `until`: of an open one,
    when the first may try. `succeeded`: of a half-open one, how many tries have.
    """

    value: str | None
    state: Literal["closed", "open", "half_open"]
    failed: int
    of: int
    until: dt.datetime | None = None
    succeeded: int = 0


def read(broker: Broker, task_type: str, limits: TypeLimits | None) -> list[BreakerState]:
    """Return the breaker of a type; with `by` those that are not closed, at most 100."""
    if limits is None or limits.breaker is None:
        return []
    with redis_errors():
        found = cast("list[bytes]", broker.redis.zrange(limit_keys.breakers(), 0, -1))
    names = [name.decode() for name in found]
    if limits.by is None:
        names = [task_type]
    names = [name for name in names if name == task_type or name.startswith(f"{task_type}=")]
    now_ms, since_ms = (at := broker.now_ms()), at - limits.breaker.within_s * 1000
    with broker.pipeline() as pipe:
        for name in names[:MOST]:
            pipe.hmget(limit_keys.breaker(name), "until", "succeeded", "failed", "of")
            pipe.lrange(limit_keys.recent(name), 0, limits.breaker.of - 1)
        replies = pipe.execute()
    return [
        _state(name.removeprefix(task_type), fields, ends, now_ms, since_ms)
        for name, fields, ends in zip(names, replies[::2], replies[1::2], strict=False)
    ]


def _state(
    of_value: str, fields: list[bytes | None], ends: list[bytes], now_ms: float, since_ms: float
) -> BreakerState:
    value = _value(of_value[1:]) if of_value else None
    until, succeeded, failed, of = (None if text is None else int(text) for text in fields)
    if until is None:
        recent = [end for end in ends if float(end[1:]) >= since_ms]
        failures = sum(end.startswith(b"F") for end in recent)
        return BreakerState(value, "closed", failures, len(recent))
    counts = (failed or 0, of or 0)  # one that an older version has opened has none
    if until > now_ms:
        return BreakerState(value, "open", *counts, from_ms(until))
    return BreakerState(value, "half_open", *counts, None, succeeded or 0)


def _value(name: str) -> str:
    """Return what `limited_name` in type_limits.lua wrote of a value, as JSON."""
    try:
        return json.dumps(json.loads(name)[0], ensure_ascii=False)
    except (ValueError, LookupError, TypeError):
        return name
