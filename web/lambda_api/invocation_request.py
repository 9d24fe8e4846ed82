"""Read a request to invoke a function, in the order in which AWS checks its parts."""

import base64
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge

import huey_tasks as tq
from web.http.body import read_whole
from web.lambda_api import names
from web.lambda_api.callers import Caller, caller
from web.lambda_api.errors import AwsError, invalid, request_id, too_many

SYNC, EVENT, DRY_RUN = "RequestResponse", "Event", "DryRun"
_TYPES = (EVENT, SYNC, DRY_RUN)
_LOG_TYPES = ("None", "Tail")
#: The escape of half of a surrogate pair, which nothing can store without the other half.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
#: Bytes of a client context, as base64 (AWS's limit).
_CONTEXT_BYTES = 3583


@dataclass(frozen=True)
class Invocation:
    """What a caller asks for; all of it is checked."""

    name: tq.FunctionName
    kind: str
    event: Any
    client_context: Any
    wants_log: bool
    caller: Caller
    #: The id that the client gives all tries of one call; None: it gives none.
    call_id: str | None
    #: Whether the answer is read while it is written.
    is_stream: bool = False

    @property
    def arn(self) -> str:
        """The ARN that the function sees, with a version only if it was called by one."""
        return tq.function_arn(self.name.name, self.name.qualifier)


def read_invocation(text: str, kind: str | None = None, *, is_stream: bool = False) -> Invocation:
    """Read the request, for the function that `text` names. Raises AwsError, QueueUnavailable."""
    call_id = _call_id()
    g.aws_request_id = call_id or request_id()
    name = names.named(text)
    kind = kind or _one_of("X-Amz-Invocation-Type", "invocationType", _TYPES, SYNC)
    wants_log = _one_of("X-Amz-Log-Type", "logType", _LOG_TYPES, "None") == "Tail"
    names.check_invocable(name)
    by = caller()
    if kind != EVENT:
        _check_room(name.name, call_id)
    event = _event(tq.CONFIG.lambda_max_async_bytes if kind == EVENT else _sync_bytes())
    context = _client_context() if kind == SYNC else None
    return Invocation(
        name, kind, event, context, wants_log and kind == SYNC, by, call_id, is_stream
    )


def _sync_bytes() -> int:
    return tq.CONFIG.lambda_max_sync_bytes


def _call_id() -> str | None:
    """Return the id that all tries of one call share: so a second one joins the first."""
    try:
        return str(uuid.UUID(request.headers["amz-sdk-invocation-id"]))
    except (KeyError, ValueError):
        return None


def _one_of(header: str, field: str, choices: tuple[str, ...], default: str) -> str:
    sent = request.headers.get(header) or default
    if sent not in choices:
        raise invalid(sent[:64], field, f"satisfy enum value set: [{', '.join(choices)}]")
    return sent


def _check_room(name: str, call_id: str | None) -> None:
    """Raise AwsError when as many run as are reserved; a second try of one that runs joins it."""
    if tq.is_at_limit(name) and not (call_id and _is_known(call_id)):
        raise too_many(is_reserved=True)


def _is_known(task_id: str) -> bool:
    try:
        tq.get_task(task_id)
    except tq.TaskNotFound:
        return False
    return True


def _event(limit: int) -> Any:
    """Read the body as any JSON; an empty one is `{}`."""
    request.max_content_length = limit
    try:
        raw = read_whole(request)
    except RequestEntityTooLarge:
        text = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise AwsError("RequestTooLargeException", text) from None
    if not raw:
        return {}
    try:
        event = json.loads(text := raw.decode(), parse_constant=_refuse)
        if _SURROGATE.search(text):
            json.dumps(event, ensure_ascii=False).encode()
        return event
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise AwsError("InvalidRequestContentException", text) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _client_context() -> Any:
    sent = request.headers.get("X-Amz-Client-Context")
    if not sent:
        return None
    if len(sent) > _CONTEXT_BYTES:
        text = f"Client context must be smaller than {_CONTEXT_BYTES} bytes."
        raise AwsError("InvalidRequestContentException", text)
    try:
        context: object = json.loads(base64.b64decode(sent, validate=True))
    except (ValueError, RecursionError):
        context = None
    if not isinstance(context, dict):
        text = "Client context must be a valid Base64-encoded JSON object."
        raise AwsError("InvalidRequestContentException", text)
    return cast(dict[str, Any], context)
