"""Find tasks over HTTP; what the words of a search mean is `huey_tasks.query`'s."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, problems
from web.tasks.routes import ABOUT
from web.tasks.search_schemas import SearchQuery, TaskPage

search = ApiBlueprint("search", "tasks", ABOUT)


@search.get(
    "/tasks",
    responses={
        **ok(200, TaskPage, "A page of tasks."),
        **problems("invalid_request", "queue_unavailable"),
    },
)
def list_tasks(query: SearchQuery) -> Response:
    """Find tasks, the newest first.

    One request looks for a bounded time; the answer says how far it came.
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
    )
    return respond(TaskPage.model_validate(page))
