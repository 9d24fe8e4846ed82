"""Invoke a function: submit it as a task, and wait for its answer if the caller does."""

import time
from typing import Any, NamedTuple, cast

from huey_tasks.broker.protocol import FUNCTIONS, NESTED
from huey_tasks.errors import InvalidPayload, Problem
from huey_tasks.functions.arns import arn
from huey_tasks.invocations.function_types import FunctionType
from huey_tasks.invocations.invocation import Invocation, Kind
from huey_tasks.queues import CONFIG, QUEUES
from huey_tasks.records.ids import new_id
from huey_tasks.registry import types

#: The priority of a synchronous invocation: its caller waits, so it stands before events.
SYNC_PRIORITY = 1


class Invoked(NamedTuple):
    """An accepted invocation; `is_new` is False for one that was accepted before under its id."""

    task_id: str
    queue: str
    is_new: bool


def invoke(
    name: str,
    event: Any,
    kind: Kind,
    *,
    task_id: str | None = None,
    named: str | None = None,
    client_context: Any = None,
    depth: int = 0,
    stream: bool = False,
    submitted_by: str = "",
) -> Invoked:
    """Submit an invocation of a function, or of a task type: its event is the payload.

    `named`: the ARN it was called by; `depth`: of nested calls; `stream`: its answer is read while
    it is written; `submitted_by`: the name of the API key of the caller.

    `task_id`: of the request; a second call with the same one finds the first. Raises
    UnknownTaskType, InvalidPayload, QueueRefuses, QueueUnavailable.
    """
    found = types.get(name, suggest=False)
    task_id, is_sync = task_id or new_id(), kind is Kind.SYNC
    if isinstance(found, FunctionType):
        of_function = named or arn(CONFIG.aws_region, CONFIG.aws_account_id, name)
        invocation = Invocation(kind, of_function, time.time(), depth, client_context, stream)
        host = NESTED if is_sync and depth else FUNCTIONS
        new = found.invoked(task_id, found.queue, event, invocation, host)
    else:
        new = found.new_task(task_id, found.queue, _payload(event))
    if submitted_by:
        new = new._replace(submitted_by=submitted_by)
    if is_sync:
        new = new._replace(priority=SYNC_PRIORITY, max_attempts=1)
    flags = QUEUES[found.queue].broker.scripts.submit(found.queue, [new], may_refuse=not depth)
    return Invoked(task_id, found.queue, flags[0] is True)


def _payload(event: Any) -> dict[str, Any]:
    """Return the event as the payload of a task type. Raises InvalidPayload."""
    if isinstance(event, dict):
        return cast(dict[str, Any], event)
    text = "A task type takes a JSON object."
    raise InvalidPayload(text, [Problem("", "object_type", text)])
