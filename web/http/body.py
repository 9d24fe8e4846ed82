"""Read the body of a request: bounded, whole, and only in the accepted media types.

Owns the media types, the size limits and the end of a body. `strict_json` parses the JSON; the
schemas beside each route say which fields it accepts.
"""

from collections.abc import Callable
from typing import IO, Any, TypeVar

from flask import Request, request
from flask.globals import request_ctx
from gunicorn.http.errors import ParseException
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import ClientDisconnected

from huey_tasks.errors import Problem
from web.http.body_room import FREE_BYTES, ROOM
from web.http.errors import (
    BodyTooSlow,
    InvalidJson,
    InvalidRequest,
    Unsupported,
    UnsupportedMedia,
    pointer,
)
from web.http.strict_json import NO_NUL, decode, parse_object

#: Largest accepted body, in bytes.
MAX_BODY_BYTES = 1024 * 1024
JSON = "application/json"

Model = TypeVar("Model", bound=BaseModel)


class StrictRequest(Request):
    """A Flask request whose `get_json` is `read_json`, so that libraries read strictly as well."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        return read_json(self)


def read_json(sent: Request) -> dict[str, Any]:
    """Read the body of `sent` as one JSON object.

    Raises UnsupportedMedia (415), RequestEntityTooLarge (413), InvalidJson (400), and
    InvalidRequest (422) for JSON that cannot be a request.
    """
    check_media(sent, JSON)
    return parse_object(decode(read_whole(sent)))


def read_options(model: type[Model]) -> Model:
    """Read an optional body; an empty one means all defaults.

    Raises the errors of `read_json`.
    """
    raw = read_whole(request)
    if not raw:
        return model()
    check_media(request, JSON)
    return parse_model(model, raw)


def parse_model(model: type[Model], raw: bytes) -> Model:
    """Return a body as `model`. Raises InvalidJson (400), InvalidRequest (422)."""
    try:
        return model.model_validate(parse_object(decode(raw)))
    except ValidationError as error:
        raise InvalidRequest.from_pydantic(error) from error


def check_parameters() -> None:
    """Raise InvalidRequest for a query that parsers read differently: a repeated name, a NUL."""
    if not request.environ.get("QUERY_STRING"):
        return
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        problems = [Problem(pointer(name), "repeated", "Send it once.") for name in repeated]
        raise InvalidRequest("A query parameter is repeated.", problems)
    for name, value in request.args.items():
        if "\0" in value:
            problem = Problem(pointer(name), "nul_character", NO_NUL)
            raise InvalidRequest("A query parameter contains the character NUL.", [problem])


def refuse_elsewhere(submits: frozenset[str]) -> Callable[[], None]:
    """Return a check that raises Unsupported for what only the endpoints `submits` can do.

    Ignoring an `Idempotency-Key` would act a second time when the caller repeats the request;
    ignoring `dry_run` would act where the caller wants nothing done.
    """

    def refuse() -> None:
        sent = request_ctx.request
        if sent.method != "POST" or sent.endpoint in submits:
            return
        if "HTTP_IDEMPOTENCY_KEY" in sent.environ:
            raise Unsupported("This path takes no Idempotency-Key; a repeat would act twice.")
        if "dry_run" in sent.environ.get("QUERY_STRING", ""):
            raise Unsupported("This path takes no dry_run; the change would be made.")

    return refuse


def check_media(sent: Request, *accepted: str) -> None:
    """Raise UnsupportedMedia unless the body is uncompressed and of one of the types `accepted`."""
    environ = sent.environ
    if environ.get("CONTENT_TYPE") in accepted and "HTTP_CONTENT_ENCODING" not in environ:
        return  # the usual case
    encoding = sent.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia("The body is compressed; send it uncompressed.", accepted)
    if sent.mimetype not in accepted:
        types = " or ".join(accepted)
        raise UnsupportedMedia(f"The body must be sent as Content-Type: {types}.", accepted)
    charset = sent.mimetype_params.get("charset", "utf-8")
    if charset.strip().lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("JSON must be UTF-8; other charsets are not supported.", accepted)


def read_whole(sent: Request) -> bytes:
    """Read the whole body of `sent`. Raises the errors of `read_stream`."""
    return read_stream(sent.stream, sent.content_length)


def read_stream(stream: IO[bytes], announced: int | None) -> bytes:
    """Read a whole body; a truncated one could pass as another, valid body.

    `announced`: its Content-Length, None without one. werkzeug's stream raises
    RequestEntityTooLarge at the limit, but only when asked for more, and gunicorn ends a body
    silently when the client closes the connection. Raises InvalidJson, BodyTooSlow, TooManyBodies.
    """
    parts: list[bytes] = []
    held = 0
    missing = announced
    try:
        while part := stream.read(FREE_BYTES if missing is None else min(missing, FREE_BYTES)):
            if parts:
                ROOM.take(len(part))
                held += len(part)
            parts.append(part)
            missing = None if missing is None else missing - len(part)
    except (OSError, ParseException, ClientDisconnected) as error:
        # werkzeug's stream reports every read error as a disconnected client.
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            raise BodyTooSlow("The body did not arrive in time.") from error
        raise InvalidJson("The body is not valid chunked encoding.") from error
    finally:
        ROOM.free(held)
    raw = b"".join(parts)
    if announced is not None and len(raw) != announced:
        raise InvalidJson("The body is cut short: it is shorter than its Content-Length.")
    return raw
