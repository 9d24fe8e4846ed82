"""Assemble the two Flask apps from the routes and guards of the packages beside this module."""

from pathlib import Path

from flask import Flask
from werkzeug.routing import BaseConverter

import huey_tasks as tq
from huey_tasks.config import Config
from web.failures.routes import failures
from web.http import problems, redis_deadline, security, transfer
from web.http.body import (
    MAX_BODY_BYTES,
    StrictRequest,
    check_parameters,
    refuse_what_is_not_built,
)
from web.http.root_path import UnderRootPath
from web.http.shutdown import when_stopping
from web.monitoring.health_routes import health
from web.monitoring.history_routes import history
from web.monitoring.inspector_routes import inspector
from web.openapi.app import ApiBlueprint, DucklineApi
from web.operations.routes import actions
from web.pages import assets
from web.pages import routes as pages
from web.pages.docs_routes import docs
from web.queues.routes import queues
from web.schedules.routes import schedules
from web.streams import stats_socket
from web.tasks.bulk_routes import bulk_submission
from web.tasks.explain_routes import explanation
from web.tasks.routes import submission, tasks
from web.tasks.search_routes import search
from web.workers.routes import workers

_STATIC = Path(__file__).resolve().parent.parent / "static"


class _TaskSegment(BaseConverter):
    """Any one segment but those of other routes: a GET there is a 405 and not an unknown task."""

    regex = r"(?!(?:submit|bulk|actions)\Z)[^/]+"
    part_isolating = True


def create_app(config: Config = tq.CONFIG) -> Flask:
    """Build the service: API, WebSocket, dashboard and Swagger UI."""
    app = _base("dashboard", config, submission, bulk_submission, inspector)
    app.register_blueprint(docs)
    return app


def create_inspector(config: Config = tq.CONFIG) -> Flask:
    """Build the inspector: the same pages and routes, but it takes no tasks."""
    return _base("inspector", config, inspector)


def _base(kind: str, config: Config, *own: ApiBlueprint) -> DucklineApi:
    app = DucklineApi(
        "web",
        config,
        static_folder=_STATIC,
        static_url_path="/static",
        template_folder="pages/templates",
    )
    app.request_class = StrictRequest
    app.config.update(APP_KIND=kind, MAX_CONTENT_LENGTH=MAX_BODY_BYTES)
    app.url_map.converters["task"] = _TaskSegment
    # A merged slash is answered with a redirect in HTML; a wrong path is a 404 here.
    app.url_map.merge_slashes = False
    security.register(app, config)
    app.before_request(check_parameters)
    app.before_request(refuse_what_is_not_built)
    problems.register(app)
    transfer.register(app)
    redis_deadline.register(app)
    stats_socket.register(app)
    when_stopping(tq.stop_waiting)
    pages.register(app)
    made = assets.prepare(_STATIC, kind, single_modules=config.single_modules)
    assets.register(app, made)
    app.wsgi_app = UnderRootPath(app.wsgi_app, config.root_path)
    shared = (
        tasks, search, actions, explanation, failures, history, schedules, queues, workers, health,
    )  # fmt: skip
    for blueprint in (*own, *shared):
        app.register_api(blueprint)
    return app
