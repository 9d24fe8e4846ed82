"""What follows an asynchronous invocation: a record for the function that is its destination.

The record is a task that the commit of the ended one stores, so there is exactly one, whatever is
killed meanwhile. A record that no function can get is kept as a dead letter. An event that is
quarantined, because its hosts were killed too often, ends without an attempt, and so without one.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from huey_tasks import serializer
from huey_tasks.config import Config
from huey_tasks.errors import InvalidPayload
from huey_tasks.execution.attempt import Attempt
from huey_tasks.functions.arns import BadName, arn, parse_name
from huey_tasks.functions.function import Function
from huey_tasks.invocations import dead_letters, function_types
from huey_tasks.invocations.function_types import FunctionType
from huey_tasks.invocations.invocation import MOST_DEPTH, Condition, Invocation, Kind
from huey_tasks.queues import CONFIG

logger = logging.getLogger(__name__)


class End(NamedTuple):
    """How an invocation ended: its answer or error, and how often it was run."""

    condition: Condition
    payload: Any
    is_error: bool
    runs: int


def send(
    attempt: Attempt, function: Function, invocation: Invocation, event: Any, end: End
) -> None:
    """Let the record of an invocation follow with the attempt's commit, if it has a destination."""
    succeeded = end.condition is Condition.SUCCESS
    option = "on_success" if succeeded else "on_failure"
    if getattr(function, option):
        record = _record(attempt.claim.id, function, event, end)
        _follow(attempt, function, option, record, invocation.depth)
    if function.dead_letter and not succeeded:
        _follow(attempt, function, "dead_letter", event, invocation.depth)


def problems_of(function: Function) -> Iterator[str]:
    """Yield what of a function's destinations cannot be delivered, a line each."""
    for option in ("on_success", "on_failure", "dead_letter"):
        named: str | None = getattr(function, option)
        found = _function_of(named) if named else None
        if isinstance(found, str):
            file = dead_letters.file_of(CONFIG.data_dir, function.name)
            yield f"{option}: {found}; its records are kept in {file}"


def _function_of(named: str) -> FunctionType | str:
    """Return the function that a destination names, or why there is none."""
    try:
        name = parse_name(named).name
    except BadName:
        return f"'{named}' is no function, and there is no such service here"
    return function_types.find(name) or f"there is no function '{name}'"


def _follow(attempt: Attempt, function: Function, option: str, body: Any, depth: int) -> None:
    named = getattr(function, option)
    found = _function_of(named)
    if depth + 1 >= MOST_DEPTH:
        found = f"{MOST_DEPTH} invocations in a row are a loop"
    if isinstance(found, str):
        _keep(attempt, function, option, named, body, found)
        return
    follows = Invocation(Kind.ASYNC, _arn_of(CONFIG, found.name), time.time(), depth + 1)
    try:
        new = found.invoked(attempt.id_for(option), found.queue, body, follows)
    except InvalidPayload as error:  # an event or answer is nested just too deeply for a record
        _keep(attempt, function, option, named, body, error.detail)
        return
    attempt.follow_up([new._replace(queue=found.queue)], [])


def _keep(
    attempt: Attempt, function: Function, option: str, named: str, body: Any, why: str
) -> None:
    """Keep a record as a dead letter, and say so in the log of the task."""
    file = dead_letters.file_of(CONFIG.data_dir, function.name)
    letter = {"to": named, "why": why, "task_id": attempt.claim.id, "body": serializer.plain(body)}
    try:
        dead_letters.keep(file, option, letter)
    except OSError as error:
        logger.error("a record cannot be kept: %s", error, extra={"task_id": attempt.claim.id})
        attempt.remark(f"{option}: {why}, and {file} cannot be written: {error}")
        return
    attempt.remark(f"{option}: {why}; the record is kept in {file}")


def _record(task_id: str, function: Function, event: Any, end: End) -> dict[str, Any]:
    """Return the record of an ended invocation, version 1.0, as AWS sends it."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": task_id,
            "functionArn": f"{_arn_of(CONFIG, function.name)}:$LATEST",
            "condition": end.condition.value,
            "approximateInvokeCount": end.runs,
        },
        "requestPayload": serializer.plain(event),
    }
    if end.runs:
        error = {"functionError": "Unhandled"} if end.is_error else {}
        context = {"statusCode": 200, "executedVersion": "$LATEST", **error}
        record |= {"responseContext": context, "responsePayload": serializer.plain(end.payload)}
    return record


def _arn_of(config: Config, name: str) -> str:
    return arn(config.aws_region, config.aws_account_id, name)
