"""Tickets: how a page opens its WebSocket, because a browser sends no Authorization header with it.

A ticket is when it ends and a proof that a holder of a key asked for it. It opens a socket and
nothing else, for half a minute; so it may stand in an address, where a key never may. Any process
of the service takes it: none is remembered. Other API keys make all tickets void.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Sequence

import huey_tasks as tq

#: How long a ticket opens a socket, in seconds.
LIFE_S = 30
_FORM = re.compile(r"(?P<ends>[0-9]{1,12})\.(?P<proof>[0-9a-f]{64})")


class Tickets:
    """Issues tickets and knows them again."""

    def __init__(self, keys: Sequence[tq.ApiKey]) -> None:
        known = b"".join(sorted(key.digest for key in keys))
        self._secret = hmac.digest(known or b"\0", b"duckline: tickets for sockets", "sha256")

    def issue(self) -> str:
        """Write a ticket that can be used from now on, for LIFE_S seconds."""
        ends = str(int(time.time()) + LIFE_S)
        return f"{ends}.{self._proof(ends)}"

    def knows(self, ticket: str) -> bool:
        """Whether we have issued this ticket, and it has not ended."""
        parts = _FORM.fullmatch(ticket)
        if parts is None or not hmac.compare_digest(parts["proof"], self._proof(parts["ends"])):
            return False
        return time.time() <= int(parts["ends"])

    def _proof(self, ends: str) -> str:
        return hmac.new(self._secret, ends.encode(), hashlib.sha256).hexdigest()
