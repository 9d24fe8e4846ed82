"""Submit an invocation and, if its caller waits, wait for its answer."""

import base64
import time

from flask import g

import huey_tasks as tq
from web.http import waiting
from web.http.errors import TooManyWaiting
from web.http.identity import key_holder
from web.http.reach import check_submit
from web.lambda_api import names
from web.lambda_api.errors import AwsError, too_many
from web.lambda_api.invocation_request import EVENT, Invocation

#: Bytes of the log that a caller gets (AWS's limit).
_TAIL_BYTES = 4096


def submit(asked: Invocation) -> tq.Invoked:
    """Submit an invocation; a second try of a call finds the first.

    Raises AwsError, Forbidden, InvalidPayload, QueueRefuses, QueueUnavailable.
    """
    invoked = _submit(asked, asked.call_id)
    if not invoked.is_new and not _is_same(invoked, asked):
        invoked = _submit(asked, None)
    g.aws_request_id = invoked.task_id
    return invoked


def _submit(asked: Invocation, task_id: str | None) -> tq.Invoked:
    check_submit(asked.name.name, None)
    kind = tq.Kind.ASYNC if asked.kind == EVENT else tq.Kind.SYNC
    try:
        return tq.invoke_function(
            asked.name.name,
            asked.event,
            kind,
            task_id=task_id,
            named=asked.arn,
            client_context=asked.client_context,
            depth=asked.caller.depth,
            stream=asked.is_stream,
            submitted_by=key_holder() or "",
        )
    except tq.UnknownTaskType:  # its file has gone since it was looked at
        raise names.not_found(asked.name, names.LATEST, invoked=True) from None


def _is_same(found: tq.Invoked, asked: Invocation) -> bool:
    """Whether an earlier task is an invocation of the same function: an id is a client's word."""
    try:
        return tq.get_task(found.task_id).task_type == asked.name.name
    except tq.TaskNotFound:
        return False


def wait_for_answer(invoked: tq.Invoked, asked: Invocation) -> tq.FunctionAnswer:
    """Wait for the end of an invocation and return its answer.

    Raises AwsError: there was no slot in time, and nothing of it is left; or it has not ended in
    time, and goes on. Raises QueueUnavailable.
    """
    start_s, wait_s = time_to_wait(asked)
    try:
        if (answer := _wait(invoked, start_s)) is not None:
            return answer
        if tq.withdraw(invoked.task_id, invoked.queue):
            raise too_many(is_reserved=tq.is_at_limit(asked.name.name))
        answer = _wait(invoked, wait_s - start_s)
    except tq.TaskNotFound:  # another try of the same call has withdrawn it
        raise too_many(is_reserved=False) from None
    except TooManyWaiting:
        if invoked.is_new:  # else another try of the call still waits for it
            tq.withdraw(invoked.task_id, invoked.queue)
        raise too_many(is_reserved=False) from None
    if answer is None:
        raise not_ended(wait_s)
    return answer


def time_to_wait(asked: Invocation) -> tuple[float, float]:
    """Return the seconds to wait for the start, and for the end. Raises QueueUnavailable."""
    left_s = asked.caller.left_s()
    wait_s = tq.CONFIG.lambda_wait_s if left_s is None else min(tq.CONFIG.lambda_wait_s, left_s)
    return min(tq.CONFIG.lambda_start_wait_s, wait_s), wait_s


def not_ended(wait_s: float) -> AwsError:
    """Return the refusal of a caller that has waited as long as it may."""
    text = f"The invocation has not ended within {wait_s:g} seconds; it goes on."
    return AwsError("ServiceException", text)


def stopping() -> AwsError:
    """Return the refusal of a caller that may not wait because this process stops."""
    text = "The service stops; send the request again, it joins this invocation."
    return AwsError("ServiceUnavailableException", text)


def _wait(invoked: tq.Invoked, wait_s: float) -> tq.FunctionAnswer | None:
    ends = time.monotonic() + wait_s
    with waiting.place():
        tq.wait_for_end(invoked.task_id, wait_s, queue=invoked.queue)
    answer = tq.answer_of(invoked.task_id, invoked.queue)
    if answer is None and time.monotonic() < ends - 0.5:
        raise stopping()
    return answer


def log_tail(task_id: str) -> str:
    """Return the last 4096 bytes of the log of an invocation, base64. Raises QueueUnavailable."""
    lines = [line.text for line in tq.get_task(task_id).log]
    text = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    return base64.b64encode(text[-_TAIL_BYTES:]).decode()
