"""The application that answers function URLs, `/fn/<name>/…`.

A URL that is configured is as public as AWS's: everybody may call it if its authorization is NONE,
who signs with a key if it is AWS_IAM. A function without one is called like our own API.
"""

import contextlib
import errno
import json
from collections.abc import Iterator

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

import huey_tasks as tq
from huey_tasks.config import Config
from web.function_urls import cors
from web.function_urls.event import event_of
from web.function_urls.prelude import read_beginning
from web.function_urls.response import BadAnswer, response_of, streamed
from web.http import redis_deadline
from web.http.body import read_whole
from web.http.errors import TooManyFailures
from web.http.failed_logins import Logins
from web.http.hosts import HostNames
from web.http.identity import bearer
from web.http.roles import FUNCTION_URLS
from web.http.security import check_same_site
from web.lambda_api import errors, running, streaming
from web.lambda_api.callers import caller, key_id, known_keys
from web.lambda_api.errors import AwsError
from web.lambda_api.invocation_request import SYNC, Invocation


class _Urls:
    """Answers requests under the settings."""

    def __init__(self, config: Config) -> None:
        self._most_bytes = config.lambda_max_sync_bytes
        self._names, self._keys = HostNames.of(config), known_keys(config)
        self._logins, self._guests = Logins(self._keys), Logins(self._keys, is_silent=True)
        self._origins = frozenset(each.rstrip("/").lower() for each in config.allowed_origins)

    def serve(self) -> Response:
        """Answer the current request."""
        if self._names is not None:
            self._names.check(request.environ.get("HTTP_HOST", ""))
        function = _function()
        rules = tq.function_extras(function, "url").get("cors") or {}
        if (made := cors.preflight(rules, request)) is not None:
            return made
        holder = self._holder(function)
        self._check_caller(function, holder)
        has_key = holder is not None
        return cors.allow(rules, request, self._invoke(function, has_key=has_key))

    def _holder(self, function: tq.Function) -> tq.Holder | None:
        """Return whose key the request carries, None if it carries none of the service.

        Where no key is needed, who sends something else, a token of the function's own, has not
        tried a key: nobody is refused for it, and it counts for no other function. Yet after too
        many no key is looked at, for the function may reveal whether it was one.
        """
        authorization = request.environ.get("HTTP_AUTHORIZATION", "")
        sent = bearer(authorization) or key_id()
        if not sent:
            return None
        if not _is_public(function):
            return self._logins.holder_of(sent)
        with contextlib.suppress(TooManyFailures):
            return self._guests.holder_of(sent)
        return None

    def _check_caller(self, function: tq.Function, holder: tq.Holder | None) -> None:
        """Raise AwsError, CrossSite, or Forbidden for who may not call this function."""
        if function.url is None:
            check_same_site(self._origins)
        elif _is_public(function):
            return
        is_signed = key_id() is not None
        needs_key = self._keys.is_locked() or (function.url is not None and not is_signed)
        if needs_key and holder is None:
            raise AwsError("AccessDeniedException", "Forbidden")
        if holder is not None:
            g.holder = holder
            self._keys.count_request(holder)
            FUNCTION_URLS.check(holder, "function_url")

    def _invoke(self, function: tq.Function, *, has_key: bool) -> Response:
        body = self._body()
        if function.reserved_concurrency is not None and tq.is_at_limit(function.name):
            raise errors.too_many(is_reserved=True)
        event = event_of(request, function.name, body, errors.request_id(), has_key=has_key)
        name = tq.parse_function_name(function.name)
        is_stream = function.url is not None and function.url.stream
        asked = Invocation(name, SYNC, event, None, False, caller(), errors.request_id(), is_stream)
        invoked = running.submit(asked)
        try:
            if is_stream:
                return _streamed(*streaming.begin(invoked, asked))
            return _whole(running.wait_for_answer(invoked, asked))
        except (BadAnswer, RecursionError):  # as an error of the function; its task has the answer
            return Response("Internal Server Error", 502, content_type="application/json")

    def _body(self) -> bytes:
        request.max_content_length = self._most_bytes
        try:
            return read_whole(request)
        except RequestEntityTooLarge:
            text = f"Request must be smaller than {self._most_bytes} bytes."
            raise AwsError("RequestTooLargeException", text) from None


def _is_public(function: tq.Function) -> bool:
    return function.url is not None and function.url.auth == "NONE"


def _whole(answer: tq.FunctionAnswer) -> Response:
    if answer.error is not None:
        raise BadAnswer
    return response_of(answer.body)


def _streamed(
    first: bytes | tq.FunctionAnswer, more: Iterator[bytes | tq.FunctionAnswer]
) -> Response:
    head, read, end = read_beginning(first, more)
    if end is None:
        return streamed(head, _body(read, more))
    if end.error is not None:
        raise BadAnswer
    return response_of(read) if head is None else streamed(head, [read])


def _body(read: bytes, more: Iterator[bytes | tq.FunctionAnswer]) -> Iterator[bytes]:
    """Yield a body. One that is broken off has no proper end, so that the client sees that."""
    yield read  # also if it is empty: the server sends the head with the first part
    for piece in more:
        if isinstance(piece, bytes):
            yield piece
        elif piece.error is not None:
            raise ConnectionResetError(errno.ECONNRESET, "the answer was broken off")
        elif piece.body:
            yield piece.body


def create(config: Config) -> Flask:
    """Build the application."""
    app = Flask("web.function_urls", static_folder=None)
    errors.register(app)
    redis_deadline.register(app)
    app.before_request(_Urls(config).serve)
    app.after_request(errors.read_rest)
    app.after_request(_dress)
    return app


def _function() -> tq.Function:
    name = request.path.split("/")[2]
    function = tq.find_function(name)
    if function is None:
        text = f"Function not found: {json.dumps(name[:64])}"
        raise AwsError("ResourceNotFoundException", text)
    return function


def _dress(answer: Response) -> Response:
    answer.headers["X-Amzn-RequestId"] = errors.request_id()
    # A page of a function is on the origin of our own pages, and must not act as one of them.
    if "Content-Security-Policy" not in answer.headers:
        answer.headers["Content-Security-Policy"] = "sandbox"
    return answer
