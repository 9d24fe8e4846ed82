"""Decide who may call the service, and what a browser may do with the answers.

Owns the request id, the headers of every answer, the Content-Security-Policy, the cross-site
check, CORS for `ALLOWED_ORIGINS`, and API keys. All of it runs before a route, and so before a
WebSocket is accepted. It knows no route, only the prefixes that keys protect. `hosts` decides which
host names are ours.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

import huey_tasks as tq
from huey_tasks.config import Config
from web.http.errors import CrossSite, Unauthorized
from web.http.hosts import HostNames
from web.http.problems import request_id
from web.http.tickets import Tickets

_PROTECTED = ("/api/", "/ws/", "/metrics")
_HEALTH = "/health/"
_SOCKETS = "/ws/"
#: Query parameters that other services use for a key; logs would keep it.
_KEY_PARAMETERS = ("access_token", "api_key", "apikey", "key", "token")
_TICKETS = "duckline_tickets"
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
_ALLOW_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, "
    "X-Operator, X-Request-ID"
)
_EXPOSE_HEADERS = (
    "ETag, Idempotent-Replayed, Location, Preference-Applied, Retry-After, X-Request-ID"
)


def register(app: Flask, config: Config) -> None:
    """Guard every route of `app`."""
    origins = frozenset(origin.rstrip("/").lower() for origin in config.allowed_origins)
    keys = tq.read_api_keys(config.api_keys)
    app.extensions[_TICKETS] = Tickets(keys)
    app.before_request(_guard(origins, keys, HostNames.of(config)))
    app.after_request(_dress(origins))


def let_styles_in() -> None:
    """Allow style attributes in the page that answers this request; Swagger UI needs them."""
    g.content_security_policy = _CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


def plain_headers() -> tuple[tuple[str, str], ...]:
    """Return the headers of an answer that no route made."""
    return (*_UNSTORED_HEADERS, ("Content-Security-Policy", _CSP))


# What follows runs for every request. It reads headers from the WSGI environment, because a lookup
# of a missing header through werkzeug takes longer than all of this.


def _guard(
    origins: frozenset[str], keys: Sequence[tq.ApiKey], names: HostNames | None
) -> Callable[[], Response | None]:
    def guard() -> Response | None:
        request_id()
        if names is not None and not request.path.startswith(_HEALTH):
            names.check(_sent("HTTP_HOST"))
        if _is_preflight() and _origin() in origins:
            return _preflight_answer()
        if request.method in _CHANGING or request.path.startswith(_SOCKETS):
            check_same_site(origins)
        if keys and request.path.startswith(_PROTECTED):
            _check_holder(keys)
        return None

    return guard


def check_same_site(origins: frozenset[str]) -> None:
    """Raise CrossSite for a foreign page. Browsers always send Origin; programs without it pass."""
    origin = _origin()
    if origin in origins:
        return
    foreign = bool(origin) and not _is_own(origin)
    if foreign or _sent("HTTP_SEC_FETCH_SITE").lower() == "cross-site":
        raise CrossSite("The request comes from a page of another origin; see ALLOWED_ORIGINS.")


def _sent(name: str) -> str:
    return request.environ.get(name, "")


def _origin() -> str:
    return _sent("HTTP_ORIGIN").lower()


def _is_own(origin: str) -> bool:
    # Only host and port: behind a proxy that ends TLS the scheme here is not the browser's.
    return bool(request.host) and urlsplit(origin).netloc == request.host.lower()


def key_holder() -> str | None:
    """Return the holder of this request's API key; None if no key is required."""
    return g.get("key_holder")


def tickets() -> Tickets:
    """Return the tickets with which our own pages open sockets."""
    found: Tickets = current_app.extensions[_TICKETS]
    return found


def _check_holder(keys: Sequence[tq.ApiKey]) -> None:
    query = request.environ.get("QUERY_STRING")
    if query and any(name in request.args for name in _KEY_PARAMETERS):
        raise Unauthorized(
            "A key in the URL ends up in logs: send it as Authorization: Bearer <key>."
        )
    authorization = _sent("HTTP_AUTHORIZATION")
    if query and not authorization and request.path.startswith(_SOCKETS):
        _check_ticket(request.args.get("ticket"))
    else:
        _check_key(keys, authorization)


def _check_ticket(ticket: str | None) -> None:
    """Raise Unauthorized for a bad ticket; a page cannot send a header with a WebSocket."""
    if ticket is None or not tickets().is_valid(ticket):
        raise Unauthorized(
            "The ticket is invalid or expired; POST /api/ws-ticket issues a new one."
        )


def _check_key(keys: Sequence[tq.ApiKey], authorization: str) -> None:
    scheme, _, sent = authorization.partition(" ")
    # WSGI gives the received bytes as latin-1 (PEP 3333).
    key = sent.strip() if scheme.lower() == "bearer" else ""
    g.key_holder = holder_of(keys, key)
    if g.key_holder is None:
        raise Unauthorized("Send one of the API keys as Authorization: Bearer <key>.")


def holder_of(keys: Sequence[tq.ApiKey], sent: str) -> str | None:
    """Return the holder of a key as WSGI gives it; None if it is none of `keys`."""
    digest = hashlib.sha256(sent.encode("latin-1", "replace")).digest()
    # Every key is compared, each in constant time: the duration reveals nothing.
    holders = [known.holder for known in keys if hmac.compare_digest(digest, known.digest)]
    return holders[0] if holders else None


def _is_preflight() -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _preflight_answer() -> Response:
    answer = current_app.make_default_options_response()
    answer.status_code = 204
    answer.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(answer.allow))
    answer.headers["Access-Control-Allow-Headers"] = _ALLOW_HEADERS
    answer.headers["Access-Control-Max-Age"] = "600"
    return answer


def _dress(origins: frozenset[str]) -> Callable[[Response], Response]:
    def dress(answer: Response) -> Response:
        headers = answer.headers
        headers.extend(_UNSTORED_HEADERS if request.path.startswith(_UNSTORED) else _HEADERS)
        headers.add("Content-Security-Policy", g.get("content_security_policy", _CSP))
        headers.add("X-Request-ID", request_id())
        if request.method == "OPTIONS":
            del headers["Content-Type"]  # there is no content
        if origins:
            answer.vary.add("Origin")
            if _origin() in origins:
                headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
                headers["Access-Control-Expose-Headers"] = _EXPOSE_HEADERS
        return answer

    return dress
