"""Whether each queue has a consumer that lives, by the heartbeats of those that have not left.

A consumer says every second that it is here, and says goodbye when it stops. One that has missed
two heartbeats without a goodbye is stopped (SIGSTOP), hangs, was killed, or its machine is lost. A
restart is not that: between the goodbye of the old consumer and the first heartbeat of the new one,
nobody is silent.
"""

from typing import NamedTuple

from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.protocol import only_of
from huey_tasks.broker.scripts.operators import OperatorScripts

#: Milliseconds between two heartbeats, twice; `Chore(self._beat, 1.0)` in the supervisor.
SILENT_MS = 2000


class Silent(NamedTuple):
    """A queue whose consumers are all silent: the last one for so long."""

    queue: str
    seconds: float


def silent_queues(brokers: Brokers) -> list[Silent]:
    """Return the queues that have consumers, and all of them are silent; one round trip.

    Raises QueueUnavailable.
    """
    found = list[Silent]()
    for queue, beats in zip(
        brokers, OperatorScripts(brokers.first.scripts).beats(brokers), strict=True
    ):
        ages_ms = [ms for consumer, ms in beats if not only_of(consumer)]
        if ages_ms and min(ages_ms) > SILENT_MS:
            found.append(Silent(queue, min(ages_ms) / 1000))
    return found
