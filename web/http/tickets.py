"""Tickets with which a page opens its WebSocket, because browsers send no Authorization with it.

A ticket is its expiry time and an HMAC of it. It opens a socket and nothing else, for half a
minute, so it may be in a URL, where a key may not. No process stores tickets; each accepts those
of the others. A change of the API keys invalidates all tickets.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Sequence

import huey_tasks as tq

#: Lifetime of a ticket, in seconds.
LIFE_S = 30
_FORM = re.compile(r"(?P<expires>[0-9]{1,12})\.(?P<proof>[0-9a-f]{64})")


class Tickets:
    """Issues and verifies tickets."""

    def __init__(self, keys: Sequence[tq.ApiKey]) -> None:
        known = b"".join(sorted(key.digest for key in keys))
        self._secret = hmac.digest(known or b"\0", b"duckline: tickets for sockets", "sha256")

    def issue(self) -> str:
        """Return a ticket that is valid for LIFE_S seconds."""
        expires = str(int(time.time()) + LIFE_S)
        return f"{expires}.{self._proof(expires)}"

    def is_valid(self, ticket: str) -> bool:
        """Whether we issued this ticket and it has not expired."""
        parts = _FORM.fullmatch(ticket)
        if parts is None or not hmac.compare_digest(parts["proof"], self._proof(parts["expires"])):
            return False
        return time.time() <= int(parts["expires"])

    def _proof(self, expires: str) -> str:
        return hmac.new(self._secret, expires.encode(), hashlib.sha256).hexdigest()
