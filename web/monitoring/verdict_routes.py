"""`GET /api/verdict`: the headline of the dashboard, for programs."""

from datetime import UTC, datetime

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.http.root_path import address
from web.monitoring.conditions import Condition, Seen, conditions, fine
from web.monitoring.verdict_schemas import CauseView, ConditionView, VerdictView
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

verdict = ApiBlueprint("verdict", "workers")

#: The causes that are judged: those seen last.
_CAUSES = 50


@verdict.get(
    "/verdict", responses={**ok(200, VerdictView, "The verdict."), **problems("service_busy")}
)
def read_verdict() -> Response:
    """Read in one sentence how the service is, with every condition that holds.

    It answers 200 whatever the verdict is, also when Redis does not answer: that is one.
    """
    return respond(judge(_seen()))


def _seen() -> Seen:
    try:
        queues = tq.queue_stats()
        causes = tq.failure_groups(limit=_CAUSES, samples=False).groups
        return Seen(queues, causes, datetime.now(UTC))
    except tq.ServiceBusy:
        raise
    except tq.QueueUnavailable as error:
        return Seen((), (), datetime.now(UTC), problem=error.detail)


def judge(seen: Seen) -> VerdictView:
    """Return the verdict about what was seen."""
    found = conditions(seen)
    return VerdictView(
        severity=found[0].severity if found else "fine",
        title=found[0].title if found else fine(seen.queues),
        conditions=[_view(one) for one in found],
        ts=seen.now,
    )


def _view(one: Condition) -> ConditionView:
    return ConditionView(
        code=one.code,
        severity=one.severity,
        title=one.title,
        queues=list(one.queues),
        number=one.number,
        cause=None if one.cause is None else CauseView.model_validate(one.cause),
        detail=None if one.detail is None else tq.escaped(one.detail),
        link=None if one.link is None else address(one.link),
    )
