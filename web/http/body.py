"""The one reading of a request's body: bounded, whole, and only in the forms that are taken.

Owns the media types, the caps and the end of a body; its JSON is read by `strict_json`, and which
fields a route takes is in `schemas`.
"""

from typing import Any, TypeVar

from flask import Request, request
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

#: Largest body that is read, in bytes.
MAX_BODY_BYTES = 1024 * 1024
JSON = "application/json"

Options = TypeVar("Options", bound=BaseModel)


class StrictRequest(Request):
    """A Flask request whose `get_json` is `read_json`, whatever a library asks of it."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        return read_json(self)


def read_json(sent: Request) -> dict[str, Any]:
    """Read the body of `sent` as one JSON object.

    Raises UnsupportedMedia (415), RequestEntityTooLarge (413), InvalidJson (400), and
    InvalidRequest (422) for JSON that can be no request.
    """
    check_media(sent, JSON)
    return parse_object(decode(read_whole(sent)))


def read_options(model: type[Options]) -> Options:
    """Read the body of a request that needs none: where none is sent, no option is.

    Raises as `read_json` does.
    """
    raw = read_whole(request)
    if not raw:
        return model()
    check_media(request, JSON)
    try:
        return model.model_validate(parse_object(decode(raw)))
    except ValidationError as error:
        raise InvalidRequest.from_pydantic(error) from error


def check_parameters() -> None:
    """Raise InvalidRequest for what readers differ on: `?limit=1&limit=2`, and a NUL."""
    if not request.environ.get("QUERY_STRING"):
        return
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        problems = [Problem(pointer(name), "repeated", "Send it once.") for name in repeated]
        raise InvalidRequest("A parameter of the address is repeated.", problems)
    for name, value in request.args.items():
        if "\0" in value:
            problem = Problem(pointer(name), "nul_character", NO_NUL)
            raise InvalidRequest("A parameter of the address holds the character NUL.", [problem])


def refuse_what_is_not_built() -> None:
    """Raise Unsupported for what a caller relies on and this service would ignore.

    Who sends an `Idempotency-Key` repeats the request without fear of a second task; who asks for
    a dry run wants none at all.
    """
    if request.method != "POST":
        return
    if "HTTP_IDEMPOTENCY_KEY" in request.environ:
        raise Unsupported("Idempotency-Key is not supported yet; a repeat would submit twice.")
    if "dry_run" in request.environ.get("QUERY_STRING", ""):
        raise Unsupported("dry_run is not supported yet; the task would be submitted.")


def check_media(sent: Request, *taken: str) -> None:
    """Raise UnsupportedMedia unless the body of `sent` comes plain, in one of the types `taken`."""
    environ = sent.environ
    if environ.get("CONTENT_TYPE") in taken and "HTTP_CONTENT_ENCODING" not in environ:
        return  # as most bodies come
    encoding = sent.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia("The body is compressed; send it as it is.", taken)
    if sent.mimetype not in taken:
        ways = " or ".join(taken)
        raise UnsupportedMedia(f"The body must be sent as Content-Type: {ways}.", taken)
    charset = sent.mimetype_params.get("charset", "utf-8")
    if charset.strip().lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("JSON travels in UTF-8; no other charset is read.", taken)


def read_whole(sent: Request) -> bytes:
    """Read the body to its end. A part of it could be another, valid body.

    At the cap werkzeug's stream raises RequestEntityTooLarge, but only when it is asked for more;
    and gunicorn ends a body without a word where the client has closed the connection.
    """
    parts: list[bytes] = []
    held = 0
    try:
        while part := sent.stream.read(FREE_BYTES):
            if parts:
                ROOM.take(len(part))
                held += len(part)
            parts.append(part)
    except (OSError, ParseException, ClientDisconnected) as error:
        # werkzeug's stream calls every trouble with reading a disconnected client.
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            raise BodyTooSlow("The body did not come in time.") from error
        raise InvalidJson("The body is not sent in proper chunks.") from error
    finally:
        ROOM.give_back(held)
    raw = b"".join(parts)
    announced = sent.content_length
    if announced is not None and len(raw) != announced:
        raise InvalidJson("The body broke off: fewer bytes came than were announced.")
    return raw
