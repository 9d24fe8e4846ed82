"""What operators do to many tasks, undo, and the trail that it leaves."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, problems
from web.operations.operator import OF_OPERATOR, ReasonBody, of_operator, operator, operator_of_body
from web.operations.schemas import (
    ActedView,
    ActionBody,
    AuditList,
    AuditQuery,
    UndoneView,
    UndoPath,
)
from web.tasks.routes import BODY_PROBLEMS

_ABOUT = "What operators do to many tasks, how it is undone, and who did what."
actions = ApiBlueprint("actions", "operators", _ABOUT)


@actions.post(
    "/tasks/actions",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, ActedView, "What this request has done."),
        **problems(*BODY_PROBLEMS, "invalid_request", "operation_over", "queue_unavailable"),
    },
)
def act_on_tasks(body: ActionBody) -> Response:
    """Cancel, retry, requeue or delete tasks: those named, or all that a search finds.

    A request does at most 500 tasks, for a second or so, and says where to go on. Tasks that are
    not there or not in a state for it are skipped and counted. Sent again, it does nothing twice.
    """
    action, by = tq.Action(body.action), operator(body.reason)
    if body.task_ids is not None:
        acted = tq.act_on_tasks(action, body.task_ids, by, operation_id=body.operation_id)
    else:
        acted = tq.act_on_search(
            action,
            body.q or "",
            by,
            submitted_after=body.submitted_after,
            submitted_before=body.submitted_before,
            set_aside=body.set_aside,
            cursor=body.cursor,
            operation_id=body.operation_id,
        )
    return respond(ActedView.of(acted))


@actions.post(
    "/undo/<undo_id>",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(200, UndoneView, "It is undone."),
        **problems(*BODY_PROBLEMS, "undo_not_found", "invalid_request", "queue_unavailable"),
    },
)
def undo(path: UndoPath) -> Response:
    """Undo a delete or a purge, within 10 minutes of its begin.

    Deleted tasks come back as they were. A purged task has ended for good: it is submitted anew, as
    a new task that is linked to it.
    """
    return respond(UndoneView.model_validate(tq.undo(path.undo_id, operator_of_body())))


@actions.get(
    "/audit",
    responses={
        **ok(200, AuditList, "A page of entries."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_audit(query: AuditQuery) -> Response:
    """List what operators have done, the newest first: the last 10,000 of each queue, 90 days."""
    page = tq.audit_trail(action=query.action, cursor=query.cursor, limit=query.limit)
    return respond(AuditList.model_validate(page))
