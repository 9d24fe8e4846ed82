"""Who holds a key, as one web process knows it.

Reads all stored keys together, at most once a second, when somebody asks, or 20 times a second if
they ask with unknown keys. So a request with a key costs no round trip of its own, a new key opens
at once, and a revoked one opens nothing after a second. While Redis is away the keys that were read
last go on to hold.
"""

import contextlib
import hashlib
import hmac
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from huey_tasks.access import api_keys
from huey_tasks.access.errors import KeysLost, RateExceeded
from huey_tasks.access.roles import Holder, Role
from huey_tasks.broker.deadline import time_limit
from huey_tasks.credentials.ever_keyed import EverKeyed, file_of
from huey_tasks.credentials.records import StoredKey, id_in
from huey_tasks.credentials.service import STORE
from huey_tasks.errors import QueueUnavailable
from huey_tasks.queues import CONFIG

#: Seconds for which the stored keys are taken as they were read.
PERIOD_S = 1.0

#: The same when somebody comes with a key that is not among them.
_UNKNOWN_S = 0.05

#: Seconds that one read of them may take.
_READ_S = 1.0

#: Seconds after which a caller tries again when the keys are lost.
_LOST_S = 30

#: Seconds between two notes that a key was used.
_NOTE_S = 60.0

#: Whether this process has seen keys: one for all its applications, of which some are never asked.
_ever = EverKeyed(file_of(CONFIG))


class _Stored(NamedTuple):
    """The stored keys as they were read; `ahead_ms`: Redis' clock before our monotonic one.

    `are_lost`: there is none although nobody has revoked the last one.
    """

    texts: Mapping[str, str]
    keys: Mapping[str, StoredKey]
    ahead_ms: float
    are_lost: bool


class KnownKeys:
    """The keys that a web process accepts: those of API_KEYS, and the stored ones."""

    def __init__(
        self, entries: Sequence[str], *, with_functions: bool = False, probe_key: str = ""
    ) -> None:
        """Take the keys of API_KEYS.

        `with_functions`: also that with which functions call. `probe_key`: that of the process
        which started this one and asks how it is; it reads, and needs no key to be there.
        """
        self._fixed = [(key.digest, Holder(key.id, key.holder)) for key in api_keys.read(entries)]
        if probe_key:
            probe = Holder("probe", "duckline up", Role.VIEWER)
            self._fixed.append((hashlib.sha256(probe_key.encode()).digest(), probe))
        self._needs_key = bool(entries)
        if with_functions and entries:
            for key in api_keys.read([api_keys.function_key(entries)]):
                self._fixed.append((key.digest, Holder(key.id, key.holder, Role.OPERATOR)))
        self._stored: _Stored | None = None
        self._read_at = 0.0
        self._noted: dict[str, float] = {}

    def is_locked(self) -> bool:
        """Return whether a key is needed: API_KEYS has one, or one is stored.

        Raises KeysLost when one was needed and Redis has none any more; QueueUnavailable as long as
        nothing is known.
        """
        if self._needs_key:
            return True
        stored = self._now()
        if stored.are_lost:
            raise KeysLost(
                "Redis has lost the API keys of this service, so nobody is let in. "
                f"An operator makes a new one: {CONFIG.command} keys create <name> admin",
                retry_after_s=_LOST_S,
            )
        return bool(stored.keys)

    def is_fixed(self, sent: str) -> bool:
        """Return whether it is a key that is not stored, as WSGI gives it (latin-1)."""
        return self._fixed_holder(digest_of_sent(sent)) is not None

    def holder_of(self, sent: str) -> Holder | None:
        """Return whose key it is, as WSGI gives it (latin-1); None if it is nobody's.

        Raises QueueUnavailable as long as the stored keys are not known.
        """
        found = self._fixed_holder(digest_of_sent(sent))
        if found is not None:
            return self._noting(found)
        key_id = id_in(sent)
        key = self._key(key_id) if key_id else None
        return self._noting(key.holder()) if key and key.is_key(sent) else None

    def holder(self, holder_id: str) -> tuple[Holder, bytes] | None:
        """Return a holder by its id, and a digest that nobody else knows; None if it is gone."""
        return next(self.with_id(holder_id), None)

    def with_id(self, holder_id: str) -> Iterator[tuple[Holder, bytes]]:
        """Yield each key with that id, of which a name of API_KEYS may have several: its holder,
        and a digest that nobody else knows."""
        fixed = [(holder, digest) for digest, holder in self._fixed if holder.id == holder_id]
        yield from fixed
        key = None if fixed else self._key(holder_id)
        if key is not None:
            yield key.holder(), bytes.fromhex(key.digest)

    def still_holds(self, holder: Holder | None) -> bool:
        """Return whether a holder may go on: its key is neither revoked nor expired.

        None, who came while no key was needed, may as long as none is.
        """
        try:
            return not self.is_locked() if holder is None else self.holder(holder.id) is not None
        except KeysLost:
            return False
        except QueueUnavailable:
            return True

    def count_request(self, holder: Holder) -> None:
        """Raise RateExceeded when a key has sent as many requests as its rate allows.

        Only a key with a rate costs a round trip. While Redis is away nothing is counted.
        """
        if holder.rate is None:
            return
        wait_ms = 0
        with contextlib.suppress(QueueUnavailable), time_limit(_READ_S):
            wait_ms = STORE.request_wait_ms(holder.id, holder.rate)
        if wait_ms:
            number = f"{holder.rate:g} request{'' if holder.rate == 1 else 's'}"
            text = f"This key may send {number} a second."
            raise RateExceeded(text, math.ceil(wait_ms / 1000))

    def read_again(self) -> None:
        """Let the next request read the stored keys again: this process has just changed one."""
        self._read_at = -PERIOD_S

    def _fixed_holder(self, digest: bytes) -> Holder | None:
        # Every one is compared, each in constant time: the duration reveals nothing.
        found = [holder for known, holder in self._fixed if hmac.compare_digest(digest, known)]
        return found[0] if found else None

    def _key(self, key_id: str) -> StoredKey | None:
        stored = self._now()
        if key_id not in stored.keys:  # another process may have made it just now
            stored = self._now(_UNKNOWN_S)
        key = stored.keys.get(key_id)
        if key is None or not key.expires_ms:
            return key
        return key if _redis_ms(stored) < key.expires_ms else None

    def _now(self, period_s: float | None = None) -> _Stored:
        """Return the stored keys, at most that old while Redis answers; usually a second."""
        period_s = PERIOD_S if period_s is None else period_s
        now, known = time.monotonic(), self._stored
        if known is not None and now - self._read_at < period_s:
            return known
        self._read_at = now  # the others that ask meanwhile take what is known
        try:
            with time_limit(_READ_S):
                found = STORE.read()
        except QueueUnavailable:
            if known is None:
                raise
            return known
        ahead_ms = found.now_ms - time.monotonic() * 1000
        are_lost = _ever.are_lost(found)
        if known is not None and known.texts == found.records:
            known = known._replace(ahead_ms=ahead_ms, are_lost=are_lost)
        else:
            keys = {key_id: StoredKey.of_json(text) for key_id, text in found.records.items()}
            known = _Stored(found.records, keys, ahead_ms, are_lost)
        self._stored = known
        return known

    def _noting(self, holder: Holder) -> Holder:
        """Keep that a key was used, once a minute; that it fails must not fail the request."""
        now = time.monotonic()
        if now - self._noted.get(holder.id, -_NOTE_S) < _NOTE_S:
            return holder
        self._noted[holder.id] = now
        with contextlib.suppress(QueueUnavailable), time_limit(_READ_S):
            STORE.note_use(holder.id, _redis_ms(self._now()))
        return holder


def digest_of_sent(sent: str) -> bytes:
    """Return the digest of a key as WSGI gives it (latin-1)."""
    return hashlib.sha256(sent.encode("latin-1", "replace")).digest()


def _redis_ms(stored: _Stored) -> int:
    """Return the time of Redis' clock, as far as ours has gone on since it was read."""
    return round(time.monotonic() * 1000 + stored.ahead_ms)
