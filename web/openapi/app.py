"""The OpenAPI document, made from the code's own types and the registered task types.

flask-openapi3 collects routes, parameters and bodies; this module adds what it cannot know: the
problem answers, the schemas of `openapi_schemas`, and the WebSocket.
It also holds the two lines by which a route says what it answers: `ok` and `problems`.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI

from huey_tasks.config import Config
from web.http.errors import InvalidRequest
from web.http.problems import KINDS, problem_body
from web.openapi.schemas import (
    REF,
    drop_null_defaults,
    model_schemas,
    submit_examples,
    submit_schemas,
)
from web.queues.schemas import StatsView
from web.tasks.schemas import Outbound, ProblemView

_PROBLEM = {"$ref": REF + "ProblemView"}
_ABOUT = """\
Post a task, and a Python function runs it in the background; ask for its outcome later.

Every error is an RFC 9457 problem with a stable `code`. A 422 names each field by its pointer.
Answers are JSON whatever `Accept` says. Any request may also be refused before it is one, as a
problem too: 400 for what is no proper HTTP, 408 for what does not come in time, 414, 417 and 431.
"""

#: In the extensions of an operation: parameters beside those of its path and query.
MORE_PARAMETERS = "x-more-parameters"

Responses = dict[str | int, Any]
View = TypeVar("View", bound=Callable[..., Response])


class DucklineApi(OpenAPI):
    """A Flask app that knows its own OpenAPI document."""

    def __init__(self, import_name: str, config: Config, **options: Any) -> None:
        super().__init__(
            import_name,
            info=Info(title="Duckline", version="0.1.0", description=_ABOUT),
            security_schemes={
                "bearer": {"type": "http", "scheme": "bearer", "description": "One of API_KEYS."},
            },
            operation_id_callback=_operation_id,
            openapi_extensions={"security": _security(bool(config.api_keys))},
            validation_error_model=ProblemView,
            validation_error_callback=_refuse,
            doc_ui=False,
            **options,
        )

    def generate_spec_json(self) -> None:
        """Complete the document that flask-openapi3 has collected; done once, when first asked."""
        super().generate_spec_json()
        schemas: dict[str, Any] = self.spec_json["components"]["schemas"]
        schemas.update(model_schemas())
        schemas.update(submit_schemas())
        for operation in _operations(self.spec_json["paths"]):
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if media["schema"] == {"$ref": REF + "SubmitBody"}:
                    media["examples"] = submit_examples()
        for operation in _operations(self.spec_json["paths"]):
            # flask-openapi3 writes over the parameters of a route with a path or a query.
            operation.setdefault("parameters", []).extend(operation.pop(MORE_PARAMETERS, []))
            if "description" in operation:
                operation["description"] = operation["description"].replace("<br/>", "\n").strip()
            if "health" in operation["tags"]:
                operation["security"] = []
            responses = operation["responses"]
            # flask-openapi3 adds a 422 of its own form to every operation that has none.
            if "application/json" in responses.get("422", {}).get("content", {}):
                del responses["422"]
        self.spec_json["paths"]["/ws/stats"] = {"get": _socket_operation()}
        drop_null_defaults(self.spec_json)


class ApiBlueprint(APIBlueprint):
    """The routes of one noun under a prefix; in the document they stand under `tag`."""

    def __init__(self, name: str, tag: str, description: str, prefix: str = "/api") -> None:
        super().__init__(
            name,
            "web",
            url_prefix=prefix,
            abp_tags=[Tag(name=tag, description=description)],
            operation_id_callback=_operation_id,
        )

    # The library's own decorators lose the type of the function that they return.
    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().get(rule, **options))

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().post(rule, **options))

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().patch(rule, **options))

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        return cast(Callable[[View], View], super().delete(rule, **options))


def ok(status: int, model: type[Outbound], description: str, **more: Any) -> Responses:
    """Document one good answer: its model and what it means; `more` adds headers or links."""
    schema = {"$ref": REF + model.__name__}
    return {
        status: {
            "description": description,
            "headers": {"X-Request-ID": _header("The id of this request."), **more},
            "content": {"application/json": {"schema": schema}},
        }
    }


def no_content(description: str) -> Responses:
    """Document a good answer that has no body."""
    headers = {"X-Request-ID": _header("The id of this request.")}
    return {204: {"description": description, "headers": headers}}


def problems(*codes: str) -> Responses:
    """Document the errors that a route can answer; those of every API route are added."""
    busy = ("service_busy",) if "queue_unavailable" in codes else ()
    return open_problems(*codes, *busy, "unauthorized", "unknown_host")


def open_problems(*codes: str) -> Responses:
    """Document the errors of a route that needs neither a key nor one of our names."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, "internal_error"):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {status: _problem_answer(group) for status, group in sorted(by_status.items())}


def header(description: str) -> dict[str, Any]:
    """Document a header whose value is a text."""
    return _header(description)


def _problem_answer(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"value": _example(code)} for code in codes}
    return {
        "description": "; ".join(f"`{code}`: {KINDS[code].title.lower()}" for code in codes),
        "content": {"application/problem+json": {"schema": _PROBLEM, "examples": examples}},
    }


def _example(code: str) -> dict[str, Any]:
    kind = KINDS[code]
    more: dict[str, Any] = {"instance": "/api/tasks/submit", "request_id": "3f9c1b7a52d04e0f"}
    if kind.status == 422:
        error = {"pointer": "/payload/amount", "code": "missing", "message": "Field required"}
        more["errors"] = [error]
    return problem_body(code, kind.detail or kind.title + ".", **more)


def _socket_operation() -> dict[str, Any]:
    codes = ("bad_request", "cross_site", "upgrade_required", "too_many_sockets")
    responses = {str(status): answer for status, answer in problems(*codes).items()}
    switched = (
        "The connection is a WebSocket now. At once, and then every 2 s, comes one text frame: "
        f"the JSON of `{StatsView.__name__}` with `ts` (RFC 3339); or, while Redis is away, "
        "`error` (a problem) and `ts`. Each has `seq`, which grows by 1, and `epoch`, the id of "
        "the web process: who sees a gap, or another epoch, has missed something and reads anew. "
        "A page, which can send no header here, asks with `?ticket=` and what "
        "`POST /api/ws-ticket` gives."
    )
    return {
        "operationId": "stats_socket",
        "tags": ["workers"],
        "summary": "The statistics, pushed over a WebSocket.",
        "responses": {"101": {"description": switched}, **responses},
    }


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in paths.values():
        yield from item.values()


def _security(needed: bool) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = [{"bearer": []}]
    return ways if needed else [{}, *ways]


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _operation_id(*, name: str, path: str, method: str) -> str:
    return name


def _refuse(error: Any) -> None:
    raise InvalidRequest.from_pydantic(error)
