"""The schemas of task types; the payloads of single types come from their functions."""

from typing import Any

from pydantic import Field

from web.http.models import Outbound
from web.http.parameters import QueueName


class TaskTypeView(Outbound):
    """A registered function."""

    task_type: str
    queue: QueueName
    description: str
    retries: int
    retry_delay_s: float | None = Field(
        description="Seconds before the first retry; null if the delays are a list or computed."
    )
    retry_backoff: float | None = Field(
        description="How many times as long each further delay is; null as above."
    )
    retry_delays_s: tuple[float, ...] | None = Field(
        description="Seconds before each retry, the first ten, without jitter; null if a function "
        "of the task type computes them."
    )
    retry_on: tuple[str, ...] | None = Field(
        description="The exception types that are retried; null for every one."
    )
    no_retry_on: tuple[str, ...] = Field(description="The exception types that are never retried.")
    timeout_s: float | None
    payload_schema: dict[str, Any] = Field(
        serialization_alias="schema", description="JSON Schema of the payload."
    )
    example: dict[str, Any]


class TaskTypeList(Outbound):
    task_types: list[TaskTypeView]
