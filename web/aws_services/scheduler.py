"""EventBridge Scheduler on our schedules: a schedule whose target is a function here.

What a client gave is kept with the schedule as its `origin` and answered again, as long as nobody
has changed its time over our own API.
"""

import json
import re
from typing import Any, cast

from flask import Blueprint, Response, request

import huey_tasks as tq
from web.aws_services.errors import invalid
from web.aws_services.request_body import body
from web.lambda_api.errors import AwsError
from web.operations.operator import operator

scheduler = Blueprint("aws_scheduler", __name__)

Json = dict[str, Any]
#: Schedules in one answer (AWS's number).
_PAGE = 100
_KEPT = (
    "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target",
    "Description", "ActionAfterCompletion",
)  # fmt: skip


class _NotThere(AwsError):
    """A schedule or a group that does not exist: 404 here, unlike in services with `POST /`."""

    own_status = 404


@scheduler.post("/schedules/<name>")
def create_schedule(name: str) -> Response:
    """CreateSchedule."""
    sent = body()
    _check_group(sent.get("GroupName"))
    wanted = _Wanted(name, sent)
    try:
        tq.create_schedule(name, wanted.function, wanted.payload, **wanted.options(), by=operator())
    except tq.ScheduleExists:
        raise AwsError("ConflictException", f"Schedule {name} already exists.") from None
    return _answer({"ScheduleArn": tq.aws.schedule_arn(tq.CONFIG, name)})


@scheduler.put("/schedules/<name>")
def update_schedule(name: str) -> Response:
    """UpdateSchedule: what is absent has its default again."""
    sent = body()
    _check_group(sent.get("GroupName"))
    _find(name)
    wanted = _Wanted(name, sent)
    tq.put_schedule(name, wanted.function, wanted.payload, **wanted.options(), by=operator())
    return _answer({"ScheduleArn": tq.aws.schedule_arn(tq.CONFIG, name)})


@scheduler.get("/schedules/<name>")
def get_schedule(name: str) -> Response:
    """GetSchedule."""
    _check_group(request.args.get("groupName"))
    record = _find(name)
    return _answer({**_summary(record), **_given(record)})


@scheduler.delete("/schedules/<name>")
def delete_schedule(name: str) -> Response:
    """DeleteSchedule."""
    _check_group(request.args.get("groupName"))
    _find(name)
    tq.delete_schedule(name, operator())
    return _answer({})


@scheduler.get("/schedules")
def list_schedules() -> Response:
    """ListSchedules, by name: those of functions."""
    query = request.args
    _check_group(query.get("ScheduleGroup"))
    prefix, state = query.get("NamePrefix", ""), query.get("State")
    after = query.get("NextToken", "")
    most = _most(query.get("MaxResults"))
    found = [
        _summary(each)
        for each in sorted(tq.list_schedules(), key=lambda each: each.name)
        if each.name.startswith(prefix)
        and each.name > after
        and tq.find_function(each.task_type) is not None
    ]
    found = [each for each in found if state in (None, each["State"])]
    page = found[:most]
    more = {"NextToken": page[-1]["Name"]} if len(found) > len(page) else {}
    return _answer({"Schedules": page, **more})


def _most(sent: str | None) -> int:
    """Return how many schedules one answer may have."""
    if sent is None:
        return _PAGE
    if not re.fullmatch("[0-9]{1,3}", sent) or not 1 <= int(sent) <= _PAGE:
        raise invalid(f"MaxResults is a whole number from 1 to {_PAGE}.")
    return int(sent)


class _Wanted:
    """A schedule as a client gave it. Raises AwsError for what cannot be served."""

    def __init__(self, name: str, sent: Json) -> None:
        for field in ("StartDate", "EndDate"):
            if sent.get(field) is not None:
                raise invalid(f"{field} is not supported here.")
        target = sent.get("Target")
        if not isinstance(target, dict):
            raise invalid("Target is needed.")
        expression = sent.get("ScheduleExpression")
        zone = sent.get("ScheduleExpressionTimezone")
        if not isinstance(expression, str) or not isinstance(zone, str | None):
            raise invalid("ScheduleExpression is needed; its time zone is a text.")
        try:
            self._plan = tq.aws.read_expression(expression, zone)
        except tq.aws.BadExpression as error:
            text = f"Invalid Schedule Expression {expression[:100]}. {error}"
            raise invalid(tq.escaped(text)) from None
        self.function = _function(target.get("Arn"))
        self.payload = _input(name, target.get("Input"))
        self._paused = sent.get("State") == "DISABLED"
        self._origin = json.dumps({field: sent[field] for field in _KEPT if field in sent})

    def options(self) -> Json:
        """Return the keyword arguments of `tq.create_schedule`."""
        plan = self._plan
        return {
            "cron": plan.cron,
            "every_s": plan.every_s,
            "timezone": plan.timezone,
            "run_at": plan.run_at,
            "paused": self._paused,
            "origin": self._origin,
        }


def _function(arn: Any) -> str:
    if not isinstance(arn, str) or ":lambda:" not in arn or ":function:" not in arn:
        raise invalid("Target.Arn must be the ARN of a function; other targets are not here.")
    name = arn.partition(":function:")[2].partition(":")[0]
    if tq.find_function(name) is None:
        raise invalid(f"Target.Arn: there is no function {tq.escaped(name[:64])}.")
    return name


def _input(name: str, text: Any) -> Json:
    if text is None:
        return tq.aws.scheduler_event(tq.CONFIG, tq.aws.schedule_arn(tq.CONFIG, name))
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise invalid("Target.Input must be a JSON object here.")
    return cast(Json, value)


def _find(name: str) -> tq.ScheduleRecord:
    try:
        return tq.get_schedule(name)
    except tq.ScheduleNotFound:
        text = f"Schedule {tq.escaped(name[:64])} does not exist."
        raise _NotThere("ResourceNotFoundException", text) from None


def _check_group(group: Any) -> None:
    if group not in (None, "default"):
        text = f"Schedule group {tq.escaped(str(group)[:64])} does not exist."
        raise _NotThere("ResourceNotFoundException", text)


def _summary(record: tq.ScheduleRecord) -> Json:
    arn = f"arn:aws:lambda:{tq.CONFIG.aws_region}:{tq.CONFIG.aws_account_id}:function:"
    return {
        "Arn": tq.aws.schedule_arn(tq.CONFIG, record.name),
        "Name": record.name,
        "GroupName": "default",
        "State": "DISABLED" if record.paused and record.run_at is None else "ENABLED",
        "CreationDate": record.created_at.timestamp(),
        "LastModificationDate": record.updated_at.timestamp(),
        "Target": {"Arn": f"{arn}{record.task_type}"},
    }


def _given(record: tq.ScheduleRecord) -> Json:
    """Return what the client gave; of a schedule that was not made here, the same in AWS's form."""
    given: Json = json.loads(record.origin) if record.origin else {}
    cron, run_at = record.cron, record.run_at
    plan = tq.aws.Plan(cron, record.every_s, run_at, record.timezone if cron else None)
    kept = given.get("ScheduleExpression")
    zone = given.get("ScheduleExpressionTimezone")
    if kept is None or tq.aws.read_expression(kept, zone) != plan:
        given["ScheduleExpression"] = tq.aws.write_expression(plan)
        given["ScheduleExpressionTimezone"] = record.timezone
    target = {"RoleArn": "", "Input": json.dumps(record.payload), **_summary(record)["Target"]}
    return {
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "NONE",
        "Target": target,
        **given,
    }


def _answer(value: Json) -> Response:
    return Response(json.dumps(value), 200, content_type="application/json")
