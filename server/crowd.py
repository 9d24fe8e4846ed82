"""All open connections of this process: how many there may be, and which one goes for a new one.

A newcomer is never refused for those who say nothing: when the places are taken, the connections
that have owed something to us for longest are closed (a head, a body, the taking of an answer, or
just a next request). So is it among those of one address, so that one address drives out its own.
"""

import contextlib
import ipaddress
from collections import Counter
from collections.abc import Iterator

from server.wire import Wire

#: So many are closed at a time, as a share of the limit: finding them means to look at all.
_SHARE = 100


class Crowd:
    """The open connections, counted by address."""

    def __init__(self, limit: int, per_address: int) -> None:
        self.limit, self.per_address = limit, per_address
        self._open: dict[Wire, str] = {}
        self._of_address: Counter[str] = Counter()
        self._waiting: set[Wire] = set()

    def enter(self, wire: Wire) -> bool:
        """Take a connection in; False when there is no place, and none that owes us anything."""
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
        """Let a connection go; to be called once or more."""
        neighbours = self._open.pop(wire, None)
        if neighbours is not None:
            self._of_address[neighbours] -= 1
            if not self._of_address[neighbours]:
                del self._of_address[neighbours]

    def waits(self, wire: Wire) -> "_Waiting":
        """While inside, the client owes us something, and its place is the first to go."""
        return _Waiting(self._waiting, wire)

    def close_idle(self) -> None:
        """End the connections on which no request has begun."""
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
    """Faster than a generator's context manager; it is entered several times a request."""

    __slots__ = ("_waiting", "_wire")

    def __init__(self, waiting: set[Wire], wire: Wire) -> None:
        self._waiting, self._wire = waiting, wire

    def __enter__(self) -> None:
        self._waiting.add(self._wire)

    def __exit__(self, *error: object) -> None:
        self._waiting.discard(self._wire)


def neighbourhood(address: str) -> str:
    """Who counts as one: an IPv4 address, the /64 network of an IPv6 one; '' for a unix socket."""
    if ":" not in address:
        return address
    with contextlib.suppress(ValueError):
        found = ipaddress.IPv6Address(address.partition("%")[0])
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return address
