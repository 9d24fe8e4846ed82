"""Who asks for a change, and why, as the audit trail tells it.

The name of the API key, else the end of its hash, else the address that the request comes from; the
header `X-Operator` puts a name before it, which nobody has checked. The reason is in the body, or
behind the `?` of a DELETE, which has none.
"""

from typing import Annotated, Any

from flask import Request, request
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from huey_tasks.errors import Problem
from web.http.body import JSON, read_options
from web.http.errors import InvalidRequest
from web.http.parameters import Query
from web.http.security import key_holder
from web.openapi.app import MORE_PARAMETERS
from web.openapi.schemas import REF
from web.tasks.schemas import Inbound

#: Characters.
MAX_NAME, MAX_REASON = 64, 500

_HEADER: dict[str, Any] = {
    "name": "X-Operator",
    "in": "header",
    "required": False,
    "description": "A name for the audit trail; at most 64 characters that can be seen.",
    "schema": {"type": "string", "maxLength": MAX_NAME},
}


def _plain(text: str | None) -> str | None:
    if text is not None and not tq.is_plain(text):
        raise PydanticCustomError("hidden_character", "It holds a character that is not seen")
    return text


Reason = Annotated[
    str | None,
    Field(max_length=MAX_REASON, description="Why, for the audit trail, in one line."),
    AfterValidator(_plain),
]


class ReasonBody(Inbound):
    """Why something is done."""

    reason: Reason = None


class ReasonQuery(Query):
    reason: Reason = None


#: For the OpenAPI document: what every route for operators takes.
OF_OPERATOR: dict[str, Any] = {MORE_PARAMETERS: [_HEADER]}


def of_operator(options: type[BaseModel]) -> dict[str, Any]:
    """The same, and a body that need not be there."""
    content = {JSON: {"schema": {"$ref": REF + options.__name__}}}
    return {**OF_OPERATOR, "requestBody": {"required": False, "content": content}}


def operator(reason: str | None = None) -> tq.Operator:
    """Who sends this request, and why. Raises InvalidRequest for a name that cannot be shown."""
    holder = key_holder() or request.remote_addr or "no address"
    name = _name(request)
    return tq.Operator(f"{name} ({holder})" if name else holder, (reason or "").strip())


def operator_of_body() -> tq.Operator:
    """The same, with the reason out of a body that need not be there.

    Raises InvalidJson, InvalidRequest, UnsupportedMedia.
    """
    return operator(read_options(ReasonBody).reason)


def _name(sent: Request) -> str:
    raw = sent.headers.get("X-Operator", "").encode("latin-1", "replace")  # as it came: PEP 3333
    try:
        name = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        name = raw.decode("latin-1").strip()
    if len(name) <= MAX_NAME and tq.is_plain(name):
        return name
    problem = Problem("/X-Operator", "name", f"At most {MAX_NAME} characters that can be seen.")
    raise InvalidRequest("The header X-Operator does not fit.", [problem])
