"""Document the successful answers of a route."""

from typing import Any

from web.http.models import Outbound
from web.openapi.schemas import REF

Responses = dict[str | int, Any]


def ok(status: int, model: type[Outbound], description: str, **more: Any) -> Responses:
    """Document one successful answer: its model and its meaning; `more` adds headers."""
    schema = {"$ref": REF + model.__name__}
    return {
        status: {
            "description": description,
            "headers": {"X-Request-ID": header("The id of this request."), **more},
            "content": {"application/json": {"schema": schema}},
        }
    }


def one_of(*models: type[Outbound]) -> dict[str, Any]:
    """Document the content of an answer that is one of several models."""
    schemas = [{"$ref": REF + model.__name__} for model in models]
    return {"application/json": {"schema": {"anyOf": schemas}}}


def no_content(description: str) -> Responses:
    """Document a successful answer without a body."""
    headers = {"X-Request-ID": header("The id of this request.")}
    return {204: {"description": description, "headers": headers}}


def header(description: str) -> dict[str, Any]:
    """Document a header whose value is a string."""
    return {"description": description, "schema": {"type": "string"}}
