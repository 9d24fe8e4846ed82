"""Answers plain submits without Flask, which takes longer for a request than all else that we do.

A submit is plain if it has a JSON body of known length and neither a query nor a header that asks
for more. All others go to Flask, and so does what a plain one raises: Flask makes the answers of
all errors. Why so: docs/adr/0132.
"""

from collections.abc import Iterable
from typing import Any

from web.http.body import JSON, MAX_BODY_BYTES, parse_model, read_stream
from web.http.hosts import host_of
from web.http.problems import EARLIER
from web.http.redis_deadline import limited
from web.http.responses import json_text
from web.http.root_path import Environ, Wsgi
from web.http.security import Guard
from web.http.traffic import ROUTE
from web.tasks.submit_routes import checked, stored
from web.tasks.submit_schemas import SubmitBody

_PATH, _ENDPOINT = "/api/tasks/submit", "submission.submit_task"
_ACCEPTED = "202 ACCEPTED"
#: Headers that only Flask's way reads: those of browsers, of other bodies, and wishes.
_MORE = frozenset(
    {
        "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_COOKIE", "HTTP_UPGRADE", "HTTP_PREFER",
        "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING",
    }
)  # fmt: skip


class PlainSubmits:
    """A WSGI application before another, the one of Flask."""

    def __init__(self, application: Wsgi, guard: Guard) -> None:
        self._application, self._guard = application, guard

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != _PATH or not _is_plain(environ):
            return self._application(environ, start_response)
        try:
            body, headers = self._accept(environ)
        except Exception as error:
            environ[EARLIER] = error
            return self._application(environ, start_response)
        environ[ROUTE] = _PATH
        start_response(_ACCEPTED, headers)
        return [body]

    def _accept(self, environ: Environ) -> tuple[bytes, list[tuple[str, str]]]:
        """Do what Flask's hooks and `submit_task` do; return the body and headers of the answer."""
        caller = self._guard.check_program(environ, _ENDPOINT)
        host_of(environ["wsgi.url_scheme"], environ["HTTP_HOST"])  # Flask finds no route without
        with limited():
            raw = read_stream(environ["wsgi.input"], int(environ["CONTENT_LENGTH"]))
            submit = checked(parse_model(SubmitBody, raw), environ, caller)
            view, headers = stored(submit, environ)
        body = json_text(view).encode()
        ours = self._guard.headers_for_program(environ)
        of_body = (("Content-Length", str(len(body))), ("Content-Type", JSON))
        return body, [*headers.items(), *of_body, *ours]


def _is_plain(environ: Environ) -> bool:
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") == JSON
        and not environ.get("QUERY_STRING")
        and environ.keys().isdisjoint(_MORE)
        and length.isdecimal()
        and int(length) <= MAX_BODY_BYTES
        and "HTTP_HOST" in environ
    )
