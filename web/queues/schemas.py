"""The queues over HTTP: their numbers, and what an action on one answers."""

from datetime import datetime

from pydantic import BaseModel, Field

from web.http.models import Outbound
from web.http.parameters import QueueName


class QueuePath(BaseModel):
    queue: str = Field(description="`high`, `default` or `low`.")


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
