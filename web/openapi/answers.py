"""How a route documents its good answers."""

from typing import Any

from web.http.models import Outbound
from web.openapi.schemas import REF

Responses = dict[str | int, Any]


def ok(status: int, model: type[Outbound], description: str, **more: Any) -> Responses:
    """Document one good answer: its model and what it means; `more` adds headers or links."""
    schema = {"$ref": REF + model.__name__}
    return {
        status: {
            "description": description,
            "headers": {"X-Request-ID": header("The id of this request."), **more},
            "content": {"application/json": {"schema": schema}},
        }
    }


def no_content(description: str) -> Responses:
    """Document a good answer that has no body."""
    headers = {"X-Request-ID": header("The id of this request.")}
    return {204: {"description": description, "headers": headers}}


def header(description: str) -> dict[str, Any]:
    """Document a header whose value is a text."""
    return {"description": description, "schema": {"type": "string"}}
