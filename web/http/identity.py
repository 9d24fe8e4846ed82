"""Who calls: the key in Authorization, the ticket of a WebSocket, or the session of a browser.

Owns what a request must carry while the service is locked, and what the rest of this layer may ask
about its caller. `roles` says what a caller may do, `huey_tasks` knows the keys.
"""

from flask import Flask, current_app, g, request

import huey_tasks as tq
from huey_tasks.config import Config
from web.http.errors import CrossSite, Unauthorized
from web.http.failed_logins import Logins
from web.http.roles import OPEN, OPEN_TO_ALL, SERVICE, VIEWER
from web.http.root_path import Environ
from web.http.tickets import Tickets

_SOCKETS = "/ws/"
#: Query parameters that other services use for a key; logs would keep it.
_KEY_PARAMETERS = ("access_token", "api_key", "apikey", "key", "token")
#: The name of the cookie of a session; a host sends it to all its ports, so it names ours.
COOKIE = f"duckline_session_{tq.CONFIG.port}"
#: Where it is sent: nowhere else, so neither pages nor functions get it.
COOKIE_PATHS = ("/api", "/ws")
_EXTENSION = "duckline_identity"


class Identity:
    """Finds out who sends a request."""

    def __init__(self, config: Config) -> None:
        #: What API_KEYS has.
        self.setting = config.api_keys
        self.keys = tq.KnownKeys(config.api_keys, probe_key=config.probe_key)
        self.tickets = Tickets(self.keys)
        self.logins = Logins(self.keys)
        self.sessions = tq.Sessions(self.keys)

    def check(self) -> None:
        """Keep who calls; raise Unauthorized, or Forbidden for what the caller may not do."""
        endpoint = request.endpoint
        if not self._is_locked(request.environ, endpoint) or endpoint in OPEN_TO_ALL:
            return
        g.holder = self._holder()
        self._check(g.holder, endpoint)

    def check_program(self, environ: Environ, endpoint: str) -> tq.Holder | None:
        """Do so outside of Flask, for a request that has neither query nor cookie.

        Return who calls; None if no key is needed.
        """
        if not self._is_locked(environ, endpoint):
            return None
        holder = self._holder_of_key(environ)
        self._check(holder, endpoint)
        return holder

    def _check(self, holder: tq.Holder, endpoint: str | None) -> None:
        self.keys.count_request(holder)
        if endpoint is not None:  # else it is a 404
            SERVICE.check(holder, endpoint)

    def look(self) -> bool:
        """Return whether a key is needed, and keep who calls, if it is somebody.

        Raises Unauthorized for a wrong key; who has none, or whose session has ended, is nobody.
        """
        if not self._is_locked(request.environ, request.endpoint):
            return False
        if request.environ.get("HTTP_AUTHORIZATION") or COOKIE in request.cookies:
            try:
                g.holder = self._holder()
            except Unauthorized:
                if request.environ.get("HTTP_AUTHORIZATION"):
                    raise
            else:
                self.keys.count_request(g.holder)
        return True

    def _is_locked(self, environ: Environ, endpoint: str | None) -> bool:
        """Return whether a key is needed.

        As long as nobody knows, because Redis has not answered since the start, everybody may see
        how the service is, and nobody anything else. When the keys are lost, only the process that
        started this one may.
        """
        try:
            return self.keys.is_locked()
        except tq.KeysLost:
            if self.keys.is_fixed(bearer(environ.get("HTTP_AUTHORIZATION", ""))):
                return True
            raise
        except tq.QueueUnavailable:
            if SERVICE.of(endpoint or "") == (VIEWER, OPEN):
                return False
            raise

    def _holder(self) -> tq.Holder:
        query = request.environ.get("QUERY_STRING")
        if query and any(name in request.args for name in _KEY_PARAMETERS):
            raise Unauthorized(
                "A key in the URL ends up in logs: send it as Authorization: Bearer <key>."
            )
        authorization = request.environ.get("HTTP_AUTHORIZATION", "")
        if query and not authorization and request.path.startswith(_SOCKETS):
            return self._holder_of_ticket(request.args.get("ticket"))
        if not authorization and COOKIE in request.cookies:
            return self._holder_of_session(request.cookies[COOKIE])
        return self._holder_of_key(request.environ)

    def _holder_of_ticket(self, ticket: str | None) -> tq.Holder:
        """Return who got a ticket; a page cannot send a header with a WebSocket."""
        holder = None if ticket is None else self.tickets.holder_of(ticket)
        if holder is None:
            raise Unauthorized(
                "The ticket is invalid or expired; POST /api/ws-ticket issues a new one."
            )
        return holder

    def _holder_of_session(self, session: str) -> tq.Holder:
        """Return who signed in. A page of an allowed origin acts with a key of its own, not so."""
        origin = request.environ.get("HTTP_ORIGIN", "")
        if origin and not is_own(origin):
            raise CrossSite("A session is for the pages of this service only.")
        holder = self.sessions.holder_of(session)
        if holder is None:
            raise Unauthorized("The session has ended: sign in again.")
        g.session = session
        return holder

    def is_by_cookie(self) -> bool:
        """Return whether a session says who sends this request."""
        return "session" in g

    def caller(self) -> "Caller":
        """Return who sends this request, to ask later whether they may go on."""
        return Caller(self, holder(), g.get("session"))

    def _holder_of_key(self, environ: Environ) -> tq.Holder:
        sent = bearer(environ.get("HTTP_AUTHORIZATION", ""))
        holder = self.logins.holder_of(sent, environ) if sent else None
        if holder is None and sent:
            raise Unauthorized("This API key is wrong, revoked or expired.")
        if holder is None:
            raise Unauthorized("Send an API key as Authorization: Bearer <key>.")
        return holder


class Caller:
    """Who has opened a socket or a stream, which outlives the request."""

    def __init__(self, known: Identity, who: tq.Holder | None, session: str | None) -> None:
        self._known, self._who, self._session = known, who, session

    def may_go_on(self) -> bool:
        """Return whether their session has not ended, and their key still holds.

        What is known is a second old at most; while Redis is away it stays.
        """
        if self._session is not None:
            return self._known.sessions.still_holds(self._session)
        return self._known.keys.still_holds(self._who)


def register(app: Flask, config: Config) -> Identity:
    """Return what finds out who calls `app`."""
    made = Identity(config)
    app.extensions[_EXTENSION] = made
    return made


def identity() -> Identity:
    """Return that of the current app."""
    found: Identity = current_app.extensions[_EXTENSION]
    return found


def is_own(origin: str) -> bool:
    """Return whether an Origin header is that of our own pages."""
    # Only host and port: behind a proxy that ends TLS the scheme here is not the browser's.
    # Compared, not parsed: `http://[`, which is no origin, is one of somebody else.
    own = request.host.lower()
    return bool(own) and origin.lower().partition("://")[2] == own


def bearer(authorization: str) -> str:
    """Return the key in an Authorization header, as WSGI gives it (latin-1); "" without one."""
    scheme, _, sent = authorization.partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else ""


def holder() -> tq.Holder | None:
    """Return who sends this request; None if no key is needed."""
    return g.get("holder")


def key_holder() -> str | None:
    """Return the name of who sends this request; None if no key is needed."""
    found = holder()
    return None if found is None else found.name
