"""How long tasks of each type take on this worker, from which follows how many it may claim.

A type is short when its attempts are worth a fraction of a batch. The figure is a moving average of
wall time, claim to claim, so it holds the cost of our own code as well. A type seen to be long is
worth a whole batch, like one never seen: the script then claims them one at a time.
"""

import json
import math

#: Seconds of work that a worker claims at a time. `lua/lib/claim.lua` has the same.
BUDGET_S = 0.005

#: Seconds after which a worker commits what is finished, and releases the claims that wait behind
#: an attempt that has run for that time.
HOLD_S = 0.008

#: After this number of HOLD_S the claims that wait are released in any case.
MOST_HOLDS = 5

#: How many tasks one step may claim. Redis serves nobody else meanwhile, for 2 to 3 ms.
MOST = 128

#: How many times the average of its type an attempt counts at most. A worker that waits for a core
#: in the middle of a short task would claim only few of the next ones; of a type that has become
#: long, about ten attempts are enough.
_MOST_TIMES = 5

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
        before = self._average_s.pop(task_type, math.inf)
        # Five times an average of 0 is 0, and the average would stay so.
        took_s = min(took_s, before * _MOST_TIMES or BUDGET_S)
        average = took_s if before == math.inf else before + (took_s - before) * _WEIGHT
        self._average_s[task_type] = average if average < BUDGET_S / 2 else math.inf
        if len(self._average_s) > _TYPES:
            del self._average_s[next(iter(self._average_s))]

    def worth(self) -> str:
        """Return what an attempt of each type is worth, in milliseconds of a batch, as JSON.

        It has the types that this worker has run last; the script takes them as known.
        """
        averages = self._average_s.items()
        return json.dumps({name: round(min(s, BUDGET_S) * 1000, 3) for name, s in averages})
