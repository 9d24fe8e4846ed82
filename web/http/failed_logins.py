"""Slow down who tries keys: some wrong ones a minute from an address, then none is looked at.

A key that has been right from that address goes on, so a stranger behind the same proxy locks
nobody out. Owns what this process remembers of it, which is bounded; other processes have their
own. Requests without a key are no attempt.
"""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from typing import TypeVar

from flask import request

import huey_tasks as tq
from web.http.errors import TooManyFailures
from web.http.root_path import Environ

log = logging.getLogger("duckline.web")

#: Wrong keys of one address in one window of this many seconds, before others are not looked at.
MOST, WINDOW_S = 20, 60.0
#: Addresses, and keys that were right, that are remembered: the latest.
_MOST_REMEMBERED = 10_000


_K = TypeVar("_K")
_V = TypeVar("_V")


class Logins:
    """Looks up keys, and remembers how the attempts of the last minute went."""

    def __init__(self, keys: tq.KnownKeys, *, is_silent: bool = False) -> None:
        """Look up `keys`. `is_silent`: a wrong one is nothing that an operator should know."""
        self._keys, self._is_silent = keys, is_silent
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def holder_of(self, sent: str, environ: Environ | None = None) -> tq.Holder | None:
        """Return whose key it is, as WSGI gives it; None if it is nobody's.

        `environ`: that of the request, outside of Flask.

        Raises TooManyFailures without a look at the key when its address has sent too many wrong
        ones; QueueUnavailable as long as the stored keys are not known.
        """
        known = request.environ if environ is None else environ
        address: str = known.get("REMOTE_ADDR") or ""
        mark = hashlib.blake2b(f"{address} {sent}".encode(), digest_size=16).digest()
        if mark not in self._right:
            self._check(address)
        holder = self._keys.holder_of(sent)
        with self._lock:
            if holder is not None:
                _remember(self._right, mark, None)
            else:
                self._note_failure(address)
        return holder

    def _check(self, address: str) -> None:
        since, failures = self._failures.get(address, (0.0, 0))
        left_s = since + WINDOW_S - time.monotonic()
        if failures >= MOST and left_s > 0:
            text = f"This address has sent {MOST} wrong keys within a minute; wait."
            raise TooManyFailures(text, retry_after_s=int(left_s) + 1)

    def _note_failure(self, address: str) -> None:
        now = time.monotonic()
        since, failures = self._failures.get(address, (now, 0))
        if now - since >= WINDOW_S:
            since, failures = now, 0
        _remember(self._failures, address, (since, failures + 1))
        if self._is_silent:
            return
        if failures == 0:
            log.warning("a wrong API key came from %s", address)
        elif failures + 1 == MOST:
            log.warning("%d wrong API keys came from %s: it has to wait", MOST, address)


def _remember(known: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > _MOST_REMEMBERED:
        known.popitem(last=False)
