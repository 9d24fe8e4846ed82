"""What callers of AWS's API have set for functions, on top of what is in their files."""

import json
from collections.abc import Mapping
from typing import Any

from huey_tasks.broker import function_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.changes import ChangeScripts


def read(broker: Broker) -> Mapping[str, Mapping[str, Any]]:
    """Return what is set, by function and part."""
    with redis_errors():
        fields = broker.redis.hgetall(function_keys.settings())
    found: dict[str, dict[str, Any]] = {}
    for field, text in fields.items():
        name, _, part = field.decode().rpartition(":")
        found.setdefault(name, {})[part] = json.loads(text)
    return found


def write(broker: Broker, function: str, part: str, value: Any, operation: str) -> None:
    """Store one part for a function, with the operation for the audit; "" for none."""
    ChangeScripts(broker.scripts).function_settings(
        broker.name, f"{function}:{part}", json.dumps(value), operation
    )
