"""Who is there: what consumers say of themselves and their workers, out of Redis into records."""

import json
from typing import Any, cast

from huey_tasks.broker import task_hash
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.tasks import KNOWN_MS
from huey_tasks.records.models import ConsumerRecord, WorkerRecord


def known(broker: Broker) -> list[tuple[str, dict[str, Any]]]:
    """What each consumer has said of itself that was heard of in the last 50 s, by its name."""
    online = broker.scripts.online(broker.name, within_ms=KNOWN_MS)
    return [(consumer, json.loads(info)) for consumer, info, _ in online]


def consumers(broker: Broker) -> list[ConsumerRecord]:
    """The live consumers of a queue."""
    found: list[ConsumerRecord] = []
    for consumer, info, seen_ms in broker.scripts.online(broker.name):
        told = cast(dict[str, Any], json.loads(info))
        if not told["workers"]:  # it is there, and starts them
            continue
        found.append(
            ConsumerRecord(
                consumer=consumer,
                queue=broker.name,
                host=told["host"],
                pid=told["pid"],
                worker_type=told["worker_type"],
                concurrency=len(told["workers"]),
                started_at=task_hash.from_seconds(told["started_at"]),
                last_seen_at=task_hash.from_seconds(seen_ms / 1000),
                memory_bytes=told.get("memory_bytes"),
                cpu_percent=told.get("cpu_percent"),
                workers=tuple(_worker_record(worker) for worker in told["workers"]),
            )
        )
    return found


def _worker_record(told: dict[str, Any]) -> WorkerRecord:
    started_at = told.get("started_at")
    return WorkerRecord(
        worker=told["worker"],
        pid=told["pid"],
        task_id=told.get("task_id"),
        task_type=told.get("task_type"),
        attempt=told.get("attempt"),
        started_at=None if started_at is None else task_hash.from_seconds(started_at),
        memory_bytes=told.get("memory_bytes"),
        cpu_percent=told.get("cpu_percent"),
    )
