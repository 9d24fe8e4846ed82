"""What goes in and out of actions, undo and the audit trail, as pydantic models."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from web.http.parameters import TASK_ID, Limit, Query
from web.operations.operator import Reason
from web.tasks.schemas import Inbound, Outbound

#: Tasks that one request may name.
MAX_IDS = 500

_Id = Annotated[str, StringConstraints(pattern=rf"^{TASK_ID}$")]


class ActionBody(Inbound):
    """Something to do to many tasks: to those named, or to all that a search finds."""

    action: Literal["cancel", "retry", "requeue", "delete"] = Field(
        description="`requeue`: a task that waits for its time goes to its queue now. `delete`: an "
        "ended task is taken out of every list, for good when the time to undo it is over."
    )
    task_ids: list[_Id] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_IDS,
        description="The tasks, the newest first; else `q`.",
    )
    q: str | None = Field(
        default=None, max_length=1000, description="A search; for every task, say `age:>0s`."
    )
    submitted_after: AwareDatetime | None = Field(
        default=None, description="Of the search: from then on.", strict=False
    )
    submitted_before: AwareDatetime | None = Field(
        default=None, description="Of the search: before then.", strict=False
    )
    set_aside: bool = Field(default=False, description="Of the search: only tasks set aside.")
    cursor: str | None = Field(
        default=None, max_length=250, description="The `next_cursor` of the answer before."
    )
    operation_id: str | None = Field(
        default=None, max_length=100, description="That of the answer before."
    )
    reason: Reason = None

    @field_validator("q")
    @classmethod
    def _says_something(cls, q: str | None) -> str | None:
        if q is not None and not q.strip():
            raise PydanticCustomError(
                "empty_search",
                "An empty search would mean every task; if that is meant, say 'age:>0s'",
            )
        return q

    @model_validator(mode="after")
    def _ids_or_search(self) -> "ActionBody":
        if (self.task_ids is None) is (self.q is None):
            raise PydanticCustomError("ids_or_search", "Either task_ids or q is needed")
        of_search = (self.cursor, self.submitted_after, self.submitted_before)
        if self.q is None and (any(one is not None for one in of_search) or self.set_aside):
            raise PydanticCustomError(
                "ids_or_search",
                "cursor, submitted_after, submitted_before and set_aside belong to q",
            )
        return self


class SkippedView(Outbound):
    """Tasks that nothing was done to, and why."""

    not_found: int
    wrong_state: int = Field(
        description="It has ended, or not ended, as the action needs it not; or was retried before."
    )
    redis_full: int


class ActedView(Outbound):
    """What one request has done of an operation."""

    operation_id: str
    action: str
    done: int
    skipped: int
    skipped_because: SkippedView
    next_cursor: str | None = Field(
        description="Send it with `operation_id` to go on; null: all of the search is done."
    )
    undo_id: str | None = Field(description="Of a delete.")
    undo_until: datetime | None

    @classmethod
    def of(cls, acted: tq.Acted) -> "ActedView":
        """Count up what was skipped."""
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
    """What one request has brought back."""

    undo_id: str
    restored: int = Field(description="Tasks that are back.")
    left: int = Field(description="Tasks that time was up for: send the request again.")


class AuditQuery(Query):
    """What `GET /api/audit` takes."""

    action: tq.Action | None = Field(default=None, description="Only entries of this action.")
    limit: Limit = Field(default=50, ge=1, le=200, description="At most so many entries.")
    cursor: str | None = Field(
        default=None, max_length=100, description="The `next_cursor` of the page before."
    )


class AuditEntryView(Outbound):
    """What an operator has done."""

    id: str
    at: datetime
    action: tq.Action
    who: str = Field(description="The API key's name or the end of its hash, or an address.")
    why: str | None
    queue: str | None = Field(description="Null: in several queues.")
    count: int = Field(description="How many tasks it has changed.")
    target: str | None = Field(
        description="A task, a search, a group of failures, a schedule, or an undo_id."
    )
    undo_id: str | None
    undo_until: datetime | None
    undone_at: datetime | None


class AuditList(Outbound):
    """Entries, the newest first."""

    entries: list[AuditEntryView]
    next_cursor: str | None = Field(description="Where to go on; null: there is no more.")


class UndoPath(Query):
    undo_id: str = Field(description="The `undo_id` of a purge or a delete.")
