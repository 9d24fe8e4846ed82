"""Invoke: synchronously, as an event, as a dry run, and with its answer as a stream."""

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response

import huey_tasks as tq
from huey_tasks.errors import QueueUnavailable
from web.lambda_api import running, streaming
from web.lambda_api.invocation_request import DRY_RUN, EVENT, SYNC, Invocation, read_invocation
from web.lambda_api.stream_frames import MEDIA_TYPE, frame

invocations = Blueprint("invocations", __name__)

#: Bytes of an answer in one frame.
_CHUNK_BYTES = 65_536


@invocations.post("/2015-03-31/functions/<path:name>/invocations")
def invoke(name: str) -> Response:
    """Invoke a function; the header X-Amz-Invocation-Type says how."""
    return _invoked(read_invocation(_only_function() if name == "function" else name))


@invocations.post("/2014-11-13/functions/<path:name>/invoke-async")
def invoke_async(name: str) -> Response:
    """Invoke a function as an event, as older clients do."""
    return _invoked(read_invocation(name, EVENT))


@invocations.post("/2021-11-15/functions/<path:name>/response-streaming-invocations")
def invoke_with_response_stream(name: str) -> Response:
    """Invoke a function, and answer with what it writes as a stream of events, as it comes."""
    asked = read_invocation(name, is_stream=True)
    if asked.kind != SYNC:
        return _invoked(asked)
    invoked = running.submit(asked)
    first, more = streaming.begin(invoked, asked)
    frames = _frames(invoked, asked, itertools.chain([first], more))
    made = Response(frames, 200, content_type=MEDIA_TYPE)
    made.headers["X-Amz-Executed-Version"] = "$LATEST"
    return made


def _invoked(asked: Invocation) -> Response:
    if asked.kind == DRY_RUN:
        return _empty(204)
    invoked = running.submit(asked)
    if asked.kind == EVENT:
        return _empty(202)
    answer = running.wait_for_answer(invoked, asked)
    body = answer.body if answer.error is None else _error_body(answer)
    made = Response(body, 200, content_type="application/json")
    made.headers["X-Amz-Executed-Version"] = "$LATEST"
    if answer.error is not None:
        made.headers["X-Amz-Function-Error"] = "Unhandled"
    if asked.wants_log:
        made.headers["X-Amz-Log-Result"] = running.log_tail(invoked.task_id)
    return made


def _only_function() -> str:
    """Return what the path of AWS's Runtime Interface Emulator stands for: the only function."""
    known = list(tq.list_functions())
    return known[0] if len(known) == 1 and known != ["function"] else "function"


def _empty(status: int) -> Response:
    made = Response(status=status)
    del made.headers["Content-Type"]
    return made


def _error_body(answer: tq.FunctionAnswer) -> bytes:
    return json.dumps(answer.error, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def _frames(
    invoked: tq.Invoked, asked: Invocation, pieces: Iterable[bytes | tq.FunctionAnswer]
) -> Iterator[bytes]:
    complete: dict[str, str] = {}
    for piece in pieces:
        if isinstance(piece, tq.FunctionAnswer) and piece.error is not None:
            complete["ErrorCode"] = str(piece.error.get("errorType", "Unhandled"))
            complete["ErrorDetails"] = _error_body(piece).decode()
        body = piece if isinstance(piece, bytes) else piece.body
        for at in range(0, len(body), _CHUNK_BYTES):
            chunk = body[at : at + _CHUNK_BYTES]
            yield frame("PayloadChunk", "application/octet-stream", chunk)
    if asked.wants_log:
        with contextlib.suppress(QueueUnavailable, tq.TaskNotFound):  # the answer is there
            complete["LogResult"] = running.log_tail(invoked.task_id)
    yield frame("InvokeComplete", "application/json", json.dumps(complete).encode())
