"""The OpenAPI document, made from the code's own types and the registered task types.

flask-openapi3 collects routes, parameters and bodies; this module adds what it cannot know: the
problem answers, the schemas of `openapi.schemas`, and paths that are no routes.
"""

from collections.abc import Iterator
from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from huey_tasks.config import Config
from web.http.errors import InvalidRequest
from web.http.models import ProblemView
from web.openapi.blueprint import operation_id
from web.openapi.schemas import (
    MORE_PARAMETERS,
    REF,
    drop_null_defaults,
    model_schemas,
    submit_examples,
    submit_schemas,
)

_ABOUT = """\
Post a task, and a Python function runs it in the background; ask for its outcome later.

Every error is an RFC 9457 problem with a stable `code`. A 422 names each field by its pointer.
Answers are JSON whatever `Accept` says. Any request may also be refused before it is one, as a
problem too: 400 for what is no proper HTTP, 408 for what does not come in time, 414, 417 and 431.
"""


class DucklineApi(OpenAPI):
    """A Flask app that knows its own OpenAPI document."""

    def __init__(self, import_name: str, config: Config, **options: Any) -> None:
        super().__init__(
            import_name,
            info=Info(title="Duckline", version="0.1.0", description=_ABOUT),
            security_schemes={
                "bearer": {"type": "http", "scheme": "bearer", "description": "One of API_KEYS."},
            },
            operation_id_callback=operation_id,
            openapi_extensions={"security": _security(bool(config.api_keys))},
            validation_error_model=ProblemView,
            validation_error_callback=_refuse,
            doc_ui=False,
            **options,
        )
        #: Paths of the document that are no routes of flask-openapi3.
        self.extra_paths: dict[str, Any] = {}

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
        self.spec_json["paths"].update(self.extra_paths)
        drop_null_defaults(self.spec_json)


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in paths.values():
        yield from item.values()


def _security(needed: bool) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = [{"bearer": []}]
    return ways if needed else [{}, *ways]


def _refuse(error: Any) -> None:
    raise InvalidRequest.from_pydantic(error)
