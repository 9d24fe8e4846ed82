"""The schemas of queues and of the actions on them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from web.http.models import Outbound
from web.http.parameters import QueueName
from web.operations.operator import ReasonBody


class QueuePath(BaseModel):
    queue: str = Field(description="Its name, one of `QUEUES`.")


class LastMinuteView(Outbound):
    """What ended in the last full minute of the clock; in a new queue, since its start."""

    seconds: float = Field(description="The length of that time: 60, or less than two minutes.")
    done: int = Field(description="Tasks that succeeded or failed.")
    failed: int
    per_s: float = Field(description="Tasks per second that ended in any state.")
    failure_rate: float | None = Field(description="`failed` divided by `done`, from 0 to 1.")
    per_s_before: float | None = Field(
        description="`per_s` of the minute before that; null while it is not known."
    )


class KeptView(Outbound):
    """Finished tasks that can still be listed; `RESULT_TTL_S` and `FINISHED_CAP` limit them."""

    success: int
    failed: int
    revoked: int
    expired: int


class QueueView(Outbound):
    """The counts of one queue."""

    queue: QueueName
    queued: int = Field(description="Tasks that wait in the queue.")
    active: int = Field(description="Tasks that run now.")
    scheduled: int
    retry: int
    success: int = Field(description="Tasks that have succeeded since the beginning.")
    failed: int
    revoked: int
    expired: int
    kept: KeptView
    consumers: int = Field(description="Live consumers.")
    workers: int = Field(description="Worker slots of the live consumers.")
    paused: bool = Field(description="Whether the queue starts no tasks now.")
    draining: bool = Field(description="Whether the queue refuses new tasks now.")
    set_aside: int = Field(
        description="Quarantined tasks: they killed their workers or could not be read."
    )
    oldest_waiting_s: float | None
    last_minute: LastMinuteView
    stopped_by: str | None = Field(description="Who paused or drained it; null while it is open.")
    stopped_why: str | None
    stopped_at: datetime | None
    open_breakers: list[str] = Field(
        description="Task types whose breaker keeps tasks of this queue waiting."
    )
    losses: list[str] = Field(
        description="What has been lost of its accepted tasks and results, until `duckline verify "
        "--write-off` confirms it; one sentence each."
    )
    refuses: Literal["queue_full", "memory_low", "queue_unavailable"] | None = Field(
        description="The code with which it refuses submits now; null while it takes them. "
        "`queue_unavailable`: Redis takes no writes. A draining queue says so in `draining`."
    )


class QueueChanged(Outbound):
    """The queue after an action of an operator."""

    queue: QueueName
    paused: bool
    draining: bool
    purged: int = Field(description="How many waiting tasks this request cancelled.")
    ts: datetime = Field(description="Frames of `/ws/stats` before this time may not include it.")


class QueuePurged(QueueChanged):
    """The queue after a purge."""

    undo_id: str | None = Field(description="Null when no task waited.")
    undo_until: datetime | None


class PurgeBody(ReasonBody):
    """The options of a purge."""

    at_most: int | None = Field(
        default=None,
        ge=0,
        description="The number of tasks that was agreed to: what has come since is kept. Those "
        "that would start first are cancelled.",
    )


class QueueList(Outbound):
    queues: list[QueueView]
