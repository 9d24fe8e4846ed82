"""The answer of an invocation as it is written, for callers that read it meanwhile."""

import time
from collections.abc import Generator, Iterator

import huey_tasks as tq
from huey_tasks.errors import QueueUnavailable
from web.http import redis_deadline, waiting
from web.http.errors import TooManyWaiting
from web.lambda_api.errors import too_many
from web.lambda_api.invocation_request import Invocation
from web.lambda_api.running import not_ended, stopping, time_to_wait

#: Seconds for which Redis may be away in the middle of an answer.
_OUTAGE_S = 30.0

Pieces = Iterator[bytes | tq.FunctionAnswer]


def begin(invoked: tq.Invoked, asked: Invocation) -> tuple[bytes | tq.FunctionAnswer, Pieces]:
    """Wait for the first piece; return it, and an iterator over the others.

    The last one is an answer: its body is the rest, or its error says how it was broken off. Raises
    AwsError as `running.wait_for_answer` does, QueueUnavailable.
    """
    pieces = _pieces(invoked, asked)
    return next(pieces), pieces


def _pieces(
    invoked: tq.Invoked, asked: Invocation
) -> Generator[bytes | tq.FunctionAnswer, None, None]:
    start_s, wait_s = time_to_wait(asked)
    ends = time.monotonic() + wait_s
    try:
        with waiting.held_place(), tq.follow_answer(invoked.task_id, invoked.queue) as following:
            found = following.next(start_s)
            if found is None and time.monotonic() < ends - wait_s + start_s - 0.5:
                raise stopping()
            redis_deadline.restart()
            if found is None and tq.withdraw(invoked.task_id, invoked.queue):
                raise too_many(is_reserved=tq.is_at_limit(asked.name.name))
            if found is None:
                found = following.next(ends - time.monotonic())
            if found is None:
                raise not_ended(wait_s) if time.monotonic() > ends - 0.5 else stopping()
            yield found
            while not isinstance(found, tq.FunctionAnswer):
                found = _next(following, ends)
                yield found
    except tq.TaskNotFound:  # another try of the same call has withdrawn it
        raise too_many(is_reserved=False) from None
    except TooManyWaiting:
        if invoked.is_new:  # else another try of the call still waits for it
            tq.withdraw(invoked.task_id, invoked.queue)
        raise too_many(is_reserved=False) from None


def _next(following: tq.Following, ends: float) -> bytes | tq.FunctionAnswer:
    """Return what follows; what goes wrong is the end, because the answer has begun."""
    while (left_s := ends - time.monotonic()) > 0:
        try:
            found = following.next(min(left_s, _OUTAGE_S))
        except QueueUnavailable:
            return _broken_off("ServiceUnavailableException", "The service cannot be read.")
        except tq.TaskNotFound:
            return _broken_off("ServiceException", "Somebody has deleted the invocation.")
        if found is not None:
            return found
        if tq.is_stopping():
            return _broken_off("ServiceUnavailableException", "The service stops.")
    return _broken_off("ServiceException", "The invocation has not ended in time; it goes on.")


def _broken_off(kind: str, text: str) -> tq.FunctionAnswer:
    error = {"errorType": kind, "errorMessage": text}
    return tq.FunctionAnswer(tq.TaskState.STARTED, b"", error)
