"""The schemas of flows."""

from datetime import datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import Limit, Query, StoredQueueName, Tag, TaskId
from web.operations.operator import Reason

FlowStatus = Literal["running", "succeeded", "failed", "cancelled"]

_NAME = "1 to 64 letters, digits, '.', '_' or '-'; unique in its flow."
_RESULTS = (
    "Parameters that take the result of a node, `{parameter: node}`: of one of `after`, or of one "
    "that names this node as its `on_failure`, whose error it takes as text."
)
_EXAMPLE: dict[str, Any] = {
    "name": "monthly report",
    "nodes": [
        {
            "name": "load",
            "task_type": "data_pipeline",
            "payload": {"source": "s3://in", "destination": "s3://out", "record_count": 1000},
            "on_failure": "tell",
        },
        {
            "name": "report",
            "task_type": "generate_report",
            "payload": {
                "report_type": "monthly_summary",
                "user_id": "usr_12345",
                "date_range": "last_30_days",
            },
            "after": ["load"],
        },
        {
            "name": "tell",
            "task_type": "send_email",
            "payload": {"to": "user@example.com", "subject": "The load has failed"},
            "results": {"body": "load"},
        },
    ],
}


class FlowPath(BaseModel):
    flow_id: str = Field(description="The id of the flow.")


class FlowNodeBody(Inbound):
    """One node of a flow: a task, and what it waits for."""

    name: str = Field(description=_NAME)
    task_type: str = Field(description="The registered name of the function to run.")
    payload: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="The keyword arguments of the function."
    )
    priority: str = Field(
        default=cast(str, None),
        description="The queue; the default is that of the task type.",
        json_schema_extra={"enum": list(tq.QUEUES)},
    )
    after: list[str] = Field(default=[], description="The nodes that have to succeed first.")
    results: dict[str, str] = Field(default_factory=dict[str, str], description=_RESULTS)
    on_failure: str = Field(
        default=cast(str, None), description="The node that starts when this one does not succeed."
    )
    tags: list[Tag] = Field(
        default=[],
        description="Up to ten labels to search for.",
        json_schema_extra={"maxItems": 10},
    )
    delay: float | None = Field(
        default=None, description="Seconds until it may start, from when it could: 0 to a year."
    )
    expires_in: float | None = Field(
        default=None, description="Seconds within which it must start, from when it could."
    )
    queue_priority: int | None = Field(
        default=None, description="From -100 to 100, within its queue."
    )
    webhook_url: str | None = Field(
        default=None, description="Where the end of its task is posted to."
    )

    def node(self) -> tq.FlowNode:
        """Return the node that it describes."""
        return tq.FlowNode(
            self.name,
            self.task_type,
            self.payload,
            priority=self.priority if "priority" in self.model_fields_set else None,
            after=self.after,
            results=self.results,
            on_failure=self.on_failure if "on_failure" in self.model_fields_set else None,
            tags=self.tags,
            delay=self.delay,
            expires_in=self.expires_in,
            queue_priority=self.queue_priority,
            webhook_url=self.webhook_url,
        )


class FlowBody(Inbound):
    """A graph of tasks."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: str = Field(
        default="",
        description="For people: at most 200 visible characters.",
        json_schema_extra={"maxLength": 200},
    )
    webhook_url: str | None = Field(
        default=None, description="Where the end of the flow is posted to, each time that it ends."
    )
    nodes: list[FlowNodeBody] = Field(
        # No node behind the last that a flow may have is read.
        max_length=10_000,
        description="1 to 10,000 nodes.",
        json_schema_extra={"minItems": 1},
    )


class FlowRetryBody(Inbound):
    """From where a flow runs again."""

    node: str = Field(
        default=cast(str, None),
        description="This node and all behind it; the default is all that have not succeeded.",
    )
    reason: Reason = None


class FlowSubmitted(Outbound):
    """The answer to a submit: all of the flow is stored, and it runs."""

    flow_id: TaskId
    name: str
    status: Literal["running"]
    size: int = Field(description="How many nodes it has.")


class FlowCounts(Outbound):
    """The nodes of a flow by state."""

    waiting: int
    submitted: int = Field(description="Their tasks are in a queue, or run.")
    succeeded: int
    failed: int
    cancelled: int
    skipped: int


class FlowView(Outbound):
    """A flow as it is now."""

    flow_id: TaskId
    name: str
    status: FlowStatus
    size: int = Field(description="How many nodes it has.")
    counts: FlowCounts
    progress: float = Field(description="The share of nodes that have ended, 0 to 1.")
    created_at: datetime
    finished_at: datetime | None
    cancelled_at: datetime | None = Field(description="When somebody has cancelled it.")
    reason: str | None = Field(description="Why it was cancelled, or which node was.")
    retries: int = Field(description="How often nodes of it were run again.")


class FlowNodeView(Outbound):
    """A node as it is now."""

    name: str
    task_type: str
    queue: StoredQueueName
    status: Literal["waiting", "submitted", "succeeded", "failed", "cancelled", "skipped"]
    task_id: TaskId | None = Field(description="Its task; null while, or if, it has none.")
    task_status: tq.TaskState | None = Field(description="The state of its task, as far as known.")
    attempt: int | None = Field(description="Attempts of its task that have started.")
    error: str | None = Field(description="Why its task ended without success.")
    after: list[str]
    on_failure: str | None
    results: dict[str, str] = Field(
        description="Parameters that take the result of a node, `{parameter: node}`. The payload "
        'of its task has `{"result_of": node}`; the value is the result of that node\'s task.'
    )


class FlowDetail(FlowView):
    """A flow with its nodes, in the order in which they were submitted."""

    nodes: list[FlowNodeView]
    next_cursor: str | None = Field(description="The `cursor` of the next nodes; null at the end.")


class FlowList(Outbound):
    """A page of flows, the newest first."""

    flows: list[FlowView]
    next_cursor: str | None


class FlowsQuery(Query):
    status: FlowStatus | None = Field(
        default=None,
        description="Only flows in this state. A page may then have fewer than `limit`, or none, "
        "and a `next_cursor`; so may one for a key with a reach.",
    )
    limit: Limit = Field(default=50, ge=1, le=200, description="How many.")
    cursor: str | None = Field(default=None, max_length=64, description="`next_cursor` of a page.")


class FlowNodesQuery(Query):
    limit: Limit = Field(default=1000, ge=1, le=1000, description="How many nodes.")
    cursor: Limit = Field(default=0, ge=0, le=10_000, description="`next_cursor` of a page.")
