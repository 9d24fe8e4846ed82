"""Failed tasks over HTTP, grouped by their cause."""

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
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import of_operator, operator

failures = ApiBlueprint("failures", "failures")


@failures.get(
    "/failures",
    responses={
        **ok(200, FailureList, "The groups."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_failures(query: FailuresQuery) -> Response:
    """List the failure groups, the one seen most recently first."""
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
    """Read one failure group."""
    return respond(FailureGroupView.model_validate(tq.failure_group(path.fingerprint)))


@failures.post(
    "/failures/<fingerprint>/retry",
    openapi_extensions=of_operator(FailureRetryBody),
    responses={
        **ok(200, FailuresRetried, "How many tasks this request retried."),
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
    """Retry the tasks of a failure group, oldest first; `limit` tries a few of them.

    Each task is retried once. A request works for about a second; repeat it while something is
    `left`.
    """
    options = read_options(FailureRetryBody)
    done = tq.retry_failures(
        path.fingerprint,
        operator(options.reason),
        limit=options.limit,
        operation_id=options.operation_id,
    )
    return respond(FailuresRetried.model_validate(done))
