"""The schemas of bulk actions, undo and the audit log."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import TASK_ID, Instant, Limit, Query
from web.operations.operator import Reason

#: The most tasks that one request names.
MAX_IDS = 500

_Id = Annotated[str, StringConstraints(pattern=rf"^{TASK_ID}$")]


class ActionBody(Inbound):
    """An action on many tasks: those named, or all that a search finds."""

    action: Literal["cancel", "retry", "requeue", "delete"] = Field(
        description="`requeue` moves a scheduled or retrying task to its queue now. `delete` "
        "removes a finished task from every list, finally when the time to undo it is over."
    )
    task_ids: list[_Id] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_IDS,
        description="The tasks, newest first. Either this or `q`.",
    )
    q: str | None = Field(
        default=None, max_length=1000, description="A search; `age:>0s` finds every task."
    )
    submitted_after: Instant | None = Field(
        default=None,
        description="With `q`: only tasks submitted at this time or later.",
    )
    submitted_before: Instant | None = Field(
        default=None, description="With `q`: only tasks submitted before this time."
    )
    set_aside: bool = Field(default=False, description="With `q`: only quarantined tasks.")
    cursor: str | None = Field(
        default=None, max_length=250, description="The `next_cursor` of the previous answer."
    )
    operation_id: str | None = Field(
        default=None, max_length=100, description="The `operation_id` of the previous answer."
    )
    reason: Reason = None

    @field_validator("q")
    @classmethod
    def _is_not_empty(cls, q: str | None) -> str | None:
        if q is not None and not q.strip():
            raise PydanticCustomError(
                "empty_search",
                "An empty search would match every task; to do that, send 'age:>0s'",
            )
        return q

    @model_validator(mode="after")
    def _ids_or_search(self) -> "ActionBody":
        if (self.task_ids is None) is (self.q is None):
            raise PydanticCustomError("ids_or_search", "Either task_ids or q is required")
        of_search = (self.cursor, self.submitted_after, self.submitted_before)
        if self.q is None and (any(one is not None for one in of_search) or self.set_aside):
            raise PydanticCustomError(
                "ids_or_search",
                "cursor, submitted_after, submitted_before and set_aside require q",
            )
        return self


class SkippedView(Outbound):
    """How many tasks were skipped, by reason."""

    not_found: int
    wrong_state: int = Field(
        description="The action does not apply to their state, or they were retried before."
    )
    redis_full: int


class ActedView(Outbound):
    """What one request of an operation did."""

    operation_id: str
    action: str
    done: int
    skipped: int
    skipped_because: SkippedView
    next_cursor: str | None = Field(
        description="Send it with `operation_id` to continue; null: the whole search is done."
    )
    undo_id: str | None = Field(description="Of a delete: send it to `/api/undo/<undo_id>`.")
    undo_until: datetime | None

    @classmethod
    def of(cls, acted: tq.Acted) -> "ActedView":
        """Sum up the skipped tasks."""
        one = acted.skipped
        until = acted.operation.undo_until
        return cls(
            operation_id=acted.operation.id,
            action=acted.operation.action,
            done=acted.done,
            skipped=one.not_found + one.wrong_state + one.redis_full,
            skipped_because=SkippedView.model_validate(one),
            next_cursor=acted.next_cursor,
            undo_id=acted.operation.id if until else None,
            undo_until=until,
        )


class UndoneView(Outbound):
    """What one request restored."""

    undo_id: str
    restored: int = Field(description="Tasks that this request restored.")
    left: int = Field(description="Tasks that remain: repeat the request.")


class AuditQuery(Query):
    """The parameters of `GET /api/audit`."""

    action: tq.Action | None = Field(default=None, description="Only entries of this action.")
    limit: Limit = Field(default=50, ge=1, le=200, description="The most entries to return.")
    cursor: str | None = Field(
        default=None, max_length=100, description="The `next_cursor` of the previous page."
    )


class AuditEntryView(Outbound):
    """One action of an operator."""

    id: str
    at: datetime
    action: tq.Action
    who: str = Field(description="The name of the API key, the end of its hash, or an address.")
    why: str | None
    queue: str | None = Field(description="Null: several queues, or none.")
    count: int = Field(description="How many tasks it changed.")
    target: str | None = Field(
        description="A task, a search, a failure group, a schedule, or an `undo_id`."
    )
    undo_id: str | None
    undo_until: datetime | None
    undone_at: datetime | None


class AuditList(Outbound):
    """Entries, newest first."""

    entries: list[AuditEntryView]
    next_cursor: str | None = Field(
        description="The `cursor` of the next page; null on the last one."
    )


class UndoPath(Query):
    undo_id: str = Field(description="The `undo_id` of a purge or a delete.")
