"""What happened in a storm, as plain data: the checker's only input.

All times are Unix seconds of this machine's clock, which Redis, consumers and driver share.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.chaos.schedule import FaultKind

#: States that a task never leaves.
TERMINAL = frozenset({"SUCCESS", "FAILURE", "REVOKED", "EXPIRED"})


@dataclass(frozen=True)
class Submission:
    """One task that the driver has tried to submit.

    `key` is its mark in the payload. `accepted`: the answer arrived and said yes; otherwise the
    answer was lost, and the task may be there or not. `task_id` is known when the driver chose it
    or the answer had it. A task that comes `after` others (keys) exists once all of them succeed,
    one that comes `after_failure` of another once that one fails. `webhook`: its end is posted.
    """

    key: str
    accepted: bool
    ends_as: str
    at_attempt: int
    task_id: str | None = None
    after: tuple[str, ...] = ()
    after_failure: str | None = None
    webhook: bool = False

    @property
    def before(self) -> tuple[str, ...]:
        """What has to end first; () if the driver itself submits it."""
        return self.after if self.after_failure is None else (self.after_failure,)


@dataclass(frozen=True)
class Flow:
    """A flow that was accepted: how it must end, and how it was found; None when it was not."""

    key: str
    ends_as: str
    found_as: str | None


@dataclass(frozen=True)
class Arrival:
    """A post that a receiver of webhooks has accepted."""

    delivery_id: str
    task_id: str
    state: str

    @classmethod
    def read(cls, delivery_id: str, body: str) -> "Arrival":
        """Read a posted event."""
        data = json.loads(body)["data"]
        return cls(delivery_id, data["task_id"], data["status"])


@dataclass(frozen=True)
class Cancel:
    """A cancel that was asked for; `answered_at` is None when its answer was lost or said no.

    `deliveries`: how often the task had been given to a worker, read after the answer, if known.
    """

    task_id: str
    answered_at: float | None = None
    deliveries: int | None = None


@dataclass(frozen=True)
class Execution:
    """One run of a task's code, from the ledger; `ended_at` is None when it did not come to it.

    `consumer` is the id of the process that the worker belongs to, `oddities` is what the task
    found in its worker that is not as it should be.
    """

    key: str
    task_id: str
    attempt: int
    delivery: int
    token: str
    pid: int
    began_at: float
    ended_at: float | None = None
    consumer: int = 0
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Child:
    """A process that an execution has left running; `born_at` tells it from a later one."""

    task_id: str
    token: str
    pid: int
    born_at: float


@dataclass(frozen=True)
class Sighting:
    """A task as it was read from Redis; the times are None while it has not got there."""

    task_id: str
    key: str
    state: str
    attempt: int = 1
    deliveries: int = 1
    crashes: int = 0
    result: object = None
    submitted_at: float = 0.0
    finished_at: float | None = None


@dataclass(frozen=True)
class Hit:
    """A fault that was done, from `at` until the part was there again, and whose work it broke.

    `pids`: the processes that it hit; `everyone`: it hit what all of them depend on.
    """

    kind: FaultKind
    target: str
    at: float
    until: float
    pids: frozenset[int] = frozenset()
    everyone: bool = False


@dataclass(frozen=True)
class History:
    """All of it. `sightings` are in the order of reading: terminal ones as first seen, the last
    two looks at everything at the end. `claims`: (task id, token) pairs seen in Redis. `arrivals`:
    what was posted of the task of each key, in order. The last
    five are broken promises that were seen while it lasted, a line for each."""

    submissions: tuple[Submission, ...] = ()
    cancels: tuple[Cancel, ...] = ()
    executions: tuple[Execution, ...] = ()
    sightings: Mapping[str, tuple[Sighting, ...]] = field(
        default_factory=dict[str, tuple[Sighting, ...]]
    )
    claims: frozenset[tuple[str, str]] = frozenset()
    flows: tuple[Flow, ...] = ()
    arrivals: Mapping[str, tuple[Arrival, ...]] = field(
        default_factory=dict[str, tuple[Arrival, ...]]
    )
    hits: tuple[Hit, ...] = ()
    gaps: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()
    outlived: tuple[str, ...] = ()
    held_up: tuple[str, ...] = ()
    unmanned: tuple[str, ...] = ()
