"""The schemas of consumers and their workers."""

from datetime import datetime

from pydantic import Field

from web.http.models import Outbound
from web.http.parameters import QueueName


class WorkerView(Outbound):
    """One worker of a consumer."""

    worker: str
    pid: int
    task_id: str | None
    task_type: str | None
    attempt: int | None
    started_at: datetime | None
    memory_bytes: int | None = Field(
        description="Its proportional share of memory; null when unknown, and for greenlets."
    )
    cpu_percent: float | None = Field(
        description="Percent of one core over the last ten seconds; null like `memory_bytes`."
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
        description="Of the supervisor, including its workers if they are greenlets."
    )
    cpu_percent: float | None = Field(description="Percent of one core, of the same processes.")
    workers: list[WorkerView]


class ConsumerList(Outbound):
    consumers: list[ConsumerView]
