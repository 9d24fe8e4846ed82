"""The URLs of the pages, such as `/tasks/<id>`; one document serves them all.

The document is markup only and reads everything from the API, so it opens while Redis does not
answer. For an unknown path, a browser gets the same document with the status 404, which shows the
error; a program gets a problem.
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

#: The pages of the dashboard, the same as in static/js/app/pages.js.
NAMES = (
    "overview", "tasks", "failures", "queues", "schedules", "workers", "submit", "log", "audit",
    "redis", "config", "functions", "keys", "webhooks", "types", "flows",
)  # fmt: skip
_NOT_OF_THE_INSPECTOR = "submit"
#: Prefixes without pages: requests below them come from programs.
_NO_PAGES = ("/api/", "/ws/", "/health/", "/static/", "/assets/", "/docs/")

pages = Blueprint("pages", __name__)


def register(app: Flask) -> None:
    """Serve the pages from `app`."""
    app.register_blueprint(pages)
    app.register_error_handler(404, _answer_wrong_address)


@pages.get("/")
def front_page() -> Response:
    """Show the home page."""
    return _document()


@pages.get("/<any({}):name>".format(", ".join(NAMES)), strict_slashes=False)
def named_page(name: str) -> Response:
    """Show a page."""
    if not _takes_html() or (name == _NOT_OF_THE_INSPECTOR and _kind() == "inspector"):
        raise NotFound
    return _document()


@pages.get("/tasks/<task_id>", strict_slashes=False)
@pages.get("/tasks/<task_id>/again", strict_slashes=False)
@pages.get("/tasks/<task_id>/edit", strict_slashes=False)
def task_page(task_id: str) -> Response:
    """Show a task; the page itself reads whether the task exists."""
    if not _takes_html() or not re.fullmatch(TASK_ID, task_id):
        raise NotFound
    return _document()


@pages.get("/functions/<name>", strict_slashes=False)
@pages.get("/webhooks/<name>", strict_slashes=False)
@pages.get("/types/<name>", strict_slashes=False)
@pages.get("/flows/<name>", strict_slashes=False)
def item_page(name: str) -> Response:
    """Show one thing by its name; the page itself reads whether it exists."""
    if not _takes_html():
        raise NotFound
    return _document()


def _answer_wrong_address(error: Any) -> Response:
    answer = _document(404) if _is_for_a_reader() else answer_http(error)
    answer.vary.add("Accept")
    return answer


def _is_for_a_reader() -> bool:
    """Whether a browser asks for a page: it accepts HTML, and does not prefer JSON."""
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
        queues=tq.QUEUES,
        command=tq.CONFIG.command,
        port=tq.CONFIG.port,
        inspector_port=tq.CONFIG.inspector_port,
    )
    headers = {"Cache-Control": "no-cache", "Vary": "X-Forwarded-Prefix"}
    return Response(html, status, headers)
