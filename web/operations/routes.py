"""Bulk actions on tasks, undo, and the audit log, over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.reach import check_tasks, reach
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import OF_OPERATOR, ReasonBody, of_operator, operator, operator_of_body
from web.operations.schemas import (
    ActedView,
    ActionBody,
    AuditList,
    AuditQuery,
    UndoneView,
    UndoPath,
)

actions = ApiBlueprint("actions", "operators")


@actions.post(
    "/tasks/actions",
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, ActedView, "What this request did."),
        **problems(*BODY_PROBLEMS, "invalid_request", "operation_over", "queue_unavailable"),
    },
)
def act_on_tasks(body: ActionBody) -> Response:
    """Cancel, retry, requeue or delete tasks: those named, or all that a search finds.

    A request processes at most 500 tasks in about a second, and returns where to continue. Tasks
    that do not exist or are in another state are skipped and counted. A repeated request does
    nothing twice.
    """
    action, by = tq.Action(body.action), operator(body.reason)
    if body.task_ids is not None:
        check_tasks(body.task_ids)
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
            reach=reach(),
        )
    return respond(ActedView.of(acted))


@actions.post(
    "/undo/<undo_id>",
    openapi_extensions=of_operator(ReasonBody),
    responses={
        **ok(200, UndoneView, "What this request restored."),
        **problems(*BODY_PROBLEMS, "undo_not_found", "invalid_request", "queue_unavailable"),
    },
)
def undo(path: UndoPath) -> Response:
    """Undo a delete or a purge, within 10 minutes of its start.

    Deleted tasks are restored unchanged. A purged task stays cancelled: it is submitted again as a
    new task that is linked to it. A key with a reach undoes only what it has done itself.
    """
    done = tq.undo(path.undo_id, operator_of_body(), reach())
    return respond(UndoneView.model_validate(done))


@actions.get(
    "/audit",
    responses={
        **ok(200, AuditList, "A page of entries."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_audit(query: AuditQuery) -> Response:
    """List the actions of operators, newest first: the last 10,000 of each queue, for 90 days."""
    page = tq.audit_trail(action=query.action, cursor=query.cursor, limit=query.limit)
    return respond(AuditList.model_validate(page))
