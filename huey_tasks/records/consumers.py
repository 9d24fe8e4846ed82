"""The live consumers: what they say of themselves and their workers, from Redis into records."""

import json
from typing import Any, cast

from huey_tasks.broker import function_keys, task_hash
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.tasks import KNOWN_MS
from huey_tasks.records.models import ConsumerRecord, WorkerRecord


def known(broker: Broker) -> list[tuple[str, dict[str, Any]]]:
    """Return what each consumer with a heartbeat in the last 50 s says of itself, by its name."""
    online = broker.scripts.online(broker.name, within_ms=KNOWN_MS)
    return [(consumer, json.loads(info)) for consumer, info, _ in online]


def environments(broker: Broker) -> list[dict[str, Any]]:
    """Return the environments of the live function hosts of a queue, as they say."""
    with redis_errors():
        said = broker.redis.hgetall(function_keys.environments(broker.name))
    live = {consumer for consumer, _, _ in broker.scripts.online(broker.name)} if said else set()
    return [
        {**each, "queue": broker.name}
        for consumer, text in said.items()
        if consumer.decode() in live
        for each in json.loads(text)
    ]


def consumers(broker: Broker) -> list[ConsumerRecord]:
    """Return the live consumers of a queue."""
    found: list[ConsumerRecord] = []
    for consumer, text, seen_ms in broker.scripts.online(broker.name):
        info = cast(dict[str, Any], json.loads(text))
        if not info["workers"]:  # it is live, and still starts them
            continue
        found.append(
            ConsumerRecord(
                consumer=consumer,
                queue=broker.name,
                host=info["host"],
                pid=info["pid"],
                worker_type=info["worker_type"],
                concurrency=len(info["workers"]),
                started_at=task_hash.from_seconds(info["started_at"]),
                last_seen_at=task_hash.from_seconds(seen_ms / 1000),
                memory_bytes=info.get("memory_bytes"),
                cpu_percent=info.get("cpu_percent"),
                workers=tuple(_worker_record(worker) for worker in info["workers"]),
            )
        )
    return found


def _worker_record(info: dict[str, Any]) -> WorkerRecord:
    started_at = info.get("started_at")
    return WorkerRecord(
        worker=info["worker"],
        pid=info["pid"],
        task_id=info.get("task_id"),
        task_type=info.get("task_type"),
        attempt=info.get("attempt"),
        started_at=None if started_at is None else task_hash.from_seconds(started_at),
        memory_bytes=info.get("memory_bytes"),
        cpu_percent=info.get("cpu_percent"),
    )
