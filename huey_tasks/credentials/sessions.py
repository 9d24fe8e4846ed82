"""Sessions of browsers: a random id in place of a key, for twelve hours.

Redis keeps the SHA-256 of the id and whose key it stands for. What a session may, and whether it
still holds, is up to that key.
"""

import hashlib
import secrets
import time
from collections import OrderedDict

from huey_tasks.access.roles import Holder
from huey_tasks.broker.deadline import time_limit
from huey_tasks.credentials.known_keys import PERIOD_S, KnownKeys
from huey_tasks.credentials.service import STORE
from huey_tasks.errors import QueueUnavailable

#: Seconds. A session ends this long after it began.
LIFE_S = 12 * 3600

#: Sessions that a process remembers, and seconds that a look at one may take.
_MOST, _READ_S = 10_000, 1.0


class Sessions:
    """The sessions as one web process knows them; it looks at each once a second at most."""

    def __init__(self, keys: KnownKeys) -> None:
        self._keys = keys
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def begin(self, holder: Holder) -> str:
        """Begin a session; returns its id. Raises QueueUnavailable."""
        session = secrets.token_urlsafe(32)
        STORE.keep_session(_digest(session), holder.id, LIFE_S * 1000)
        return session

    def holder_of(self, session: str) -> Holder | None:
        """Return whose session it is; None if it has ended, or its key holds no more.

        While Redis is away a session that was known goes on. Raises QueueUnavailable for another.
        """
        digest = _digest(session)
        key_id, read_at = self._known.get(digest, ("", float("-inf")))
        if time.monotonic() - read_at >= PERIOD_S:
            try:
                with time_limit(_READ_S):
                    key_id = STORE.session(digest)
            except QueueUnavailable:
                if not key_id:
                    raise
            self._remember(digest, key_id)
        known = self._keys.holder(key_id) if key_id else None
        return known[0] if known else None

    def end(self, session: str) -> None:
        """End a session; other processes notice within a second. Raises QueueUnavailable."""
        digest = _digest(session)
        STORE.forget_session(digest)
        self._known.pop(digest, None)

    def _remember(self, digest: str, key_id: str) -> None:
        if not key_id:
            self._known.pop(digest, None)
            return
        self._known[digest] = (key_id, time.monotonic())
        self._known.move_to_end(digest)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()
