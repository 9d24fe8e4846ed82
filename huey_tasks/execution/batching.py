"""How long tasks of each type take on this worker, from which follows how many it may claim.

A type is short when its attempts are worth a fraction of a batch. The figure is a moving average of
wall time, claim to claim, so it holds the cost of our own code as well. Types never seen, or seen
to be long, are not in it: the script then claims them one at a time.
"""

import json

#: Seconds of work that a worker claims at a time. `lua/lib/claim.lua` has the same.
BUDGET_S = 0.005

#: Seconds after which a worker commits what is finished, and releases the claims that wait behind
#: an attempt that has run for that time.
HOLD_S = 0.008

#: After this number of HOLD_S the claims that wait are released in any case.
MOST_HOLDS = 5

#: How many tasks one step may claim. Redis serves nobody else meanwhile, for 2 to 3 ms.
MOST = 128

#: Seconds. What an attempt counts at most: one slow moment of the machine is soon forgotten.
LONG_S = 0.020

#: How much one more attempt weighs in the average.
_WEIGHT = 0.15

#: How many types are remembered; the others count as unknown.
_TYPES = 32


class Pace:
    """The moving averages of one slot."""

    def __init__(self) -> None:
        self._average_s: dict[str, float] = {}

    def record(self, task_type: str, took_s: float) -> None:
        """Add an attempt to the average of its type."""
        took_s = min(took_s, LONG_S)
        before = self._average_s.pop(task_type, took_s)
        average = before + (took_s - before) * _WEIGHT
        if average < BUDGET_S / 2:
            self._average_s[task_type] = average
            if len(self._average_s) > _TYPES:
                del self._average_s[next(iter(self._average_s))]

    def short_types(self) -> str:
        """Return the milliseconds of each short type, as JSON."""
        return json.dumps({name: round(s * 1000, 3) for name, s in self._average_s.items()})
