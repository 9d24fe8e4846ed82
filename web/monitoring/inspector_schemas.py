"""The schemas of the Redis server and of the settings of this process."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import Field

from web.http.models import Outbound


class RedisServer(Outbound):
    """What the Redis server reports about itself; null is what its version does not report."""

    version: str | None
    mode: str | None
    role: str | None
    uptime_s: int | None
    used_memory_bytes: int | None
    peak_memory_bytes: int | None
    maxmemory_bytes: int | None = Field(description="0 means no limit.")
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
    aof_write_ok: bool | None = Field(description="False: it could not write its append-only file.")
    snapshot_ok: bool | None = Field(description="False: it could not write its last snapshot.")
    keys: int = Field(description="Keys in all databases.")

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> "RedisServer":
        """Select fields of INFO, with units in their names."""
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
            aof_write_ok=_is_ok(info.get("aof_last_write_status")),
            snapshot_ok=_is_ok(info.get("rdb_last_bgsave_status")),
            keys=sum(database.get("keys", 0) for database in databases),
        )


def _is_ok(status: str | None) -> bool | None:
    return None if status is None else status == "ok"


class RedisView(Outbound):
    redis: RedisServer


class SettingView(Outbound):
    name: str
    value: str
    unit: str
    description: str


class SettingList(Outbound):
    settings: list[SettingView]
