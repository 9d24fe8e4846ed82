"""The history, and the log of all tasks, over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.monitoring.history_schemas import HistoryQuery, HistoryView, LogQuery, LogView
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

history = ApiBlueprint("history", "history")

_PROBLEMS = problems("invalid_request", "queue_unavailable")


@history.get("/history", responses={**ok(200, HistoryView, "The history."), **_PROBLEMS})
def read_history(query: HistoryQuery) -> Response:
    """Read the history: counts, waiting times and run times, by queue and task type.

    Redis keeps it across restarts: by minute for an hour, by quarter of an hour for a day, by hour
    for a week, by day for a month.
    """
    found = tq.read_history(query.span, queue=query.queue, task_type=query.type)
    return respond(HistoryView.model_validate(found))


@history.get("/log", responses={**ok(200, LogView, "The lines."), **_PROBLEMS})
def read_log(query: LogQuery) -> Response:
    """Read the latest log lines of all tasks; the last thousand of each queue are kept."""
    lines = tq.read_log(
        queue=query.queue, level=query.level, task_type=query.type, limit=query.limit
    )
    return respond(LogView.model_validate({"lines": lines}))
