"""Limit the open connections of this process, and choose which ones to close for new ones.

Idle connections do not keep new ones out: at the limit, those that have kept us waiting longest are
closed (for a head, a body, the receipt of an answer, or just the next request). The same holds
within one address, so that an address only displaces its own connections.
"""

import contextlib
import ipaddress
from collections import Counter
from collections.abc import Iterator

from duckline.server.wire import Wire

#: One in this many places is freed at a time, because finding the oldest means to sort all.
_SHARE = 100


class Crowd:
    """The open connections, counted by address."""

    def __init__(self, limit: int, per_address: int) -> None:
        self.limit, self.per_address = limit, per_address
        self._open: dict[Wire, str] = {}
        self._of_address: Counter[str] = Counter()
        self._waiting: set[Wire] = set()

    def enter(self, wire: Wire) -> bool:
        """Add a connection; return False if there is no place and none can be freed."""
        neighbours = neighbourhood(wire.address)
        if neighbours and self._of_address[neighbours] >= self.per_address:
            self._make_room(self.per_address, neighbours)
            if self._of_address[neighbours] >= self.per_address:
                return False
        if len(self._open) >= self.limit:
            self._make_room(self.limit, "")
            if len(self._open) >= self.limit:
                return False
        self._open[wire] = neighbours
        self._of_address[neighbours] += 1
        return True

    def leave(self, wire: Wire) -> None:
        """Remove a connection; calling it again does nothing."""
        neighbours = self._open.pop(wire, None)
        if neighbours is not None:
            self._of_address[neighbours] -= 1
            if not self._of_address[neighbours]:
                del self._of_address[neighbours]

    def waits(self, wire: Wire) -> "_Waiting":
        """Mark the client as keeping us waiting inside this block: it may be closed."""
        return _Waiting(self._waiting, wire)

    def close_idle(self) -> None:
        """Close the connections on which no request has started."""
        for wire in [wire for wire in self._waiting if wire.is_idle]:
            self._drop(wire)

    def _make_room(self, limit: int, neighbours: str) -> None:
        waiting: Iterator[Wire] = iter(self._waiting)
        if neighbours:
            waiting = (wire for wire in waiting if self._open.get(wire) == neighbours)
        by_time = sorted(waiting, key=lambda wire: wire.owes_since)
        for wire in by_time[: max(limit // _SHARE, 1)]:
            self._drop(wire)

    def _drop(self, wire: Wire) -> None:
        self.leave(wire)
        self._waiting.discard(wire)
        wire.abort()


class _Waiting:
    """A context manager without a generator: it is entered several times a request."""

    __slots__ = ("_waiting", "_wire")

    def __init__(self, waiting: set[Wire], wire: Wire) -> None:
        self._waiting, self._wire = waiting, wire

    def __enter__(self) -> None:
        self._waiting.add(self._wire)

    def __exit__(self, *error: object) -> None:
        self._waiting.discard(self._wire)


def neighbourhood(address: str) -> str:
    """Return what counts as one client: an IPv4 address, an IPv6 /64, or '' for a unix socket."""
    if ":" not in address:
        return address
    with contextlib.suppress(ValueError):
        found = ipaddress.IPv6Address(address.partition("%")[0])
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return address
