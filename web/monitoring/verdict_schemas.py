"""The schemas of the verdict."""

from datetime import datetime

from pydantic import Field

import huey_tasks as tq
from web.http.models import Outbound
from web.http.parameters import QueueName


class CauseView(Outbound):
    """The group of failures that is behind a condition."""

    fingerprint: str
    error_type: str
    message: str
    count: int


class ConditionView(Outbound):
    """One thing that is true of the service and matters."""

    code: str = Field(
        description="`redis_away`, `no_writes`, `no_consumer`, `all_paused`, `data_lost`, "
        "`queue_full`, `memory_low`, `failing`, `breaker_open`, `new_cause`, `set_aside`, "
        "`waiting_long`, `paused` or `draining`."
    )
    severity: tq.Severity
    title: str = Field(description="The condition in one sentence, as the dashboard says it.")
    queues: list[QueueName]
    number: float | None = Field(
        description="What it is about: a share from 0 to 1, a count, or seconds."
    )
    cause: CauseView | None = Field(description="The failure behind it, if there is one.")
    detail: str | None = Field(
        description="What is known besides: who paused a queue and why, what is lost."
    )
    link: str | None = Field(description="The path of the page that shows it.")


class VerdictView(Outbound):
    """How the service is. Without conditions all is well."""

    severity: tq.Severity = Field(
        description="That of the first condition; `fine` without one. `losing`: many attempts fail "
        "or submits are refused; no accepted task is lost."
    )
    title: str = Field(description="The headline: the title of the first condition.")
    conditions: list[ConditionView] = Field(description="The most severe first.")
    ts: datetime
