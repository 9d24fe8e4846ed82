"""The pages: `/` (dashboard or inspector) and `/docs` (Swagger UI), whole without another host.

A page is markup only: it asks the API for everything, so it opens while Redis is away. Swagger UI
is served from its Python package. Its own page template starts it with an inline script, which the
Content-Security-Policy refuses; ours starts it from a file.
"""

from pathlib import Path
from typing import cast

import flask_openapi3_swagger
from flask import Blueprint, Response, current_app, render_template

import huey_tasks as tq
from web.answers import write_json
from web.openapi import DucklineApi
from web.security import let_styles_in

_SWAGGER_FILES = Path(flask_openapi3_swagger.__path__[0]) / "templates" / "swagger"
_DOCS_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Duckline API</title>
<link rel="icon" href="/docs/swagger/images/swagger.svg">
<link rel="stylesheet" href="/docs/swagger/css/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger/js/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_DOCS_START = """\
"use strict";
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

pages = Blueprint("pages", __name__)
docs = Blueprint("docs", __name__, static_folder=_SWAGGER_FILES, static_url_path="/docs/swagger")


@pages.get("/")
def front_page() -> Response:
    """Show the page of this service."""
    kind = cast(str, current_app.config["APP_KIND"])
    html = render_template(
        f"{kind}.html", app_kind=kind, port=tq.CONFIG.port, inspector_port=tq.CONFIG.inspector_port
    )
    return Response(html, headers={"Cache-Control": "no-cache"})


@docs.get("/docs")
def docs_page() -> Response:
    """Show Swagger UI."""
    let_styles_in()
    return Response(_DOCS_PAGE, headers={"Cache-Control": "no-cache"})


@docs.get("/docs/start.js")
def docs_start() -> Response:
    """Serve the lines that start Swagger UI."""
    headers = {"Cache-Control": "no-cache"}
    return Response(_DOCS_START, headers=headers, mimetype="text/javascript")


@docs.get("/openapi.json")
def openapi_document() -> Response:
    """Serve the OpenAPI document of this app."""
    document = cast(DucklineApi, current_app).api_doc
    headers = {"Cache-Control": "no-cache"}
    return Response(write_json(document), headers=headers, mimetype="application/json")
