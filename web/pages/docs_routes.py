"""`/docs`: Swagger UI and the OpenAPI document, without files of another host.

Swagger UI is served from its Python package. Its own page template starts it with an inline script,
which the Content-Security-Policy forbids; ours starts it from a file.
"""

from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import cast

import flask_openapi3_swagger
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from web.http.responses import JsonAnswer, write_json
from web.http.root_path import address
from web.http.security import let_styles_in
from web.openapi.app import DucklineApi
from web.pages.assets import Asset, asset, send

_SWAGGER_FILES = Path(flask_openapi3_swagger.__path__[0]) / "templates" / "swagger"
_VERSION = version("flask-openapi3-swagger")
_DOCS_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Duckline API</title>
<link rel="icon" href="{root}/docs/swagger/images/swagger.svg">
<link rel="stylesheet" href="{root}/docs/swagger/css/swagger-ui.css">
<link rel="stylesheet" href="{root}/docs/page.css">
</head>
<body>
<nav><a href="{root}/">Back to Duckline</a></nav>
<div id="swagger-ui"></div>
<script src="{root}/docs/swagger/js/swagger-ui-bundle.js"></script>
<script src="{root}/docs/start.js"></script>
</body>
</html>
"""
_DOCS_STYLE = """\
body { margin: 0; }
nav { max-width: 1460px; margin: 0 auto; padding: 16px 20px 0; font: 600 15px sans-serif; }
nav a { color: #0a5ab3; }
.dark-mode nav a { color: #86bfff; }
/* Boxes that are higher than their line lie over the lines beside it. */
.swagger-ui :is(.markdown, .renderedMarkdown) :not(pre) > code {
  padding: 1px 4px; -webkit-box-decoration-break: clone; box-decoration-break: clone;
}
"""
#: It begins with the theme that the reader chose on the pages, or that of the system.
_DOCS_START = """\
"use strict";
let theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
try {
  theme = localStorage.getItem("duckline-theme") ?? theme;
} catch {
  // Storage is blocked: the theme of the system stays.
}
document.documentElement.classList.toggle("dark-mode", theme === "dark");
window.ui = SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

_PAGE_HEADERS = {"Cache-Control": "no-cache", "Vary": "X-Forwarded-Prefix"}

docs = Blueprint("docs", __name__)


@docs.get("/docs")
def docs_page() -> Response:
    """Show Swagger UI."""
    let_styles_in()
    return Response(_DOCS_PAGE.format(root=address("")), headers=_PAGE_HEADERS)


@docs.get("/docs/swagger/<path:name>")
def swagger_file(name: str) -> Response:
    """Serve a file of Swagger UI; some are a megabyte, so the ETag lets a browser keep them."""
    found = _swagger_file(name)
    answer = send(found, "no-cache")
    answer.set_etag(_VERSION, weak=True)
    return cast(Response, answer.make_conditional(request))


@lru_cache(maxsize=32)
def _swagger_file(name: str) -> Asset:
    path = safe_join(str(_SWAGGER_FILES), name)
    if path is None or not Path(path).is_file():
        raise NotFound
    return asset(name, Path(path).read_bytes())


@docs.get("/docs/start.js")
def docs_start() -> Response:
    """Serve the script that starts Swagger UI."""
    headers = {"Cache-Control": "no-cache"}
    return Response(_DOCS_START, headers=headers, mimetype="text/javascript")


@docs.get("/docs/page.css")
def docs_style() -> Response:
    """Serve the style of what stands around Swagger UI."""
    return Response(_DOCS_STYLE, headers={"Cache-Control": "no-cache"}, mimetype="text/css")


@docs.get("/openapi.json")
def openapi_document() -> Response:
    """Serve the OpenAPI document of this app."""
    document = {
        **cast(DucklineApi, current_app).api_doc,
        "servers": [{"url": address("") or "/"}],
    }
    return JsonAnswer(write_json(document), 200, _PAGE_HEADERS)
