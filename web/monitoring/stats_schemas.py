"""The schema of the counts of the whole service, over HTTP and in a frame of `/ws/stats`."""

from pydantic import Field

import huey_tasks as tq
from web.http.models import Outbound
from web.queues.schemas import QueueView


class StatsView(Outbound):
    """The counts of the whole service; a frame of `/ws/stats` has these fields and some more."""

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
        """Sum the counts of all queues."""
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
