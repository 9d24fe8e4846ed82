"""What is stored of API keys: JSON as frozen records, and their secrets. Asks Redis nothing.

A key is `dk_<id>_<secret>`. The id finds its record; the secret is 256 random bits, of which only
the SHA-256 is stored. Nobody can guess them however fast a hash is, so a slow one, as
passwords need, would only make each request slow.
"""

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from huey_tasks.access.roles import Holder, Reach, Role
from huey_tasks.broker.task_hash import from_ms

_KEY = re.compile(r"dk_(?P<id>[0-9a-f]{12})_[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredKey:
    """An API key, without its secret; `digest`: the SHA-256 of the whole key, in hexadecimal.

    `rate`: requests a second, None without a limit. Times in ms since the epoch; `expires_ms` 0:
    never.
    """

    id: str
    name: str
    role: Role
    queues: tuple[str, ...]
    task_types: tuple[str, ...]
    rate: float | None
    digest: str
    created_ms: int
    created_by: str
    expires_ms: int

    @classmethod
    def of_json(cls, text: str) -> "StoredKey":
        """Read a stored key. Raises ValueError, TypeError, KeyError for what is none."""
        found: dict[str, Any] = json.loads(text)
        found["role"] = Role(found["role"])
        for name in ("queues", "task_types"):
            found[name] = tuple(found[name])
        # A newer version may have added fields; in a rolling deploy both read the same records.
        return cls(**{field.name: found[field.name] for field in fields(cls)})

    def as_json(self) -> str:
        """Return the key as it is stored."""
        return json.dumps(asdict(self))

    def holder(self) -> Holder:
        """Return who calls with this key."""
        reach = Reach(self.queues, self.task_types)
        return Holder(self.id, self.name, self.role, reach, self.rate, self.expires_ms)

    def is_key(self, text: str) -> bool:
        """Return whether a text is this key, in constant time."""
        return hmac.compare_digest(digest_of(text), self.digest)


class KeyRecord(NamedTuple):
    """An API key as people see it. `is_fixed`: it is one of API_KEYS."""

    id: str
    name: str
    role: Role
    queues: tuple[str, ...]
    task_types: tuple[str, ...]
    rate: float | None
    created_at: dt.datetime | None
    created_by: str | None
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None
    is_fixed: bool


def new_key() -> tuple[str, str]:
    """Return a new id, and the key with it."""
    key_id = secrets.token_hex(6)
    return key_id, f"dk_{key_id}_{secrets.token_hex(32)}"


def id_in(text: str) -> str | None:
    """Return the id that a text has in it if it has the form of a key."""
    found = _KEY.fullmatch(text)
    return found["id"] if found else None


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def record_of(key: StoredKey, used_ms: int | None) -> KeyRecord:
    """Return a stored key as people see it."""
    return KeyRecord(
        key.id,
        key.name,
        key.role,
        key.queues,
        key.task_types,
        key.rate,
        from_ms(key.created_ms),
        key.created_by,
        from_ms(key.expires_ms) if key.expires_ms else None,
        None if used_ms is None else from_ms(used_ms),
        False,
    )


def record_of_setting(holder: Holder, used_ms: int | None) -> KeyRecord:
    """Return a key of API_KEYS as people see it: an admin that reaches everything."""
    used_at = None if used_ms is None else from_ms(used_ms)
    return KeyRecord(
        holder.id, holder.name, holder.role, (), (), None, None, None, None, used_at, True
    )
