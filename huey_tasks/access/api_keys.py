"""API keys as API_KEYS lists them: each a key alone, or `name=key`, so that the audit has names.

A key may contain `=`, as base64 does at its end. So the text before a `=` is a name only if it has
the form of one and a key follows; the whole text is then valid as a key too. Knows nothing of
requests.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: The fewest characters of a key: a shorter one is easy to guess.
SHORTEST = 8

_NAMED = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]{0,31})=(?P<key>.*[^=].*)")


@dataclass(frozen=True)
class ApiKey:
    """The digest of one key and the name of its holder; the key itself is not kept."""

    digest: bytes
    holder: str

    @property
    def id(self) -> str:
        """The id of its holder; the same for a key with and without its name."""
        return f"env-{hashlib.sha256(self.holder.encode()).hexdigest()[:12]}"


def check(entries: Sequence[str]) -> None:
    """Raise ValueError for a key that is too short, or that has two names."""
    names: dict[str, str] = {}
    for entry in entries:
        named, key = _NAMED.fullmatch(entry), key_in(entry)
        if len(key) < SHORTEST:
            raise ValueError
        if named is not None and names.setdefault(key, named["name"]) != named["name"]:
            raise ValueError


def key_in(entry: str) -> str:
    """Return the key of one entry, without the name of its holder."""
    named = _NAMED.fullmatch(entry)
    return entry if named is None else named["key"]


def read(entries: Sequence[str]) -> list[ApiKey]:
    """Return every text that is valid as a key, with its holder."""
    return [key for entry in entries for key in _read(entry)]


def function_key(entries: Sequence[str]) -> str:
    """Return the key with which functions call functions; it reveals none of API_KEYS.

    A change of API_KEYS changes it.
    """
    known = b"".join(sorted(hashlib.sha256(entry.encode()).digest() for entry in entries))
    return f"duckline-{hmac.digest(known, b'duckline: key of functions', 'sha256').hex()[:32]}"


def _read(entry: str) -> Iterator[ApiKey]:
    digest = hashlib.sha256(entry.encode()).digest()
    named = _NAMED.fullmatch(entry)
    if named is None:
        yield ApiKey(digest, f"key …{digest.hex()[-4:]}")
        return
    yield ApiKey(digest, named["name"])
    yield ApiKey(hashlib.sha256(named["key"].encode()).digest(), named["name"])
