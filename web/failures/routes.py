"""Failed tasks over HTTP, grouped by their cause; what a cause is, is `huey_tasks`'s."""

from flask import Response

import huey_tasks as tq
from web.failures.schemas import (
    FailureGroupView,
    FailureList,
    FailurePath,
    FailureRetryBody,
    FailuresQuery,
    FailuresRetried,
)
from web.http.body import read_options
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, problems
from web.operations.operator import of_operator, operator
from web.tasks.routes import BODY_PROBLEMS

_ABOUT = "Failed tasks, grouped by their cause, and how to retry them."
failures = ApiBlueprint("failures", "failures", _ABOUT)


@failures.get(
    "/failures",
    responses={
        **ok(200, FailureList, "The groups."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_failures(query: FailuresQuery) -> Response:
    """List the causes for which tasks have failed, the one seen last first."""
    found = tq.failure_groups(
        queue=query.queue, task_type=query.type, limit=query.limit, samples=query.samples
    )
    return respond(FailureList.model_validate(found))


@failures.get(
    "/failures/<fingerprint>",
    responses={
        **ok(200, FailureGroupView, "The group."),
        **problems("failures_not_found", "queue_unavailable"),
    },
)
def read_failure(path: FailurePath) -> Response:
    """Read one group of failed tasks."""
    return respond(FailureGroupView.model_validate(tq.failure_group(path.fingerprint)))


@failures.post(
    "/failures/<fingerprint>/retry",
    openapi_extensions=of_operator(FailureRetryBody),
    responses={
        **ok(200, FailuresRetried, "So many are retried."),
        **problems(
            *BODY_PROBLEMS,
            "invalid_request",
            "failures_not_found",
            "operation_over",
            "queue_unavailable",
        ),
    },
)
def retry_failure(path: FailurePath) -> Response:
    """Submit the tasks of a group once more, or a few of them first, the oldest first.

    Each is retried once, and no task of another group is. A request goes on for about a second; ask
    again while something is `left`.
    """
    options = read_options(FailureRetryBody)
    done = tq.retry_failures(
        path.fingerprint,
        operator(options.reason),
        limit=options.limit,
        operation_id=options.operation_id,
    )
    return respond(FailuresRetried.model_validate(done))
