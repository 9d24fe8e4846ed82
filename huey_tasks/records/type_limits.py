"""The limits of a task type, as Redis keeps them. Scripts apply them."""

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.task_hash import from_ms


@dataclass(frozen=True)
class Breaker:
    """When tasks of a type are held back because too many fail, and how they are let go again.

    It opens when of the last `of` attempts, all ended `within_s` seconds, the share `failures`
    failed. After `pause_s` seconds `tries` attempts may start: it closes when all succeed, and
    opens again when one fails.
    """

    failures: float = 0.5
    of: int = 20
    within_s: float = 60.0
    pause_s: float = 30.0
    tries: int = 3


@dataclass(frozen=True)
class TypeLimits:
    """How many tasks of a type run at a time, and how many start in a time; None: any number.

    `rate` in `per_s` seconds: as many may start at once, and again as many in each further such
    time. `by`: a field of the payload, each value of which has these limits to itself. `breaker`:
    when too many fail. `queues`: those over which it is counted, all of this process. `fair_by`: a
    field of the payload, whose values take turns in each queue.
    """

    concurrency: int | None = None
    rate: int | None = None
    per_s: float = 1.0
    by: str | None = None
    breaker: Breaker | None = None
    queues: tuple[str, ...] = field(default_factory=keys.queue_names, repr=False)
    fair_by: str | None = None

    def as_json(self) -> str:
        """Return them as the scripts read them."""
        fields: dict[str, Any] = {"queues": self.queues}
        if self.concurrency is not None:
            fields["concurrency"] = self.concurrency
        if self.rate is not None:
            fields |= {"rate": self.rate, "per_ms": round(self.per_s * 1000)}
        if self.by is not None:
            fields["by"] = self.by
        if self.fair_by is not None:
            fields["fair_by"] = self.fair_by
        if (breaker := self.breaker) is not None:
            fields["breaker"] = {
                "failures": breaker.failures,
                "of": breaker.of,
                "within_ms": round(breaker.within_s * 1000),
                "pause_ms": round(breaker.pause_s * 1000),
                "tries": breaker.tries,
            }
        return json.dumps(fields)

    @classmethod
    def read(cls, fields: dict[str, Any]) -> "TypeLimits":
        """Return what `as_json` wrote."""
        per_s, breaker = fields.get("per_ms", 1000) / 1000, fields.get("breaker")
        if breaker is not None:
            within_s, pause_s = breaker["within_ms"] / 1000, breaker["pause_ms"] / 1000
            rules = (breaker["failures"], breaker["of"], within_s, pause_s, breaker["tries"])
            breaker = Breaker(*rules)
        limits = (fields.get("concurrency"), fields.get("rate"), per_s, fields.get("by"))
        return cls(*limits, breaker, tuple(fields["queues"]), fields.get("fair_by"))


#: Who has set the limits that hold.
LimitsSource = Literal["operator", "code"]


@dataclass(frozen=True)
class StoredLimits:
    """The limits of a type by who has set them; an operator's go before those of the code.

    `updated_at`: when those that hold were set; None where there are none.
    """

    operator: TypeLimits | None = None
    code: TypeLimits | None = None
    updated_at: dt.datetime | None = None

    @property
    def now(self) -> TypeLimits | None:
        """The limits that hold."""
        return self.operator or self.code

    @property
    def source(self) -> LimitsSource | None:
        """Who has set those that hold; None if there are none."""
        if self.operator is not None:
            return "operator"
        return None if self.code is None else "code"


def read(broker: Broker, task_type: str) -> StoredLimits:
    """Return the limits of a type."""
    with redis_errors():
        text = broker.redis.hget(limit_keys.limits(), task_type)
    return StoredLimits() if text is None else _stored(text)


def read_all(broker: Broker) -> dict[str, StoredLimits]:
    """Return the limits of all types that have some."""
    with redis_errors():
        found = broker.redis.hgetall(limit_keys.limits())
    return {name.decode(): _stored(text) for name, text in found.items()}


def turns_by(broker: Broker, task_type: str) -> str | None:
    """Return the field of the payload by which tasks of a type take turns, None without one."""
    with redis_errors():
        found = broker.redis.hget(limit_keys.fair(), task_type)
    return None if found is None else found.decode()


def _stored(text: bytes) -> StoredLimits:
    both: dict[str, dict[str, Any]] = json.loads(text)
    operator, code = [
        None if fields is None else TypeLimits.read(fields)
        for fields in (both.get("operator"), both.get("code"))
    ]
    updated_ms = (both.get("operator") or both["code"]).get("updated_at")
    return StoredLimits(operator, code, None if updated_ms is None else from_ms(updated_ms))


def turn_ms(broker: Broker, on: str, task_id: str, task_type: str) -> float | None:
    """Return when a task that waits for `on` may start, in ms; None if that is not known.

    Those that wait for the same in its queue go first: a rate lets one after the other start, an
    open breaker as many as may try, and what comes then depends on them.
    """
    with broker.pipeline() as pipe:
        pipe.zscore(keys.awaited(broker.name), on)
        pipe.zrank(keys.blocked(broker.name, on), task_id)
        pipe.hget(limit_keys.limits(), task_type)
        looked_at_ms, ahead, text = pipe.execute()
    limits = None if text is None else _stored(text).now
    if looked_at_ms is None or limits is None or not ahead:
        return looked_at_ms
    if on.startswith("rate:") and limits.rate is not None:
        return looked_at_ms + ahead * limits.per_s * 1000 / limits.rate
    if limits.breaker is not None and ahead >= limits.breaker.tries:
        return None
    return looked_at_ms
