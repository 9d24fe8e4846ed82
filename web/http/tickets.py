"""Tickets: with one a page opens a WebSocket, because browsers send no Authorization with it.

A ticket is its expiry time, the id of a key, and an HMAC of both that only the processes that know
the key can make. It opens a socket and nothing else, for half a minute, so it may be in a URL,
where a key may not. No process stores tickets; each accepts those of the others. With its key a
ticket is revoked too.
"""

import hashlib
import hmac
import re
import time

import huey_tasks as tq

#: Lifetime of a ticket, in seconds.
LIFE_S = 30
_FORM = re.compile(r"(?P<about>(?P<expires>[0-9]{1,12})\.(?P<id>[0-9a-z-]{1,32}))\.[0-9a-f]{64}")


class Tickets:
    """Issues and verifies tickets for the holders of `keys`."""

    def __init__(self, keys: tq.KnownKeys) -> None:
        self._keys = keys

    def issue(self, holder: tq.Holder | None) -> str:
        """Return a ticket that is valid for LIFE_S seconds; for None one that nobody asks for."""
        expires = int(time.time()) + LIFE_S
        known = None if holder is None else self._keys.holder(holder.id)
        if known is None:
            return _ticket(f"{expires}.nobody", b"\0")
        return _ticket(f"{expires}.{known[0].id}", known[1])

    def holder_of(self, ticket: str) -> tq.Holder | None:
        """Return who got a ticket that has not expired, None if nobody did."""
        parts = _FORM.fullmatch(ticket)
        known = self._keys.holder(parts["id"]) if parts else None
        if parts is None or known is None:
            return None
        holder, digest = known
        if not hmac.compare_digest(ticket, _ticket(parts["about"], digest)):
            return None
        return holder if time.time() <= int(parts["expires"]) else None


def _ticket(about: str, digest: bytes) -> str:
    secret = hmac.digest(digest, b"duckline: tickets for sockets", "sha256")
    return f"{about}.{hmac.new(secret, about.encode(), hashlib.sha256).hexdigest()}"
