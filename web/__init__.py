"""The web layer: HTTP, WebSocket and pages on top of the public face of `huey_tasks`.

It owns statuses, headers and JSON; it holds no state of tasks and touches no Redis. `create_app`
is the service (port 8000), `create_inspector` the operator's view of the same stack (port 5555).
"""

from pathlib import Path

from flask import Flask
from werkzeug.routing import BaseConverter

import huey_tasks as tq
from huey_tasks.config import Config
from web import assets, errors, pages, push, redis_time, security, transfer
from web.actions import actions
from web.body import (
    MAX_BODY_BYTES,
    StrictRequest,
    check_parameters,
    refuse_what_is_not_built,
)
from web.bulk import bulk_submission
from web.docs import docs
from web.explain import explanation
from web.failures import failures
from web.health import health
from web.history import history
from web.inspector import inspector
from web.openapi import ApiBlueprint, DucklineApi
from web.queues import queues
from web.root_path import UnderRootPath
from web.schedules import schedules
from web.search import search
from web.stopping import when_stopping
from web.tasks import submission, tasks
from web.workers import workers

_STATIC = Path(__file__).resolve().parent.parent / "static"

__all__ = ["create_app", "create_inspector"]


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
    app = DucklineApi("web", config, static_folder=_STATIC, static_url_path="/static")
    app.request_class = StrictRequest
    app.config.update(APP_KIND=kind, MAX_CONTENT_LENGTH=MAX_BODY_BYTES)
    app.url_map.converters["task"] = _TaskSegment
    # A merged slash is answered with a redirect in HTML; a wrong path is a 404 here.
    app.url_map.merge_slashes = False
    security.register(app, config)
    app.before_request(check_parameters)
    app.before_request(refuse_what_is_not_built)
    errors.register(app)
    transfer.register(app)
    redis_time.register(app)
    push.register(app)
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
