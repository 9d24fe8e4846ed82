"""Settings that AWS's API changes: of events, of concurrency, and of URLs."""

import re
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

import huey_tasks as tq
from web.http.root_path import address
from web.lambda_api import input as sent
from web.lambda_api import url_cors, views
from web.lambda_api.errors import AwsError, invalid
from web.lambda_api.names import LATEST, function_of, named
from web.operations.operator import operator

settings = Blueprint("settings", __name__)

_EVENTS = "/2019-09-25/functions/<path:name>/event-invoke-config"
_CONCURRENCY = "/<any('2017-10-31', '2019-09-30'):date>/functions/<path:name>/concurrency"
_URL = "/2021-10-31/functions/<path:name>/url"
_DESTINATION_TEXT = (
    r"^$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
_DESTINATION = re.compile(r"arn:aws[a-zA-Z0-9-]*:(?P<service>[a-zA-Z0-9-]+):[a-z0-9-]*:\d*:.+")
_SERVICES = ("lambda", "sqs", "sns", "events", "s3")
_NO_URL = "The resource you requested does not exist."


# ---- what happens to events


@settings.put(_EVENTS)
def put_event_invoke_config(name: str) -> ResponseReturnValue:
    """Set all of it; what is left out has its default."""
    return _set_events(name, is_merged=False)


@settings.post(_EVENTS)
def update_event_invoke_config(name: str) -> ResponseReturnValue:
    """Set a part of it."""
    return _set_events(name, is_merged=True)


@settings.get(_EVENTS)
def get_event_invoke_config(name: str) -> ResponseReturnValue:
    """Return it."""
    return jsonify(_events_of(named(name))[1])


@settings.delete(_EVENTS)
def delete_event_invoke_config(name: str) -> ResponseReturnValue:
    """Let the defaults apply."""
    function, _ = _events_of(named(name))
    tq.configure_function(function.name, "event_invoke", None, by=operator(), is_set=False)
    return _nothing()


@settings.get(f"{_EVENTS}/list")
def list_event_invoke_configs(name: str) -> ResponseReturnValue:
    """List those of all versions: there is one version."""
    found = views.event_invoke_config(_for_events(named(name)))
    return jsonify({"FunctionEventInvokeConfigs": [] if found is None else [found]})


def _set_events(name: str, *, is_merged: bool) -> ResponseReturnValue:
    asked = named(name)
    body = sent.body()
    given: dict[str, Any] = {
        "MaximumRetryAttempts": sent.whole(body, "MaximumRetryAttempts", 0, 2),
        "MaximumEventAgeInSeconds": sent.whole(body, "MaximumEventAgeInSeconds", 60, 21_600),
    }
    given = {name: value for name, value in given.items() if value is not None}
    destinations = sent.part(body, "DestinationConfig")
    if not given and not destinations:
        text = "You must specify at least one of error handling or destination setting."
        raise AwsError("InvalidParameterValueException", text)
    function = _for_events(asked)
    values: dict[str, Any] = {
        "retries": given.get("MaximumRetryAttempts", 2),
        "max_age_s": given.get("MaximumEventAgeInSeconds", 21_600),
        "on_success": _destination(destinations, "OnSuccess", function),
        "on_failure": _destination(destinations, "OnFailure", function),
    }
    if is_merged:
        function, known = _events_of(asked)
        given = {name: 0 for name in known if name.startswith("Maximum")} | given
        if "MaximumRetryAttempts" not in body:
            values["retries"] = function.retries
        if "MaximumEventAgeInSeconds" not in body:
            values["max_age_s"] = function.max_age_s
        for field, event in (("on_success", "OnSuccess"), ("on_failure", "OnFailure")):
            if event not in destinations:
                values[field] = getattr(function, field)
    tq.configure_function(
        function.name, "event_invoke", values, by=operator(),
        is_set=True, given=sorted(given), modified_at=views.now(),
    )  # fmt: skip
    return jsonify(_events_of(asked)[1])


def _for_events(asked: tq.FunctionName) -> tq.Function:
    try:
        return function_of(asked)
    except AwsError:
        text = "The function doesn't exist."
        raise AwsError("ResourceNotFoundException", text) from None


def _events_of(asked: tq.FunctionName) -> tuple[tq.Function, dict[str, Any]]:
    """Return a function and its configuration of events. Raises AwsError if it has none."""
    function = tq.find_function(asked.name)
    found = None if function is None else views.event_invoke_config(function)
    if function is None or found is None or asked.qualifier not in (None, LATEST):
        arn = tq.function_arn(asked.name, asked.qualifier or LATEST)
        text = f"The function {arn} doesn't have an EventInvokeConfig"
        raise AwsError("ResourceNotFoundException", text)
    return function, found


def _destination(config: dict[str, Any], event: str, function: tq.Function) -> str | None:
    """Return the ARN of a destination, None if none is given. Raises AwsError."""
    arn = sent.part(config, event).get("Destination")
    if not arn:
        return None
    found = _DESTINATION.fullmatch(arn) if isinstance(arn, str) else None
    if found is None:
        field = f"destinationConfig.{event[0].lower()}{event[1:]}.destination"
        rule = f"satisfy regular expression pattern: {_DESTINATION_TEXT}"
        raise invalid(str(arn)[:128], field, rule)
    if arn.removesuffix(f":{LATEST}") == tq.function_arn(function.name):
        text = "You can't specify the function as a destination for itself."
        raise AwsError("InvalidParameterValueException", text)
    if found["service"] not in _SERVICES:
        raise _bad_destination(arn)
    if found["service"] == "lambda":
        _check_function(arn)
    return arn


def _check_function(arn: str) -> None:
    try:
        function_of(tq.parse_function_name(arn))
    except (tq.BadName, AwsError):
        raise _bad_destination(arn) from None


def _bad_destination(arn: str) -> AwsError:
    return AwsError("InvalidParameterValueException", f"The destination ARN {arn} is invalid.")


# ---- reserved concurrency


@settings.put(_CONCURRENCY)
def put_concurrency(name: str, date: str) -> ResponseReturnValue:
    """Let no more than some invocations of a function run at a time."""
    function = _unqualified(name)
    most = sent.whole(sent.body(), "ReservedConcurrentExecutions", 0)
    if most is None:
        raise invalid("null", "reservedConcurrentExecutions", "not be null")
    values = {"reserved_concurrency": most}
    tq.configure_function(function.name, "concurrency", values, by=operator())
    return jsonify({"ReservedConcurrentExecutions": most})


@settings.delete(_CONCURRENCY)
def delete_concurrency(name: str, date: str) -> ResponseReturnValue:
    """Let as many run as there are slots."""
    tq.configure_function(_unqualified(name).name, "concurrency", None, by=operator())
    return _nothing()


@settings.get(_CONCURRENCY)
def get_concurrency(name: str, date: str) -> ResponseReturnValue:
    """Return how many may run at a time; an empty object if that is not limited."""
    most = _unqualified(name).reserved_concurrency
    return jsonify({} if most is None else {"ReservedConcurrentExecutions": most})


def _unqualified(name: str) -> tq.Function:
    asked = named(name)
    if asked.qualifier is not None:
        text = (
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )
        raise AwsError("InvalidParameterValueException", text)
    return function_of(asked)


# ---- URLs


@settings.post(_URL)
def create_url_config(name: str) -> ResponseReturnValue:
    """Give a function a URL."""
    function = function_of(named(name))
    if function.url is not None:
        text = (
            "Failed to create function url config for [functionArn = "
            f"{tq.function_arn(function.name)}]. Error message:  FunctionUrlConfig exists for this "
            "Lambda function"
        )
        raise AwsError("ResourceConflictException", text)
    found = _set_url(function, sent.body(), {})
    return jsonify({key: value for key, value in found.items() if key != "LastModifiedTime"}), 201


@settings.put(_URL)
def update_url_config(name: str) -> ResponseReturnValue:
    """Change the URL of a function."""
    function, known = _url_of(name)
    return jsonify(_set_url(function, sent.body(), known))


@settings.get(_URL)
def get_url_config(name: str) -> ResponseReturnValue:
    """Return the URL of a function."""
    return jsonify(_url_of(name)[1])


@settings.delete(_URL)
def delete_url_config(name: str) -> ResponseReturnValue:
    """Take the URL of a function away."""
    tq.configure_function(_url_of(name)[0].name, "url", None, by=operator())
    return _nothing()


@settings.get(f"{_URL}s")
def list_url_configs(name: str) -> ResponseReturnValue:
    """List the URLs of a function: it has one, or none."""
    found = views.url_config(function_of(named(name)), _service())
    return jsonify({"FunctionUrlConfigs": [] if found is None else [found]})


def _set_url(function: tq.Function, body: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    auth = sent.choice(body, "AuthType", ("NONE", "AWS_IAM")) or known.get("AuthType")
    if auth is None:
        raise invalid("null", "authType", "not be null")
    mode = sent.choice(body, "InvokeMode", ("BUFFERED", "RESPONSE_STREAM"))
    cors = url_cors.checked(body) if "Cors" in body else known.get("Cors")
    url = {"auth": auth, "stream": (mode or known.get("InvokeMode")) == "RESPONSE_STREAM"}
    extras = tq.function_extras(function, "url")
    created_at = extras.get("created_at", function.modified_at) if known else views.now()
    tq.configure_function(
        function.name, "url", {"url": url}, by=operator(),
        cors=cors, created_at=created_at, modified_at=views.now(),
    )  # fmt: skip
    changed = tq.find_function(function.name)
    found = None if changed is None else views.url_config(changed, _service())
    if found is None:  # its file has gone meanwhile
        raise AwsError("ResourceNotFoundException", _NO_URL)
    return found


def _url_of(name: str) -> tuple[tq.Function, dict[str, Any]]:
    function = function_of(named(name))
    found = views.url_config(function, _service())
    if found is None:
        raise AwsError("ResourceNotFoundException", _NO_URL)
    return function, found


def _service() -> str:
    """Return the address by which the caller reaches this service."""
    return f"{request.scheme}://{request.host}{address('')}"


def _nothing() -> Response:
    made = Response(status=204)
    del made.headers["Content-Type"]
    return made
