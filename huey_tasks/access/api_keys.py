"""API keys as API_KEYS lists them: each a key alone, or `name=key`, so that the audit has names.

A key may hold `=` itself, as base64 does at its end, and did so before there were names. So what
stands before a `=` is a name only if it can be one and a key follows; the whole text then lets in
too. Knows nothing of requests.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Characters that a key has at least: a shorter one is soon guessed.
SHORTEST = 8

_NAMED = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]{0,31})=(?P<key>.*[^=].*)")


@dataclass(frozen=True)
class ApiKey:
    """What one key is, as its digest, and who it stands for; the key itself is not kept."""

    digest: bytes
    holder: str


def check(entries: Sequence[str]) -> None:
    """Raise ValueError for a key that is too short, or that has two names."""
    names: dict[str, str] = {}
    for entry in entries:
        named = _NAMED.fullmatch(entry)
        key = entry if named is None else named["key"]
        if len(key) < SHORTEST:
            raise ValueError
        if named is not None and names.setdefault(key, named["name"]) != named["name"]:
            raise ValueError


def read(entries: Sequence[str]) -> list[ApiKey]:
    """Every text that lets in, and who it stands for."""
    return [key for entry in entries for key in _read(entry)]


def _read(entry: str) -> Iterator[ApiKey]:
    digest = hashlib.sha256(entry.encode()).digest()
    named = _NAMED.fullmatch(entry)
    if named is None:
        yield ApiKey(digest, f"key …{digest.hex()[-4:]}")
        return
    yield ApiKey(digest, named["name"])
    yield ApiKey(hashlib.sha256(named["key"].encode()).digest(), named["name"])
