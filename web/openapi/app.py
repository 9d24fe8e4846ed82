"""The OpenAPI document, generated from the code's own types and the registered task types.

flask-openapi3 collects routes, parameters and bodies. This module adds what it does not know: the
problem answers, the schemas of `openapi.schemas`, and paths that are not its routes.
"""

from collections.abc import Iterator
from typing import Any

from flask import Request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import MapAdapter

from huey_tasks.config import Config
from web.http.errors import InvalidRequest
from web.http.hosts import host_of
from web.http.models import ProblemView
from web.openapi.blueprint import ApiBlueprint, operation_id
from web.openapi.links import add_links
from web.openapi.schemas import (
    MORE_PARAMETERS,
    REF,
    drop_empty_defaults,
    model_schemas,
    name_task_types,
    submit_examples,
    submit_schemas,
)

_ABOUT = """\
Submit a task, and a Python function runs it in the background; read its outcome later.

Every error is an RFC 9457 problem with a stable `code`. A 422 names each field by a JSON pointer.
Answers are JSON whatever `Accept` says. Any request can also be refused before it reaches a route,
with a problem as well: 400 for invalid HTTP, 408 for a request that does not arrive in time, 414,
417 and 431. A GET that sends an `ETag` back as `If-None-Match` is answered 304, without a body,
while nothing has changed.
"""


class DucklineApi(OpenAPI):
    """A Flask app that generates its own OpenAPI document."""

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
        #: Paths of the document that are not routes of flask-openapi3.
        self.extra_paths: dict[str, Any] = {}
        self._apis: list[ApiBlueprint] = []

    def ensure_sync(self, func: Any) -> Any:
        """Return the function as it is: none of ours is async, and Flask looks at each call."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Do what Flask does; what depends on the Host only, and takes longest, is kept.

        Raises BadHost.
        """
        sent: dict[str, Any] = {} if request is None else request.environ
        if request is None or "HTTP_HOST" not in sent or "HTTP_UPGRADE" in sent:
            return super().create_url_adapter(request)
        scheme: str = sent["wsgi.url_scheme"]
        vars(request)["host"], name = host_of(scheme, sent["HTTP_HOST"])
        root, path, query = (
            sent.get(part, "").encode("latin1").decode(errors="replace")
            for part in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
        )
        method: str = sent["REQUEST_METHOD"]
        return MapAdapter(self.url_map, name, root, "", scheme, path, method, query)

    def register_api(self, api: Any, **options: Any) -> None:
        """Add the routes of a blueprint; the document has them when it is read."""
        self._apis.append(api)
        self.register_blueprint(api, **options)

    def _document(self, api: ApiBlueprint) -> None:
        """Add the paths of a blueprint; another may have other methods of the same path."""
        api.document()
        for tag in api.tags:
            if tag.name not in self.tag_names:
                self.tags.append(tag)
                self.tag_names.append(tag.name)
        self.components_schemas.update(api.components_schemas)
        for path, item in api.paths.items():
            more = {name: value for name, value in item if value is not None}
            known = self.paths.get(path)
            self.paths[path] = item if known is None else known.model_copy(update=more)

    def generate_spec_json(self) -> None:
        """Complete the document that flask-openapi3 collected; it does so once, when first read."""
        for api in self._apis:
            self._document(api)
        super().generate_spec_json()
        schemas: dict[str, Any] = self.spec_json["components"]["schemas"]
        schemas.update(model_schemas())
        schemas.update(submit_schemas(schemas["SubmitBody"]["properties"]))
        name_task_types(schemas, "ScheduleBody", "SchedulePutBody")
        for operation in _operations(self.spec_json["paths"]):
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if media["schema"] == {"$ref": REF + "SubmitBody"}:
                    media["examples"] = submit_examples()
        for operation in _operations(self.spec_json["paths"]):
            # flask-openapi3 overwrites the parameters of a route with a path or a query.
            operation.setdefault("parameters", []).extend(operation.pop(MORE_PARAMETERS, []))
            # Swagger UI shows a summary as it is; only a description is Markdown.
            operation["summary"] = operation["summary"].replace("`", "")
            if "description" in operation:
                operation["description"] = operation["description"].replace("<br/>", "\n").strip()
            if "health" in operation["tags"]:
                operation["security"] = []
            responses = operation["responses"]
            # flask-openapi3 adds a 422 in a format of its own to every operation that has none.
            if "application/json" in responses.get("422", {}).get("content", {}):
                del responses["422"]
        add_links(_operations(self.spec_json["paths"]))
        self.spec_json["paths"].update(self.extra_paths)
        drop_empty_defaults(self.spec_json)


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in paths.values():
        yield from item.values()


def _security(needed: bool) -> list[dict[str, list[str]]]:
    schemes: list[dict[str, list[str]]] = [{"bearer": []}]
    return schemes if needed else [{}, *schemes]


def _refuse(error: Any) -> None:
    raise InvalidRequest.from_pydantic(error)
