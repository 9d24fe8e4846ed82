"""The schemas of webhooks and their deliveries."""

from datetime import datetime
from typing import Annotated, Literal, cast

from pydantic import BaseModel, Field, WithJsonSchema

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import IfUpdatedAt, Limit, Query, StoredQueueName, Tag, TaskId
from web.operations.operator import Reason

_URL = (
    "Where ends of tasks are posted: http or https, without user name, password and fragment. Its "
    "host has a public address, or is one of WEBHOOK_ALLOWED_HOSTS."
)
_STATES = "Of tasks that end so: SUCCESS, FAILURE, REVOKED, EXPIRED. Empty: all."
_TYPES = (
    "Of tasks of these types, at most 20. Empty: all. `duckline.flow` stands for flows, whose ends "
    "are posted only to webhooks that name it."
)
_TAGS = "Of tasks with one of these tags, at most 10. Empty: all."
_CONDITIONS = (
    "Codes of conditions of the verdict. With them it hears of their begin and end, and of no "
    "tasks: `states`, `task_types` and `tags` are empty."
)
_DESCRIPTION = "At most 200 characters for those who read the list."


#: A terminal state, as `huey_tasks` checks it.
State = Annotated[
    str,
    WithJsonSchema({"type": "string", "enum": [str(s) for s in tq.TaskState if s.terminal]}),
]


#: The code of a condition, as `huey_tasks` checks it.
ConditionCode = Annotated[str, WithJsonSchema({"type": "string", "enum": [*tq.CONDITIONS]})]


class WebhookPath(BaseModel):
    webhook_id: str = Field(description="The id of the webhook.")


class DeliveryPath(WebhookPath):
    delivery_id: str = Field(description="The id of the delivery.")


class WebhookBody(Inbound):
    """A new webhook."""

    url: str = Field(description=_URL, examples=["https://example.com/hooks"])
    description: str = Field(default="", description=_DESCRIPTION)
    states: list[State] = Field(default=[], description=_STATES)
    task_types: list[str] = Field(default=[], description=_TYPES)
    tags: list[Tag] = Field(default=[], description=_TAGS, json_schema_extra={"maxItems": 10})
    conditions: list[ConditionCode] = Field(default=[], description=_CONDITIONS)
    reason: Reason = None


class WebhookChangeBody(Inbound):
    """What to change of a webhook; what is absent stays."""

    url: str = Field(default=cast(str, None), description=_URL)
    description: str = Field(default=cast(str, None), description=_DESCRIPTION)
    states: list[State] = Field(default=cast("list[str]", None), description=_STATES)
    task_types: list[str] = Field(default=cast("list[str]", None), description=_TYPES)
    tags: list[Tag] = Field(
        default=cast("list[str]", None), description=_TAGS, json_schema_extra={"maxItems": 10}
    )
    conditions: list[ConditionCode] = Field(
        default=cast("list[str]", None), description=_CONDITIONS
    )
    enabled: bool = Field(
        default=cast(bool, None), description="False: nothing is posted any more."
    )
    if_updated_at: IfUpdatedAt = None
    reason: Reason = None

    def changes(self) -> tq.WebhookChanges:
        """Return what the body says."""
        return tq.WebhookChanges(
            self.url,
            self.description,
            self.states,
            self.task_types,
            self.tags,
            self.enabled,
            self.conditions,
        )


class RecentView(Outbound):
    """How the latest deliveries of a webhook went."""

    deliveries: int = Field(description="At most 20, of the last three days.")
    delivered: int = Field(description="Those of them that have arrived.")


class WebhookView(Outbound):
    """A webhook, without its secret."""

    id: str
    url: str | None = Field(description="Null for `tasks`: each task says its own.")
    description: str
    states: list[str]
    task_types: list[str]
    tags: list[str]
    conditions: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    has_secret: bool
    created_at: datetime | None
    updated_at: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failing_since: datetime | None = Field(description="Since when every attempt has failed.")
    last_error: str | None
    recent: RecentView


class WebhookWithSecret(WebhookView):
    """A webhook with its secret, which no other answer shows."""

    secret: str = Field(description="`whsec_…`; it signs every delivery.")


class WebhookList(Outbound):
    """All webhooks; the first is that of tasks with a `webhook_url`."""

    webhooks: list[WebhookView]


class DeliveriesQuery(Query):
    limit: Limit = Field(default=50, ge=1, le=200, description="How many.")
    cursor: str | None = Field(default=None, max_length=64, description="`next_cursor` of a page.")


class DeliveryAttemptView(Outbound):
    """One attempt of a delivery."""

    at: datetime
    duration_ms: int
    status: int | None = Field(description="The HTTP status; null without an answer.")
    answer: str | None = Field(description="The first 500 bytes of the answer.")
    error: str | None = Field(description="Why it has not been accepted.")


class DeliveryView(Outbound):
    """One event on its way to one webhook: the end of a task or flow, or a condition."""

    id: str = Field(description="The `webhook-id` of every attempt.")
    webhook_id: str
    url: str
    event: str = Field(
        description="`task.success`, and so on for each terminal state; `flow.succeeded`, "
        "`flow.failed`, `flow.cancelled`; `task.test` and `flow.test` of a sample, whose `task_id` "
        "names nothing. `condition.began`, `condition.ended`, `condition.test`."
    )
    condition: str | None = Field(description="The code of the condition; null of a task.")
    task_id: TaskId | None = Field(description="The task, or the flow; null of a condition.")
    task_type: str | None
    queue: StoredQueueName | None
    status: Literal["pending", "delivered", "failed"]
    created_at: datetime
    delivered_at: datetime | None
    next_attempt_at: datetime | None
    delivered_by: TaskId = Field(description="The task that sends it.")
    attempts: list[DeliveryAttemptView]


class DeliveryList(Outbound):
    """A page of deliveries, the newest first."""

    deliveries: list[DeliveryView]
    next_cursor: str | None
