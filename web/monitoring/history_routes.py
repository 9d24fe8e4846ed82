"""What has happened, and what tasks logged, over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.monitoring.history_schemas import HistoryQuery, HistoryView, LogQuery, LogView
from web.openapi.app import ApiBlueprint, ok, problems

_ABOUT = "What has happened over the last minutes, hours and days."
history = ApiBlueprint("history", "history", _ABOUT)

_PROBLEMS = problems("invalid_request", "queue_unavailable")


@history.get("/history", responses={**ok(200, HistoryView, "The history."), **_PROBLEMS})
def read_history(query: HistoryQuery) -> Response:
    """Read the history: how many tasks, how long they waited and ran, by queue and task type.

    It is kept in Redis, so no restart interrupts it. By the minute for an hour, by the quarter of
    an hour for a day, by the hour for a week, by the day for a month.
    """
    found = tq.read_history(query.span, queue=query.queue, task_type=query.type)
    return respond(HistoryView.model_validate(found))


@history.get("/log", responses={**ok(200, LogView, "The lines."), **_PROBLEMS})
def read_log(query: LogQuery) -> Response:
    """Read the last lines that tasks logged, of all tasks; a thousand of each queue are kept."""
    lines = tq.read_log(
        queue=query.queue, level=query.level, task_type=query.type, limit=query.limit
    )
    return respond(LogView.model_validate({"lines": lines}))
