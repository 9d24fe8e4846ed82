"""The application that answers AWS's Lambda API. It is one of its own, because nothing of our own
API's rules holds here: neither its bodies and parameters, nor its errors and headers.
"""

from flask import Flask, Response

from huey_tasks.config import Config
from web.http import redis_deadline
from web.lambda_api import callers, errors
from web.lambda_api.function_routes import functions
from web.lambda_api.invoke_routes import invocations
from web.lambda_api.settings_routes import settings


def create(config: Config) -> Flask:
    """Build the application."""
    app = Flask("web.lambda_api", static_folder=None)
    app.url_map.merge_slashes = False
    errors.register(app)
    app.before_request(callers.guard(config))
    redis_deadline.register(app)
    app.after_request(errors.read_rest)
    app.after_request(_dress)
    for blueprint in (invocations, functions, settings):
        app.register_blueprint(blueprint)
    return app


def _dress(answer: Response) -> Response:
    answer.headers["X-Amzn-RequestId"] = errors.request_id()
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
