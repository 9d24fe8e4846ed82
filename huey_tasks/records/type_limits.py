"""The limits of a task type, as Redis keeps them. Scripts apply them."""

import json
from dataclasses import dataclass
from typing import Any

from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors


@dataclass(frozen=True)
class TypeLimits:
    """How many tasks of a type run at a time, and how many start in a time; None: any number.

    `rate` in `per_s` seconds: as many may start at once, and again as many in each further such
    time. `by`: a field of the payload, each value of which has these limits to itself.
    """

    concurrency: int | None = None
    rate: int | None = None
    per_s: float = 1.0
    by: str | None = None

    def as_json(self) -> str:
        """Return them as the scripts read them."""
        fields: dict[str, Any] = {"queues": keys.queue_names()}
        if self.concurrency is not None:
            fields["concurrency"] = self.concurrency
        if self.rate is not None:
            fields |= {"rate": self.rate, "per_ms": round(self.per_s * 1000)}
        if self.by is not None:
            fields["by"] = self.by
        return json.dumps(fields)


def read(broker: Broker, task_type: str) -> TypeLimits | None:
    """Return the limits of a type, None if it has none."""
    with redis_errors():
        text = broker.redis.hget(limit_keys.limits(), task_type)
    if text is None:
        return None
    found = json.loads(text)
    per_s = found.get("per_ms", 1000) / 1000
    return TypeLimits(found.get("concurrency"), found.get("rate"), per_s, found.get("by"))


def looked_at_ms(broker: Broker, on: str) -> float | None:
    """Return when those that wait for `on` are looked at again, in ms; None if nothing waits."""
    with redis_errors():
        return broker.redis.zscore(keys.awaited(broker.name), on)
