"""Sessions of browsers: a random id in place of a key, for twelve hours.

Redis keeps the SHA-256 of the id and which key it stands for. What a session may, and whether it
still holds, is up to that key: a name of API_KEYS that gets another key has no session any more.
"""

import contextlib
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict

from huey_tasks.access.roles import Holder
from huey_tasks.broker.deadline import time_limit
from huey_tasks.credentials.known_keys import PERIOD_S, KnownKeys, digest_of_sent
from huey_tasks.credentials.service import STORE
from huey_tasks.errors import QueueUnavailable

#: Seconds. A session ends this long after it began.
LIFE_S = 12 * 3600

#: Sessions of one key at a time: with one more the oldest ends.
MOST_OF_KEY = 100

#: Sessions that a process remembers, and seconds that a look at one may take.
_MOST, _READ_S = 10_000, 1.0


class Sessions:
    """The sessions as one web process knows them; it looks at each once a second at most."""

    def __init__(self, keys: KnownKeys) -> None:
        self._keys = keys
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def begin(self, holder: Holder, sent: str) -> str:
        """Begin a session of who has sent this key, as WSGI gives it; returns its id.

        Raises QueueUnavailable.
        """
        session = secrets.token_urlsafe(32)
        proof = _proof(session, digest_of_sent(sent))
        STORE.keep_session(_digest(session), holder.id, proof, LIFE_S * 1000, MOST_OF_KEY)
        return session

    def holder_of(self, session: str) -> Holder | None:
        """Return whose session it is; None if it has ended, or its key holds no more.

        While Redis is away a session that was known goes on. Raises QueueUnavailable for another.
        """
        digest = _digest(session)
        kept, read_at = self._known.get(digest, ("", float("-inf")))
        if time.monotonic() - read_at >= PERIOD_S:
            try:
                with time_limit(_READ_S):
                    kept = STORE.session(digest)
            except QueueUnavailable:
                if not kept:
                    raise
            self._remember(digest, kept)
        key_id, _, proof = kept.partition(" ")
        for holder, known in self._keys.with_id(key_id) if key_id else ():
            if hmac.compare_digest(proof, _proof(session, known)):
                return holder
        return None

    def still_holds(self, session: str) -> bool:
        """Return whether who came with a session may go on."""
        with contextlib.suppress(QueueUnavailable):
            return self.holder_of(session) is not None
        return True

    def end(self, session: str) -> None:
        """End a session; other processes notice within a second. Raises QueueUnavailable."""
        digest = _digest(session)
        STORE.forget_session(digest)
        self._known.pop(digest, None)

    def _remember(self, digest: str, kept: str) -> None:
        if not kept:
            self._known.pop(digest, None)
            return
        self._known[digest] = (kept, time.monotonic())
        self._known.move_to_end(digest)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()


def _proof(session: str, key_digest: bytes) -> str:
    """Return what shows which key has begun a session: without the session it reveals nothing."""
    return hmac.digest(session.encode("utf-8", "replace"), key_digest, "sha256").hex()
