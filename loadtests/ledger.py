"""What was accepted, and how it ended.

Owns the facts that the verdict is made of; it neither sends requests nor judges. Everything runs
in the greenlets of one process, which switch only when they wait, so nothing here is locked.
"""

from collections import Counter
from dataclasses import dataclass, field

TERMINAL = ("SUCCESS", "FAILURE", "REVOKED", "EXPIRED")


@dataclass
class Entry:
    """One accepted task, as the service last described it."""

    task_id: str
    task_type: str
    status: str = "PENDING"
    took_s: float | None = None  # from submission to finish, by the service's clock
    wait_s: float | None = None  # from submission to its first start
    attempt: int = 0
    cancelled: bool = False  # the service answered 200 to our cancel
    gone: bool = False  # the service answered 404 after its 202

    @property
    def open(self) -> bool:
        """Whether its end is still to be seen."""
        return self.status not in TERMINAL and not self.gone


@dataclass
class Sockets:
    """What came over the WebSockets of /ws/stats."""

    opened: int = 0
    frames: int = 0
    missed: int = 0
    incomplete: Counter[str] = field(default_factory=Counter[str])
    without_redis: int = 0  # frames that say that Redis is away
    closed: int = 0  # ended by the service


@dataclass
class Streams:
    """What came over the streams of /api/events."""

    opened: int = 0
    lines: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Flood:
    """The low tasks of a flood, and the high ones beside it."""

    accepted: int = 0
    waiting: int | None = None  # of low, when the last high task had ended
    before: list[str] = field(default_factory=list[str])  # high tasks without it
    during: list[str] = field(default_factory=list[str])  # high tasks with it


@dataclass
class Ledger:
    """Every submission of one run."""

    submitted: int = 0
    settled: int = 0  # submissions that were answered, or given up
    refused: int = 0  # bad on purpose, and answered 422
    gave_up: Counter[str] = field(default_factory=Counter[str])
    asked_to_wait: Counter[str] = field(default_factory=Counter[str])
    server_errors: Counter[str] = field(default_factory=Counter[str])
    unexpected: Counter[str] = field(default_factory=Counter[str])
    submit_s: list[float] = field(default_factory=list[float])
    too_late_to_cancel: int = 0
    drained_s: float = 0.0
    sockets: Sockets = field(default_factory=Sockets)
    streams: Streams = field(default_factory=Streams)
    flood: Flood = field(default_factory=Flood)
    keys: dict[str, set[str]] = field(default_factory=dict[str, set[str]])  # key: its tasks
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def accept(self, task_id: str, task_type: str, latency_s: float) -> None:
        """Note a 202 and how long it took."""
        if task_id in self.entries:
            self.unexpected["the same task_id was given twice"] += 1
        self.entries[task_id] = Entry(task_id, task_type)
        self.submit_s.append(latency_s)

    def observe(self, task_id: str, status: str, took_s: float | None) -> None:
        """Note what the service says of a task; a terminal state must be its last."""
        entry = self.entries[task_id]
        if entry.status in TERMINAL and status != entry.status:
            self.unexpected[f"a task went from {entry.status} to {status}"] += 1
        entry.status, entry.took_s = status, took_s

    def open_entries(self) -> list[Entry]:
        """List the accepted tasks that have not been seen to end."""
        return [entry for entry in self.entries.values() if entry.open]

    def gone_entries(self) -> list[Entry]:
        """List the accepted tasks that the service does not know any more."""
        return [entry for entry in self.entries.values() if entry.gone]

    def ended(self) -> Counter[str]:
        """Count the tasks of each terminal state."""
        return Counter(e.status for e in self.entries.values() if e.status in TERMINAL)

    def took_s(self) -> list[float]:
        """List, in seconds, how long the ended tasks took from submission to finish."""
        return [entry.took_s for entry in self.entries.values() if entry.took_s is not None]

    def surprises(self) -> Counter[str]:
        """Count what should not have been answered, and ends that do not fit our cancels."""
        found = Counter(self.unexpected)
        for entry in self.entries.values():
            if entry.cancelled and not entry.open and entry.status != "REVOKED":
                found[f"a cancelled task ended {entry.status}"] += 1
            if entry.status == "REVOKED" and not entry.cancelled:
                found["a task ended REVOKED that nobody is known to have cancelled"] += 1
        return found
