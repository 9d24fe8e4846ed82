"""The limits of task types over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, Field

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import Instant
from web.http.reach import check_type
from web.http.responses import respond
from web.openapi.answers import no_content, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.operations.operator import OF_OPERATOR, Reason, ReasonQuery, operator

type_limits = ApiBlueprint("type_limits", "tasks")

_PATH = "/task-types/<string:task_type>/limits"
_NOT_FOUND = ("task_type_not_found", "queue_unavailable")


class TypePath(BaseModel):
    task_type: str = Field(description="The name of the task type.")


class BreakerBody(Inbound):
    """When tasks are held back because too many fail, and how they are let go again."""

    failures: float = Field(
        default=0.5, ge=0.01, le=1, description="It opens at this share of failed attempts."
    )
    of: int = Field(default=20, ge=1, le=1000, description="How many attempts are looked at.")
    within_s: float = Field(
        default=60.0, ge=0.1, le=86_400, description="Seconds within which all of these ended."
    )
    pause_s: float = Field(
        default=30.0, ge=0.1, le=86_400, description="Seconds until the first may try again."
    )
    tries: int = Field(
        default=3, ge=1, le=1000, description="How many try then; it closes when all succeed."
    )


class TypeLimitsBody(Inbound):
    """The limits of a task type, over all queues and consumers."""

    concurrency: int | None = Field(
        default=None,
        description="How many of its tasks run at a time; null for any number.",
        json_schema_extra={"minimum": 1, "maximum": 1_000_000},
    )
    rate: int | None = Field(
        default=None,
        description="How many of its tasks start within `per` seconds; null for any number.",
        json_schema_extra={"minimum": 1, "maximum": 1_000_000},
    )
    per: float = Field(
        default=1.0,
        description="Seconds, at most a day.",
        json_schema_extra={"minimum": 0.001, "maximum": 86_400},
    )
    by: str | None = Field(
        default=None,
        description="A field of the payload: each value of it has these limits to itself.",
        json_schema_extra={"minLength": 1, "maxLength": 128},
    )
    breaker: BreakerBody | None = Field(
        default=None, description="`{}` for one with all its defaults; null for none."
    )
    fair_by: str | None = Field(
        default=None,
        description="A field of the payload: waiting tasks take turns by its values.",
        json_schema_extra={"minLength": 1, "maxLength": 128},
    )
    if_updated_at: Annotated[
        Instant | None,
        Field(
            description="The `updated_at` that you read, null if there were no limits: if somebody "
            "has set others since, nothing is changed and the answer is a 409. Without it they are "
            "set in any case."
        ),
    ] = None
    reason: Reason = None


class BreakerView(Outbound):
    """When tasks are held back because too many fail, and how they are let go again."""

    failures: float = Field(description="The share of failed attempts.")
    of: int
    within_s: float
    pause_s: float
    tries: int


class BreakerStateView(Outbound):
    """A breaker as it is now."""

    value: str | None = Field(
        description="With `by`, the value that it is of, as JSON, or a digest of a long one."
    )
    state: Literal["closed", "open", "half_open"]
    failed: int = Field(
        description="How many of the last `of` attempts failed: lately, or when it opened."
    )
    of: int
    until: datetime | None = Field(description="When the first may try; null unless it is open.")
    succeeded: int = Field(description="How many tries have succeeded while it is half-open.")


class LimitsInCode(Outbound):
    """The limits that code declares, `@task(limits=…)`; null where there is none."""

    concurrency: int | None
    rate: int | None
    per: float | None = Field(description="Seconds.")
    by: str | None
    breaker: BreakerView | None
    fair_by: str | None


class TypeLimitsView(LimitsInCode):
    """The limits of a task type that hold; null where there is none."""

    task_type: str
    source: tq.LimitsSource | None = Field(
        description="Who has set them: `operator`, or `code`, which declares them. Null: nobody."
    )
    declared: LimitsInCode | None = Field(
        description="What the code declares; it holds unless an operator has set other limits."
    )
    updated_at: datetime | None = Field(
        description="When they were set; null where there are none."
    )
    breakers: list[BreakerStateView] = Field(
        description="Its breaker now; with `by` those that are not closed, at most 100."
    )


@type_limits.get(
    _PATH, responses={**ok(200, TypeLimitsView, "The limits."), **problems(*_NOT_FOUND)}
)
def read_limits(path: TypePath) -> Response:
    """Read the limits of a task type; all are null if it has none.

    A type that no code has any more has those that are still stored; without any it is a 404.
    """
    check_type(path.task_type)
    return respond(_view(path.task_type))


@type_limits.put(
    _PATH,
    openapi_extensions=OF_OPERATOR,
    responses={
        **ok(200, TypeLimitsView, "The limits, which hold from now on."),
        **problems(*BODY_PROBLEMS, "invalid_request", "changed_meanwhile", *_NOT_FOUND),
    },
)
def set_limits(path: TypePath, body: TypeLimitsBody) -> Response:
    """Set how many tasks of a type run at a time, start within a time, and may fail.

    They go before those that the code declares. A task that has to wait keeps its place, burns no
    attempt, and says why in `/explain`. With `if_updated_at` nobody's limits are replaced unseen: a
    409 says that others have been set.
    """
    check_type(path.task_type)
    breaker = None if body.breaker is None else tq.Breaker(**body.breaker.model_dump())
    limits = tq.TypeLimits(
        body.concurrency, body.rate, body.per, body.by, breaker, fair_by=body.fair_by
    )
    by = operator(body.reason)
    seen = body.if_updated_at if "if_updated_at" in body.model_fields_set else ...
    tq.set_limits(path.task_type, limits, by, if_updated_at=seen)
    return respond(_view(path.task_type))


@type_limits.delete(
    _PATH,
    openapi_extensions=OF_OPERATOR,
    responses={
        **no_content("Only the limits that the code declares hold now, if it does."),
        **problems("cross_site", "invalid_request", *_NOT_FOUND),
    },
)
def delete_limits(path: TypePath, query: ReasonQuery) -> Response:
    """Take the limits of an operator away: what waits for them starts.

    If the code declares limits of the type, they hold again; those of a type that no code has any
    more go too.
    """
    check_type(path.task_type)
    tq.set_limits(path.task_type, None, operator(query.reason))
    return Response(status=204)


def _view(task_type: str) -> TypeLimitsView:
    stored = tq.stored_limits(task_type)
    return TypeLimitsView(
        task_type=task_type,
        source=stored.source,
        updated_at=stored.updated_at,
        breakers=[BreakerStateView.model_validate(one) for one in tq.breaker_states(task_type)],
        declared=None if stored.code is None else LimitsInCode(**_fields(stored.code)),
        **_fields(stored.now or tq.TypeLimits()),
    )


def _fields(limits: tq.TypeLimits) -> dict[str, Any]:
    per = None if limits.rate is None else limits.per_s
    return {
        "concurrency": limits.concurrency,
        "rate": limits.rate,
        "per": per,
        "by": limits.by,
        "breaker": limits.breaker,
        "fair_by": limits.fair_by,
    }
