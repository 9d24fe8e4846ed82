"""How the last import of each function went, from Redis into records."""

import datetime as dt
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from huey_tasks.broker import function_keys, task_hash
from huey_tasks.broker.broker import Brokers


@dataclass(frozen=True)
class Import:
    """One import of a function, by the version (hash) that was imported.

    `at`: epoch seconds. `init_ms`: how long it took; None if it failed, with `error` as AWS has it.
    """

    version: str
    at: float
    init_ms: float | None
    error: dict[str, Any] | None

    def as_json(self) -> str:
        """Return it as it is stored."""
        return json.dumps(asdict(self))

    @property
    def when(self) -> dt.datetime:
        """Return the time of it."""
        return task_hash.from_seconds(self.at)


def last_imports(brokers: Brokers) -> dict[str, Import]:
    """Return the last import of each function by name, in one round trip."""
    with brokers.pipeline() as pipe:
        for queue in brokers:
            pipe.hgetall(function_keys.imports(queue))
        kept = pipe.execute()
    found = dict[str, Import]()
    for of_queue in kept:
        for name, text in of_queue.items():
            said = json.loads(text)
            # A host of a newer version may say more.
            each = Import(**{field.name: said[field.name] for field in fields(Import)})
            known = found.get(name.decode())
            if known is None or known.at < each.at:
                found[name.decode()] = each
    return found
