"""What goes into the scripts and comes out of them: new tasks, claims, commits.

Knows their form and nothing of Redis. A field here is a name in the header of a script. They are
named tuples, because several are made for every task and a frozen dataclass takes four times as
long.
"""

import json
from typing import Any, NamedTuple

Argument = str | bytes | int | float

#: The name of a consumer that runs only what must run alone ends so.
ALONE = "-alone"


def runs_alone(name: str) -> bool:
    """Whether a consumer, or the worker of one, runs only what must run alone."""
    return name.partition("/")[0].endswith(ALONE)


class Claim(NamedTuple):
    """A task given to a worker for the time of a lease."""

    id: str
    token: str
    message: bytes
    attempt: int
    retries_left: int
    retry_delay_s: float
    deliveries: int


class Answer(NamedTuple):
    """What a step returns."""

    accepted: list[bool]  # for each commit; False: the lease was lost
    claims: list[Claim]
    revocations: bool  # whether anything is revoked in Huey's way, so that it must be looked up


class NewTask(NamedTuple):
    """A task to be stored: its serialised form, and what Redis keeps beside it.

    `gate`: the gate that it passes when it ends; with `passes_on` the next task of its pipeline
    does so in its place when it succeeds. `expires_ms`: 0 never, -1 before now. `tags`:
    `,one,two,`, or nothing.
    """

    id: str
    message: bytes
    type: str
    priority: int = 0
    delay_ms: int = 0
    max_attempts: int = 1
    retry_delay_s: float = 0.0
    expires_ms: int = 0
    gate: str = ""
    passes_on: bool = False
    tags: str = ""

    def arguments(self) -> list[Argument]:
        """The task as `submit` reads it."""
        return [
            self.id,
            self.message,
            self.type,
            self.priority,
            self.delay_ms,
            self.max_attempts,
            self.retry_delay_s,
            self.expires_ms,
            self.gate,
            int(self.passes_on),
            self.tags,
        ]

    def as_json(self) -> list[Any]:
        """The same, where it travels inside of JSON; messages that we make are UTF-8."""
        arguments = self.arguments()
        return [arguments[0], self.message.decode(), *arguments[2:]]


class Gate(NamedTuple):
    """Lets one task through when `size` others have ended; it bears that task's id."""

    size: int
    callback: NewTask

    def as_json(self) -> list[Any]:
        """The gate as `submit` and `step` read it."""
        return [self.size, self.callback.as_json()]


class About(NamedTuple):
    """What the log and the history say of an attempt beyond its commit."""

    task_type: str
    attempt: int
    took_s: float
    where: str  # file, line and function where it failed


class Cause(NamedTuple):
    """Why an attempt failed: what it has in common with others that failed for the same reason."""

    fingerprint: str
    error_type: str
    frame: str  # file and function of the task's own code, "" if none of it raised
    message: str  # without numbers, ids, quotations

    def as_json(self) -> list[str]:
        """The cause as `step` reads it."""
        return [self.fingerprint, self.error_type, self.frame, self.message]


class Commit(NamedTuple):
    """How an attempt ended: the state the task goes to.

    PENDING hands it back uncounted, and UNBEGUN a claim that was never touched. With `blocked_on`
    ("lock:<name>", "limit:<uses>:<name>") it waits for that. DEAD sets it aside as failed. STOPPED
    says that the worker is free of an attempt that was cancelled.
    """

    id: str
    token: str
    state: str
    delay_ms: int = 0
    retries_left: int = 0
    retry_delay_s: float = 0.0
    reason: str = ""
    children: tuple[NewTask, ...] = ()
    gates: tuple[Gate, ...] = ()
    about: About | None = None
    cause: Cause | None = None  # of a task that has finally failed
    gap: str = ""  # a line (JSON) that stands for those of its log that could not be kept
    blocked_on: str = ""

    def as_json(self) -> dict[str, Any]:
        """The commit as `step` reads it, without what is 0 or empty."""
        told: dict[str, Any] = {"id": self.id, "token": self.token, "state": self.state}
        if self.about is not None:
            told |= {"type": self.about.task_type, "run_ms": round(self.about.took_s * 1000, 3)}
        if self.state == "RETRY":
            told |= {"retries_left": self.retries_left, "retry_delay_s": self.retry_delay_s}
        if self.delay_ms:
            told["delay_ms"] = self.delay_ms
        if self.reason or self.delay_ms:
            told["reason"] = self.reason
        if self.children:
            told["children"] = [child.as_json() for child in self.children]
        if self.gates:
            told["gates"] = [gate.as_json() for gate in self.gates]
        if self.cause is not None:
            told["cause"] = self.cause.as_json()
        if self.gap:
            told["gap"] = self.gap
        if self.blocked_on:
            told["blocked_on"] = self.blocked_on
        return told


def encode(items: "tuple[Commit | Gate, ...] | list[Commit] | list[Gate]") -> bytes:
    """Several commits or gates as one argument of a script.

    Half a surrogate pair, which a reason may quote, becomes "?": a step must always be sendable.
    """
    text = json.dumps([item.as_json() for item in items], ensure_ascii=False) if items else "[]"
    return text.encode("utf-8", "replace")
