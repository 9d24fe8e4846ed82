"""What we say of the stack over HTTP: queues, statistics, consumers, health, Redis, settings."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

from pydantic import Field

import huey_tasks as tq
from web.http.parameters import QueueName
from web.tasks.schemas import Outbound


class LastMinuteView(Outbound):
    """What ended in the last full minute (of the clock); of a younger queue since it began."""

    seconds: float = Field(description="How long that was: 60, or less than two minutes.")
    done: int = Field(description="Tasks that succeeded or failed.")
    failed: int
    per_s: float = Field(description="Tasks that ended, however they did, in each second.")
    failure_rate: float | None = Field(description="`failed` of `done`, from 0 to 1.")
    per_s_before: float | None = Field(
        description="`per_s` of the minute before; null while less than that is known."
    )


class QueueView(Outbound):
    """One queue, in numbers."""

    queue: QueueName
    queued: int = Field(description="Tasks that wait in the queue.")
    active: int = Field(description="Tasks that run now.")
    scheduled: int
    retry: int
    success: int
    failed: int
    revoked: int
    expired: int
    consumers: int = Field(description="Live consumers.")
    workers: int = Field(description="Worker slots of the live consumers.")
    paused: bool = Field(description="Whether the queue gives out no tasks at present.")
    draining: bool = Field(description="Whether the queue takes no tasks from outside at present.")
    set_aside: int = Field(
        description="Failed tasks that killed their workers or could not be read, kept for a look."
    )
    oldest_waiting_s: float | None
    last_minute: LastMinuteView
    stopped_by: str | None = Field(description="Who paused or drained it; null while it is open.")
    stopped_why: str | None
    stopped_at: datetime | None


class QueueChanged(Outbound):
    """What an operator's action left behind."""

    queue: QueueName
    paused: bool
    draining: bool
    purged: int = Field(description="How many waiting tasks this request has revoked.")
    ts: datetime = Field(description="A frame of `/ws/stats` from before may not know of it yet.")


class QueuePurged(QueueChanged):
    """What a purge left behind."""

    undo_id: str | None = Field(description="Null when there was nothing to purge.")
    undo_until: datetime | None


class QueueList(Outbound):
    queues: list[QueueView]


class SocketTicket(Outbound):
    """What opens a WebSocket once or more, for a short time, in place of a key."""

    ticket: str
    expires_in_s: int


class StatsView(Outbound):
    """The whole service in numbers; also the frame of `/ws/stats`, which adds to it."""

    queued_high: int
    queued_default: int
    queued_low: int
    active_tasks: int
    failed_tasks: int
    success_tasks: int
    workers_online: int = Field(description="Live consumers.")
    scheduled_tasks: int
    retry_tasks: int
    revoked_tasks: int
    expired_tasks: int
    queues: list[QueueView]

    @classmethod
    def of(cls, stats: tq.Stats) -> "StatsView":
        """Sum the queues up under the names of the contract."""
        return cls(
            queued_high=stats.queued("high"),
            queued_default=stats.queued("default"),
            queued_low=stats.queued("low"),
            active_tasks=stats.total("active"),
            failed_tasks=stats.total("failed"),
            success_tasks=stats.total("success"),
            workers_online=stats.total("consumers"),
            scheduled_tasks=stats.total("scheduled"),
            retry_tasks=stats.total("retry"),
            revoked_tasks=stats.total("revoked"),
            expired_tasks=stats.total("expired"),
            queues=[QueueView.model_validate(queue) for queue in stats.queues],
        )


class WorkerView(Outbound):
    """One slot of a consumer."""

    worker: str
    pid: int
    task_id: str | None
    task_type: str | None
    attempt: int | None
    started_at: datetime | None
    memory_bytes: int | None = Field(
        description="Its share of memory; null when it is not known, and of greenlets."
    )
    cpu_percent: float | None = Field(
        description="Of one core, over the last ten seconds; null as `memory_bytes`."
    )


class ConsumerView(Outbound):
    """The process group that serves one queue."""

    consumer: str
    queue: QueueName
    host: str
    pid: int
    worker_type: str
    concurrency: int
    started_at: datetime
    last_seen_at: datetime
    memory_bytes: int | None = Field(
        description="Of its own process, and of its workers if they are greenlets."
    )
    cpu_percent: float | None = Field(description="Of one core; of the same processes.")
    workers: list[WorkerView]


class ConsumerList(Outbound):
    consumers: list[ConsumerView]


class QueueHealth(Outbound):
    consumers: int


class Health(Outbound):
    """Everything is there to do work."""

    status: Literal["ok"] = "ok"
    redis: Literal["ok"] = "ok"
    queues: dict[str, QueueHealth]
    reasons: list[str]


class Live(Outbound):
    """This process serves requests."""

    status: Literal["live"] = "live"


class Ready(Outbound):
    """This process serves requests, and Redis answers."""

    status: Literal["ready"] = "ready"


class RedisServer(Outbound):
    """What the Redis server says of itself; null is what its version does not say."""

    version: str | None
    mode: str | None
    role: str | None
    uptime_s: int | None
    used_memory_bytes: int | None
    peak_memory_bytes: int | None
    maxmemory_bytes: int | None = Field(description="0 means: no limit.")
    maxmemory_policy: str | None
    fragmentation_ratio: float | None
    connected_clients: int | None
    blocked_clients: int | None
    ops_per_s: int | None
    commands_processed: int | None
    evicted_keys: int | None
    expired_keys: int | None
    aof_enabled: bool
    last_save_at: datetime | None
    keys: int = Field(description="Keys in all databases.")

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> "RedisServer":
        """Pick from Redis' INFO, with units in the names."""
        saved_at = info.get("rdb_last_save_time")
        databases = [cast(dict[str, int], info[key]) for key in info if re.fullmatch(r"db\d+", key)]
        return cls(
            version=info.get("redis_version"),
            mode=info.get("redis_mode"),
            role=info.get("role"),
            uptime_s=info.get("uptime_in_seconds"),
            used_memory_bytes=info.get("used_memory"),
            peak_memory_bytes=info.get("used_memory_peak"),
            maxmemory_bytes=info.get("maxmemory"),
            maxmemory_policy=info.get("maxmemory_policy"),
            fragmentation_ratio=info.get("mem_fragmentation_ratio"),
            connected_clients=info.get("connected_clients"),
            blocked_clients=info.get("blocked_clients"),
            ops_per_s=info.get("instantaneous_ops_per_sec"),
            commands_processed=info.get("total_commands_processed"),
            evicted_keys=info.get("evicted_keys"),
            expired_keys=info.get("expired_keys"),
            aof_enabled=bool(info.get("aof_enabled")),
            last_save_at=None if saved_at is None else datetime.fromtimestamp(saved_at, UTC),
            keys=sum(database.get("keys", 0) for database in databases),
        )


class RedisView(Outbound):
    redis: RedisServer


class SettingView(Outbound):
    name: str
    value: str
    unit: str
    description: str


class SettingList(Outbound):
    settings: list[SettingView]
