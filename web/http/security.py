"""Decide who may call the service, and what a browser may do with the answers.

Owns the request id, the headers of every answer, the Content-Security-Policy, the cross-site
check, and CORS for `ALLOWED_ORIGINS`. All of it runs before a route, and so before a WebSocket is
accepted. It knows no route, only the prefixes that keys protect. `identity` finds out who calls,
`hosts` decides which host names are ours.
"""

from flask import Flask, Response, current_app, g, request
from flask.globals import request_ctx

import huey_tasks as tq
from huey_tasks.config import Config
from web.http import identity
from web.http.errors import CrossSite
from web.http.hosts import HostNames
from web.http.identity import Identity, is_own
from web.http.problems import id_of, request_id
from web.http.responses import AnswerHeaders
from web.http.root_path import Environ

_EXTENSION = "duckline_guard"
_PROTECTED = ("/api/", "/ws/", "/metrics")
_HEALTH = "/health/"
_SOCKETS = "/ws/"
_UNSTORED = (*_PROTECTED, _HEALTH)
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
)
_UNSTORED_HEADERS = (*_HEADERS, ("Cache-Control", "no-store"))
_PLAIN_HEADERS = (*_UNSTORED_HEADERS, ("Content-Security-Policy", _CSP))
_ALLOW_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, "
    "X-Operator, X-Request-ID"
)
_EXPOSE_HEADERS = (
    "ETag, Idempotent-Replayed, Location, Preference-Applied, Retry-After, X-Request-ID"
)


def register(app: Flask, config: Config) -> None:
    """Guard every route of `app`."""
    guard = app.extensions[_EXTENSION] = Guard(config, identity.register(app, config))
    app.before_request(guard.check)
    app.after_request(guard.dress)


def guard_of(app: Flask) -> "Guard":
    """Return what guards the routes of `app`."""
    found: Guard = app.extensions[_EXTENSION]
    return found


def let_styles_in() -> None:
    """Allow style attributes in the page that answers this request; Swagger UI needs them."""
    g.content_security_policy = _CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


def plain_headers() -> tuple[tuple[str, str], ...]:
    """Return the headers of an answer that no route made."""
    return _PLAIN_HEADERS


# What follows runs for every request. It reads headers from the WSGI environment, because a lookup
# of a missing header through werkzeug takes longer than all of this, and looks for the request
# once: each use of Flask's `request` does.


class Guard:
    """Checks every request of one app, and completes every answer."""

    def __init__(self, config: Config, callers: Identity) -> None:
        self._origins = frozenset(origin.rstrip("/").lower() for origin in config.allowed_origins)
        self._callers, self._names = callers, HostNames.of(config)

    def check(self) -> Response | None:
        """Refuse what must not be answered; return the answer of a preflight."""
        request_id()
        sent = request_ctx.request
        path, method = sent.path, sent.method
        if self._names is not None and not path.startswith(_HEALTH):
            self._names.check(sent.environ.get("HTTP_HOST", ""))
        if method == "OPTIONS" and _is_preflight() and _origin(sent.environ) in self._origins:
            return _preflight_answer()
        if method in _CHANGING or path.startswith(_SOCKETS):
            check_same_site(self._origins)
        if path.startswith(_PROTECTED):
            self._callers.check()
        return None

    def check_program(self, environ: Environ, endpoint: str) -> tq.Holder | None:
        """Do the same outside of Flask, for a request to a route that keys protect.

        It has neither query nor cookie, nor a header by which a browser says where it comes from.
        Return who calls; None if no key is needed.
        """
        if self._names is not None:
            self._names.check(environ["HTTP_HOST"])
        return self._callers.check_program(environ, endpoint)

    def dress(self, answer: Response) -> Response:
        """Add the headers of every answer, and those of CORS."""
        sent, headers = request_ctx.request, answer.headers
        ours = _UNSTORED_HEADERS if sent.path.startswith(_UNSTORED) else _HEADERS
        policy: str = g.get("content_security_policy", _CSP)
        ours = (*ours, ("Content-Security-Policy", policy), ("X-Request-ID", request_id()))
        if isinstance(headers, AnswerHeaders):
            headers.add_ours(ours)
        else:
            headers.extend(ours)
        if sent.method == "OPTIONS":
            del headers["Content-Type"]  # there is no content
        if self._origins:
            answer.vary.add("Origin")
            if _origin(sent.environ) in self._origins:
                headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
                headers["Access-Control-Expose-Headers"] = _EXPOSE_HEADERS
        return answer

    def headers_for_program(self, environ: Environ) -> tuple[tuple[str, str], ...]:
        """Return what `dress` adds to the answer of such a request as `check_program` takes."""
        vary = (("Vary", "Origin"),) if self._origins else ()
        return (*_PLAIN_HEADERS, ("X-Request-ID", id_of(environ)), *vary)


def check_same_site(origins: frozenset[str]) -> None:
    """Raise CrossSite for a foreign page. Browsers always send Origin; programs without it pass."""
    environ = request.environ
    origin = _origin(environ)
    if origin in origins:
        return
    foreign = bool(origin) and not is_own(origin)
    if foreign or environ.get("HTTP_SEC_FETCH_SITE", "").lower() == "cross-site":
        raise CrossSite("The request comes from a page of another origin; see ALLOWED_ORIGINS.")


def _origin(environ: Environ) -> str:
    return environ.get("HTTP_ORIGIN", "").lower()


def _is_preflight() -> bool:
    return "Access-Control-Request-Method" in request.headers


def _preflight_answer() -> Response:
    answer = current_app.make_default_options_response()
    answer.status_code = 204
    answer.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(answer.allow))
    answer.headers["Access-Control-Allow-Headers"] = _ALLOW_HEADERS
    answer.headers["Access-Control-Max-Age"] = "600"
    return answer
