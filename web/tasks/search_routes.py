"""Find tasks over HTTP; `huey_tasks` parses the search."""

from flask import Response

import huey_tasks as tq
from web.http.reach import reach
from web.http.responses import respond
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems
from web.tasks.search_schemas import SearchQuery, TaskPage

search = ApiBlueprint("search", "tasks")


@search.get(
    "/tasks",
    responses={
        **ok(200, TaskPage, "A page of tasks."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_tasks(query: SearchQuery) -> Response:
    """Find tasks, newest first.

    One request searches for a limited time; the answer says how far it came.
    """
    page = tq.search_tasks(
        query.q,
        state=query.state,
        queue=query.queue,
        type=query.type,
        tag=query.tag,
        worker=query.worker,
        submitted_after=query.submitted_after,
        submitted_before=query.submitted_before,
        sort=query.sort,
        set_aside=query.set_aside,
        cursor=query.cursor,
        limit=query.limit,
        reach=reach(),
    )
    return respond(TaskPage.model_validate(page))
