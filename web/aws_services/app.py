"""The application that answers AWS's JSON services: EventBridge, its Scheduler, CloudWatch Logs.

It is one of its own, as that of Lambda, because nothing of our own API's rules holds here.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request

from huey_tasks.config import Config
from web.aws_services import errors
from web.aws_services.eventbridge import put_events
from web.aws_services.logs import filter_log_events
from web.aws_services.request_body import body
from web.aws_services.scheduler import scheduler
from web.http import redis_deadline
from web.http.identity import holder
from web.http.roles import AWS_SERVICES
from web.http.root_path import Environ
from web.lambda_api import callers
from web.lambda_api.errors import AwsError, request_id

#: Bytes of a request: ten events of PutEvents have at most 1 MB.
_MOST_BYTES = 2 * 1024 * 1024

#: `POST /` is the path of all services with this protocol; the others are the Scheduler's, also of
#: what it has and we have not. `/schedules` is a page of ours, too.
PATHS = re.compile(r"/\Z|/(?:schedules|schedule-groups|tags)(?:/|\Z)")

Json = dict[str, Any]
_OPERATIONS: Mapping[str, Callable[[Json], Json]] = {
    "AWSEvents.PutEvents": put_events,
    "Logs_20140328.FilterLogEvents": filter_log_events,
}

operations = Blueprint("aws_json", __name__)


def takes(environ: Environ) -> bool:
    """Return whether a request of PATHS comes from one of AWS's clients, not from a browser."""
    signed = environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-HMAC-SHA256")
    return signed or "HTTP_X_AMZ_TARGET" in environ


def create(config: Config) -> Flask:
    """Build the application."""
    app = Flask("web.aws_services", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    app.url_map.merge_slashes = False
    errors.register(app)
    app.before_request(callers.guard(config, AWS_SERVICES))
    redis_deadline.register(app)
    app.after_request(_dress)
    app.register_blueprint(operations)
    app.register_blueprint(scheduler)
    return app


@operations.post("/")
def call() -> Response:
    """Answer an operation that is named by the header X-Amz-Target."""
    target = request.headers.get("X-Amz-Target", "")
    operation = _OPERATIONS.get(target)
    if operation is None:
        known = ", ".join(_OPERATIONS)
        text = f"Duckline has no operation '{target[:100]}' here; it has {known}."
        raise AwsError("UnknownOperationException", text)
    if (caller := holder()) is not None:
        AWS_SERVICES.check(caller, target)
    return Response(json.dumps(operation(body())), 200, content_type="application/x-amz-json-1.1")


def _dress(answer: Response) -> Response:
    answer.headers["X-Amzn-RequestId"] = request_id()
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
