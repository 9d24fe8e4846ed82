"""`GET /api/verdict`: the headline of the dashboard, for programs."""

from dataclasses import replace
from datetime import UTC, datetime

from flask import Response

import huey_tasks as tq
from web.http.reach import reach
from web.http.responses import respond
from web.http.root_path import address
from web.monitoring.verdict_schemas import CauseView, ConditionView, VerdictView
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

verdict = ApiBlueprint("verdict", "workers")


@verdict.get(
    "/verdict", responses={**ok(200, VerdictView, "The verdict."), **problems("service_busy")}
)
def read_verdict() -> Response:
    """Read in one sentence how the service is, with every condition that holds.

    It answers 200 whatever the verdict is, also when Redis does not answer: that is one.
    """
    return respond(judge(_seen(), reach()))


def _seen() -> tq.Seen:
    try:
        return tq.look_at_service()
    except tq.ServiceBusy:
        raise
    except tq.QueueUnavailable as error:
        return tq.Seen((), (), datetime.now(UTC), problem=error.detail)


def judge(seen: tq.Seen, within: tq.Reach = tq.EVERYTHING) -> VerdictView:
    """Return the verdict about what was seen; with a reach, without the texts of failures."""
    found = tq.conditions(seen)
    if not within.is_whole:
        found = [replace(one, cause=None) for one in found if one.code != "new_cause"]
    return VerdictView(
        severity=found[0].severity if found else "fine",
        title=found[0].title if found else tq.fine_title(seen.queues),
        conditions=[_view(one) for one in found],
        ts=seen.now,
    )


def _view(one: tq.Condition) -> ConditionView:
    return ConditionView(
        code=one.code,
        severity=one.severity,
        title=one.title,
        queues=list(one.queues),
        number=one.number,
        cause=None if one.cause is None else CauseView.model_validate(one.cause),
        detail=one.detail,
        link=None if one.link is None else address(one.link),
    )
