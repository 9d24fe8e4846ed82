"""Who asks for a change, and why, for the audit log.

Who: the name of the API key, else the end of its hash, else the address of the request. The header
`X-Operator` puts an unverified name before it. The reason is in the body, or in the query of a
DELETE, which has no body.
"""

from typing import Annotated, Any

from flask import Request, request
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

import huey_tasks as tq
from huey_tasks.errors import Problem
from web.http.body import JSON, read_options
from web.http.errors import InvalidRequest
from web.http.identity import holder
from web.http.models import Inbound
from web.http.parameters import Query
from web.openapi.schemas import MORE_PARAMETERS, REF

#: Characters.
MAX_NAME, MAX_REASON = 64, 500

_HEADER: dict[str, Any] = {
    "name": "X-Operator",
    "in": "header",
    "required": False,
    "description": "A name for the audit log: at most 64 visible characters.",
    "schema": {"type": "string", "maxLength": MAX_NAME},
}


def _plain(text: str | None) -> str | None:
    if text is not None and not tq.is_plain(text):
        raise PydanticCustomError(
            "hidden_character", "Input should contain only visible characters"
        )
    return text


Reason = Annotated[
    str | None,
    Field(max_length=MAX_REASON, description="The reason, for the audit log, in one line."),
    AfterValidator(_plain),
]


class ReasonBody(Inbound):
    """The reason of an action."""

    reason: Reason = None


class ReasonQuery(Query):
    reason: Reason = None


#: OpenAPI: the header that every route for operators accepts.
OF_OPERATOR: dict[str, Any] = {MORE_PARAMETERS: [_HEADER]}


def of_operator(options: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI: the same, with an optional body."""
    content = {JSON: {"schema": {"$ref": REF + options.__name__}}}
    return {**OF_OPERATOR, "requestBody": {"required": False, "content": content}}


def operator(reason: str | None = None) -> tq.Operator:
    """Return who sends this request, and why. Raises InvalidRequest for an unprintable name."""
    key = holder()
    who = key.name if key else request.remote_addr or "no address"
    name = _name(request)
    who = f"{name} ({who})" if name else who
    return tq.Operator(who, (reason or "").strip(), key.id if key else "")


def operator_of_body() -> tq.Operator:
    """Do the same with the reason of the optional body.

    Raises InvalidJson, InvalidRequest, UnsupportedMedia.
    """
    return operator(read_options(ReasonBody).reason)


def _name(sent: Request) -> str:
    raw = sent.headers.get("X-Operator", "").encode(
        "latin-1", "replace"
    )  # the received bytes: PEP 3333
    try:
        name = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        name = raw.decode("latin-1").strip()
    if len(name) <= MAX_NAME and tq.is_plain(name):
        return name
    problem = Problem("/X-Operator", "name", f"At most {MAX_NAME} visible characters.")
    raise InvalidRequest("The header X-Operator is invalid.", [problem])
