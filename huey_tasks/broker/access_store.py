"""API keys in Redis: their records, and when each was last used.

Every use raises QueueUnavailable as `Broker` does. What a record means is in
`huey_tasks.credentials`.
"""

from typing import Any, NamedTuple

from huey_tasks.broker import access_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.scripts.access import AccessScripts

_USED_MS = 400 * 86_400_000


class StoredRecords(NamedTuple):
    """The records (JSON) by id, and the time of Redis at which they were read, in ms.

    `are_revoked`: there is none because the last one was revoked.
    """

    records: dict[str, str]
    now_ms: int
    are_revoked: bool


class AccessStore:
    """The API keys of all queues; `broker` is any of them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def read(self) -> StoredRecords:
        """Return all records, in one round trip."""
        with self._broker.pipeline() as pipe:
            pipe.hgetall(access_keys.api_keys())
            pipe.time()
            pipe.exists(access_keys.revoked())
            found, (seconds, microseconds), are_revoked = pipe.execute()
        now_ms = seconds * 1000 + microseconds // 1000
        return StoredRecords(_texts(found), now_ms, bool(are_revoked))

    def save(
        self, key_id: str, record: str, most: int, *, keep_admin: bool, operation: str = ""
    ) -> str:
        """Store a record, "" to delete it. Returns as the script."""
        return AccessScripts(self._broker.scripts).key_save(
            self._broker.name, key_id, record, most, keep_admin=keep_admin, operation=operation
        )

    def note_use(self, key_id: str, now_ms: int) -> None:
        """Keep when a key was used."""
        with self._broker.pipeline() as pipe:
            pipe.hset(access_keys.used(), key_id, now_ms)
            pipe.pexpire(access_keys.used(), _USED_MS)
            pipe.execute()

    def request_wait_ms(self, key_id: str, rate: float) -> int:
        """Count a request of a key; returns 0, or the ms until there is room for one."""
        # A bucket holds a whole request at least, so a low rate is one in a longer time.
        per_ms = 1000 / min(rate, 1)
        return AccessScripts(self._broker.scripts).key_request(
            self._broker.name, key_id, max(rate, 1), per_ms
        )

    def keep_session(
        self, digest: str, key_id: str, proof: str, life_ms: int, most_of_key: int
    ) -> None:
        """Keep a session of a browser; of a key that has `most_of_key` already the oldest ends.

        The oldest leave the list when they have ended: an answer that gets lost names them again.
        """
        listed = access_keys.sessions(key_id)
        with self._broker.pipeline() as pipe:
            pipe.set(access_keys.session(digest), f"{key_id} {proof}", px=life_ms)
            pipe.lrem(listed, 0, digest)
            pipe.lpush(listed, digest)
            pipe.lrange(listed, most_of_key, -1)
            pipe.pexpire(listed, life_ms)
            oldest = pipe.execute()[3]
        if not oldest:
            return
        with self._broker.pipeline() as pipe:
            pipe.unlink(*(access_keys.session(each.decode()) for each in oldest))
            for each in oldest:
                pipe.lrem(listed, -1, each)
            pipe.execute()

    def session(self, digest: str) -> str:
        """Return the id of the key of a session, and its proof behind a space; "" without one."""
        with redis_errors():
            found = self._broker.redis.get(access_keys.session(digest))
        return "" if found is None else found.decode()

    def forget_session(self, digest: str) -> None:
        """End a session."""
        key_id = self.session(digest).partition(" ")[0]
        with self._broker.pipeline() as pipe:
            pipe.delete(access_keys.session(digest))
            pipe.lrem(access_keys.sessions(key_id), 1, digest)
            pipe.execute()

    def used(self) -> dict[str, int]:
        """Return when each key was last used, in ms, by id."""
        with redis_errors():
            found = _texts(self._broker.redis.hgetall(access_keys.used()))
        return {key_id: int(text) for key_id, text in found.items()}


def _texts(found: Any) -> dict[str, str]:
    return {name.decode(): text.decode() for name, text in found.items()}
