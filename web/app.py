"""Assemble the two Flask apps from the routes and guards of the packages beside this module."""

import re
from pathlib import Path

from flask import Flask

import huey_tasks as tq
from huey_tasks.config import Config
from web.api_keys.routes import api_keys
from web.api_keys.session_routes import session
from web.aws_services import app as aws_services
from web.events.routes import events
from web.failures.routes import failures
from web.flows.routes import flow_submission, flows
from web.function_urls import app as function_urls
from web.functions.invoke_routes import invocation
from web.functions.routes import functions
from web.http import problems, redis_deadline, security, transfer
from web.http.body import (
    MAX_BODY_BYTES,
    StrictRequest,
    check_parameters,
    refuse_elsewhere,
)
from web.http.mounted import Mount, Mounted
from web.http.root_path import UnderRootPath
from web.http.shutdown import when_stopping
from web.http.traffic import Timed
from web.lambda_api import app as lambda_api
from web.monitoring.health_routes import health, work_health
from web.monitoring.history_routes import history
from web.monitoring.inspector_routes import inspector
from web.monitoring.metrics_routes import metrics
from web.monitoring.stats_routes import statistics
from web.monitoring.verdict_routes import verdict
from web.openapi.app import DucklineApi
from web.openapi.blueprint import ApiBlueprint
from web.operations.routes import actions
from web.pages import assets
from web.pages import routes as pages
from web.pages.docs_routes import docs
from web.queues.routes import queues
from web.schedules.routes import schedules
from web.streams import stats_socket
from web.streams.event_routes import event_streams
from web.streams.openapi import socket_operation
from web.streams.ticket_routes import socket_tickets
from web.tasks.bulk_routes import bulk_submission
from web.tasks.explain_routes import explanation
from web.tasks.limit_routes import type_limits
from web.tasks.plain_submits import PlainSubmits
from web.tasks.read_routes import reading
from web.tasks.routes import TaskSegment, tasks
from web.tasks.search_routes import search
from web.tasks.submit_routes import submission
from web.tasks.submit_wishes import SUBMITS
from web.webhooks.routes import webhooks
from web.workers.routes import workers

_HERE = Path(__file__).resolve().parent
#: In a wheel the pages are inside this package, in a checkout beside it.
_STATIC = next(path for path in (_HERE / "static", _HERE.parent / "static") if path.is_dir())
#: AWS's paths begin with the date of their API.
_AWS = re.compile(r"/20[0-9]{2}-[0-9]{2}-[0-9]{2}/")
_URLS = re.compile(r"/fn/.")
#: The routes of both apps.
_SHARED = (
    tasks, reading, event_streams, search, actions, explanation, type_limits, failures, history,
    schedules, flows, webhooks, queues, workers, statistics, functions, socket_tickets, work_health,
    health, verdict, metrics, api_keys, session,
)  # fmt: skip


def create_app(config: Config = tq.CONFIG) -> Flask:
    """Build the service: API, WebSocket, dashboard and Swagger UI."""
    own = (submission, bulk_submission, flow_submission, invocation, events, inspector)
    app = _base("dashboard", config, *own)
    app.register_blueprint(docs)
    mounts = [
        Mount(_AWS, lambda_api.create(config).wsgi_app),
        Mount(aws_services.PATHS, aws_services.create(config).wsgi_app, aws_services.takes),
        Mount(_URLS, function_urls.create(config).wsgi_app),
    ]
    served = PlainSubmits(Mounted(app.wsgi_app, mounts), security.guard_of(app))
    app.wsgi_app = Timed(UnderRootPath(served, config.root_path))
    return app


def create_inspector(config: Config = tq.CONFIG) -> Flask:
    """Build the inspector: the same pages and routes, but it accepts no tasks."""
    app = _base("inspector", config, inspector)
    app.wsgi_app = Timed(UnderRootPath(app.wsgi_app, config.root_path))
    return app


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
    app.url_map.converters["task"] = TaskSegment
    # werkzeug answers doubled slashes with a redirect in HTML; here a wrong path is a 404.
    app.url_map.merge_slashes = False
    problems.register(app)
    security.register(app, config)
    app.before_request(check_parameters)
    app.before_request(refuse_elsewhere(SUBMITS))
    transfer.register(app)
    redis_deadline.register(app)
    stats_socket.register(app)
    app.extra_paths["/ws/stats"] = {"get": socket_operation()}
    when_stopping(tq.stop_waiting)
    pages.register(app)
    made = assets.prepare(_STATIC, kind, single_modules=config.single_modules)
    assets.register(app, made)
    for blueprint in (*own, *_SHARED):
        app.register_api(blueprint)
    return app
