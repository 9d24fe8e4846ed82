"""Issue the tickets with which pages open a WebSocket; see `http.tickets`."""

from flask import Response

from web.http.identity import holder, identity
from web.http.models import Outbound
from web.http.responses import respond
from web.http.tickets import LIFE_S
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

socket_tickets = ApiBlueprint("socket_tickets", "workers")


class SocketTicket(Outbound):
    """Opens WebSockets for a short time, in place of an API key."""

    ticket: str
    expires_in_s: int


@socket_tickets.post(
    "/ws-ticket",
    responses={**ok(200, SocketTicket, "A ticket."), **problems("cross_site")},
)
def issue_ticket() -> Response:
    """Get a ticket that opens `/ws/stats`: a page cannot send a key with a WebSocket."""
    return respond(SocketTicket(ticket=identity().tickets.issue(holder()), expires_in_s=LIFE_S))
