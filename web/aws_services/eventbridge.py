"""PutEvents of Amazon EventBridge: each entry calls the functions whose patterns fit.

All event buses are one. A client that sends a request again, because its answer was lost, sends the
same `amz-sdk-invocation-id`: the events have the same ids then, and make no second task.
"""

import datetime as dt
import json
import uuid
from typing import Any, cast

from flask import request

import huey_tasks as tq
from web.aws_services.errors import invalid
from web.http.identity import key_holder
from web.lambda_api.callers import caller

#: AWS's limits of one request.
MOST_ENTRIES, MOST_BYTES = 10, 1_048_576
_EVENTS = uuid.uuid5(uuid.NAMESPACE_URL, "duckline:put-events")


def put_events(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the entries; those with a mistake are answered with it. Raises AwsError."""
    entries: Any = body.get("Entries")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_ENTRIES:
        raise invalid(
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member "
            f"must have length less than or equal to {MOST_ENTRIES}, and at least 1"
        )
    if sum(_size(entry) for entry in entries) > MOST_BYTES:
        raise invalid("Total size of the entries in the request is over the limit.")
    call = request.headers.get("amz-sdk-invocation-id") or str(uuid.uuid4())
    read = [_read(entry, f"{call} {index}") for index, entry in enumerate(entries)]
    events = [each for each in read if isinstance(each, tq.aws.Event)]
    tq.aws.publish_events(events, depth=caller().depth)
    answers = [{"EventId": each.id} if isinstance(each, tq.aws.Event) else each for each in read]
    return {"FailedEntryCount": len(read) - len(events), "Entries": answers}


def _read(entry: Any, key: str) -> "tq.aws.Event | dict[str, str]":
    """Return the event of an entry, or what is wrong with it."""
    if not isinstance(entry, dict):
        raise invalid("Each of the entries is an object.")
    for field in ("Source", "DetailType", "Detail"):
        if not entry.get(field) or not isinstance(entry[field], str):
            reason = f"{field} is a required argument."
            return _wrong("InvalidArgument", f"Parameter {field} is not valid. Reason: {reason}")
    try:
        detail = json.loads(entry["Detail"])
    except (ValueError, RecursionError):
        detail = None
    if not isinstance(detail, dict):
        return _wrong("MalformedDetail", "Detail is malformed.")
    event = tq.aws.Event(
        source=entry["Source"],
        type=entry["DetailType"],
        detail=detail,
        id=str(uuid.uuid5(_EVENTS, key)),
        submitted_by=key_holder() or "",
        time=_time(entry.get("Time")),
        resources=_resources(entry),
    )
    try:
        event.check()
    except tq.InvalidPayload as error:
        text = f"The entry cannot be stored: {tq.escaped(error.detail)}"
        return _wrong("MalformedDetail", text)
    return event


def _resources(entry: dict[str, Any]) -> list[str]:
    found: Any = entry.get("Resources")
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _time(at: Any) -> dt.datetime | None:
    """Return the time of an entry, in seconds since the epoch as the client sends it."""
    is_number = isinstance(at, int | float) and not isinstance(at, bool)
    return dt.datetime.fromtimestamp(at, dt.UTC) if is_number and 0 <= at < 1e11 else None


def _size(entry: Any) -> int:
    """Return the bytes of an entry, as AWS counts them: its texts, and 14 for the time."""
    if not isinstance(entry, dict):
        return 0
    fields = cast(dict[str, Any], entry)
    texts = [fields.get(name) for name in ("Source", "DetailType", "Detail")] + _resources(fields)
    sizes = (len(each.encode(errors="replace")) for each in texts if isinstance(each, str))
    return sum(sizes) + (14 if fields.get("Time") is not None else 0)


def _wrong(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}
