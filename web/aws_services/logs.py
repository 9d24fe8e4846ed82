"""FilterLogEvents of CloudWatch Logs, for `aws logs tail /aws/lambda/<function> --follow`."""

import base64
import binascii
from typing import Any

import huey_tasks as tq
from web.aws_services.errors import not_found
from web.lambda_api.errors import AwsError

_GROUP = "/aws/lambda/"
#: AWS's limit of one answer.
MOST_EVENTS = 10_000


def filter_log_events(body: dict[str, Any]) -> dict[str, Any]:
    """Return lines of the log of a function, the oldest first. Raises AwsError."""
    name = _function(body)
    start_ms, end_ms = _whole(body, "startTime"), _whole(body, "endTime")
    limit = _whole(body, "limit")
    limit = MOST_EVENTS if limit is None else limit
    if not 1 <= limit <= MOST_EVENTS:
        raise _invalid(f"limit is not in 1 to {MOST_EVENTS}.")
    try:
        matches = tq.aws.log_matcher(str(body.get("filterPattern") or ""))
    except ValueError as error:
        raise _invalid(str(error)) from None
    end_ms = None if end_ms is None else end_ms + 1
    events = tq.aws.read_function_log(name, start_ms or 0, end_ms, matches)
    streams, prefix = _streams(body), str(body.get("logStreamNamePrefix") or "")
    events = [
        each
        for each in events
        if each.stream.startswith(prefix) and (not streams or each.stream in streams)
    ]
    return _page(events, limit, body.get("nextToken"))


def _page(events: "list[tq.aws.LogEvent]", limit: int, token: Any) -> dict[str, Any]:
    if token is not None:
        last = _last_of(token)
        at = next((index for index, each in enumerate(events) if each.id == last), None)
        # The line may have gone meanwhile: then what is later than it follows.
        events = events[at + 1 :] if at is not None else [e for e in events if e.id > last]
    page = events[:limit]
    more = len(events) > limit
    return {
        "events": [
            {
                "logStreamName": each.stream,
                "timestamp": each.timestamp,
                "message": each.message,
                "ingestionTime": each.timestamp,
                "eventId": each.id,
            }
            for each in page
        ],
        "searchedLogStreams": [],
        **({"nextToken": base64.b64encode(page[-1].id.encode()).decode()} if more else {}),
    }


def _last_of(token: Any) -> str:
    try:
        last = base64.b64decode(str(token), validate=True).decode()
    except (binascii.Error, ValueError):
        last = ""
    if not last.isdecimal():
        raise _invalid("The specified nextToken is invalid.")
    return last


def _function(body: dict[str, Any]) -> str:
    group = body.get("logGroupName") or body.get("logGroupIdentifier")
    if not isinstance(group, str):
        raise _invalid("logGroupName or logGroupIdentifier is needed.")
    if group.startswith("arn:"):
        group = group.partition(":log-group:")[2].removesuffix(":*")
    name = group.removeprefix(_GROUP)
    if not group.startswith(_GROUP) or tq.find_function(name) is None:
        raise not_found("The specified log group does not exist.")
    return name


def _streams(body: dict[str, Any]) -> frozenset[str]:
    names: Any = body.get("logStreamNames") or []
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise _invalid("logStreamNames is a list of names.")
    return frozenset(names)


def _whole(body: dict[str, Any], field: str) -> int | None:
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _invalid(f"{field} is no whole number from 0 on.")
    return value


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
