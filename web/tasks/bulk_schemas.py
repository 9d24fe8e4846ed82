"""The schemas of `POST /api/tasks/bulk`."""

from typing import Any

from pydantic import Field

import huey_tasks as tq
from web.http.body import JSON
from web.http.models import FieldError, Outbound
from web.http.parameters import StoredQueueName, TaskId
from web.tasks.bulk_body import MAX_BULK_TASKS, NDJSON

_REF = "#/components/schemas/"


class BulkAccepted(Outbound):
    """One task of a bulk request that is stored and will reach a terminal state."""

    index: int = Field(description="Its index in the request, from 0; blank lines do not count.")
    task_id: TaskId | None = Field(default=None, description="Not with `dry_run`.")
    status: tq.TaskState
    priority: StoredQueueName
    duplicate_of: TaskId | None = Field(
        default=None, description="Only if nothing was stored, because it repeats this unique task."
    )


class BulkRefused(Outbound):
    """One task of a bulk request that was not accepted."""

    index: int
    code: str = Field(description="The code of the problem that `submit` would answer.")
    detail: str
    errors: list[FieldError] = Field(default=[], description="The invalid fields.")
    task_id: TaskId | None = Field(
        default=None,
        description="Only if the connection to Redis broke while it was sent: read this task to "
        "learn whether it was stored.",
    )


_TASKS: dict[str, Any] = {
    "type": "array",
    "maxItems": MAX_BULK_TASKS,
    "items": {"$ref": _REF + "SubmitBody"},
}
_ITEM: dict[str, Any] = {"anyOf": [{"$ref": _REF + "BulkAccepted"}, {"$ref": _REF + "BulkRefused"}]}
_PAYMENT = (
    '{"task_type": "process_payment", '
    '"payload": {"user_id": "usr_%d", "amount": 99.99, "currency": "USD"}}'
)
_LINES = f"{_PAYMENT % 12345}\n{_PAYMENT % 12346}\n"

BULK_REQUEST: dict[str, Any] = {
    "required": True,
    "description": f"At most {MAX_BULK_TASKS} tasks, and at most 16 MiB.",
    "content": {
        JSON: {"schema": _TASKS},
        NDJSON: {"schema": {"type": "string", "pattern": r"\S"}, "example": _LINES},
    },
}
BULK_ANSWER: dict[str, Any] = {
    "description": "One item per task, in the order of the request.",
    "content": {
        JSON: {"schema": {"type": "array", "items": _ITEM}},
        NDJSON: {"schema": {"type": "string"}},
    },
}
