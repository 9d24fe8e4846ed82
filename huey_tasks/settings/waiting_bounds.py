"""QUEUE_MAX_WAITING: how many tasks may wait before submits are refused.

QUEUE_MAX_WAITING=100000            in all queues together
QUEUE_MAX_WAITING=low=5000          in one queue
QUEUE_MAX_WAITING=100000,low=5000   both
"""

from dataclasses import dataclass

#: The highest bound: more ids than any Redis holds.
MOST = 10**9


@dataclass(frozen=True)
class WaitingBound:
    """How many tasks may wait in one queue; without a name in all of them together."""

    queue: str
    most: int

    def __str__(self) -> str:
        return f"{self.queue}={self.most}" if self.queue else str(self.most)


def waiting_bounds(text: str) -> tuple[WaitingBound, ...]:
    """a whole number from 1 to 1000000000 for all queues together, queue=number for one of them;
    several are separated by ','"""
    bounds = tuple(_bound(entry.strip()) for entry in text.split(","))
    names = [bound.queue for bound in bounds]
    if len(set(names)) < len(names):
        raise ValueError
    return bounds


def _bound(entry: str) -> WaitingBound:
    name, equals, number = entry.rpartition("=")
    if (equals and not name) or not number.isascii() or not number.isdecimal():
        raise ValueError
    if not 1 <= int(number) <= MOST:
        raise ValueError
    return WaitingBound(name.strip(), int(number))
