"""The addresses of the pages, such as `/tasks/<id>`; one document shows them all.

It is markup only and asks the API for everything, so it opens while Redis is away. A browser that
asks for a path that is none gets the same document, with the status 404, and it says so; a program
gets a problem, as everywhere.
"""

import re
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, render_template, request
from werkzeug.exceptions import NotFound

import huey_tasks as tq
from web.http.parameters import TASK_ID
from web.http.problems import answer_http
from web.http.root_path import address
from web.pages.assets import this_apps

#: The pages of the dashboard, as static/js/app/pages.js has them.
NAMES = (
    "overview", "tasks", "failures", "queues", "schedules", "workers", "submit", "log", "audit",
    "redis", "config",
)  # fmt: skip
_NOT_OF_THE_INSPECTOR = "submit"
#: Below these no page is: what is asked for there is asked by programs.
_NO_PAGES = ("/api/", "/ws/", "/health/", "/static/", "/assets/", "/docs/")

pages = Blueprint("pages", __name__)


def register(app: Flask) -> None:
    """Serve the pages of `app`, which knows its kind."""
    app.register_blueprint(pages)
    app.register_error_handler(404, _answer_wrong_address)


@pages.get("/")
def front_page() -> Response:
    """Show the first page of this service."""
    return _document()


@pages.get("/<any({}):name>".format(", ".join(NAMES)), strict_slashes=False)
def named_page(name: str) -> Response:
    """Show a page."""
    if not _takes_html() or (name == _NOT_OF_THE_INSPECTOR and _kind() == "inspector"):
        raise NotFound
    return _document()


@pages.get("/tasks/<task_id>", strict_slashes=False)
@pages.get("/tasks/<task_id>/again", strict_slashes=False)
def task_page(task_id: str) -> Response:
    """Show a task; whether there is one with this id is for the page to ask."""
    if not _takes_html() or not re.fullmatch(TASK_ID, task_id):
        raise NotFound
    return _document()


def _answer_wrong_address(error: Any) -> Response:
    answer = _document(404) if _is_for_a_reader() else answer_http(error)
    answer.vary.add("Accept")
    return answer


def _is_for_a_reader() -> bool:
    """Whether a browser asks for a page: it names HTML, and nothing that it would rather have."""
    if request.method not in ("GET", "HEAD") or request.path.startswith(_NO_PAGES):
        return False
    wanted = request.accept_mimetypes
    return "text/html" in wanted.values() and wanted["text/html"] >= wanted["application/json"]


def _takes_html() -> bool:
    wanted = request.accept_mimetypes
    return not wanted or wanted["text/html"] > 0


def _kind() -> str:
    return cast(str, current_app.config["APP_KIND"])


def _document(status: int = 200) -> Response:
    html = render_template(
        f"{_kind()}.html",
        files=this_apps(),
        root=address(""),
        port=tq.CONFIG.port,
        inspector_port=tq.CONFIG.inspector_port,
    )
    headers = {"Cache-Control": "no-cache", "Vary": "X-Forwarded-Prefix"}
    return Response(html, status, headers)
