"""What goes into the scripts and comes out of them: new tasks, claims, commits.

Knows their form and nothing of Redis. A field here is a name in the header of a script. They are
named tuples, because several are made for every task and a frozen dataclass takes four times as
long.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from huey_tasks.broker.states import TaskState

Argument = str | bytes | int | float

#: What the workers of some consumers run, and nothing else: tasks that must run alone, functions,
#: and functions that another one waits for. It is the `blocked_on` of those tasks.
ALONE, FUNCTIONS, NESTED = "alone", "functions", "nested"

#: The task type of our own whose tasks deliver webhooks. No webhook hears of their ends.
DELIVERY_TYPE = "duckline.webhook"

#: The type under which flows are in events and webhooks. No task has it.
FLOW_TYPE = "duckline.flow"


def only_of(name: str) -> str:
    """Return what a consumer, or the worker of one, runs and nothing else, by its name; or ""."""
    consumer = name.partition("/")[0]
    return next((only for only in (ALONE, FUNCTIONS) if consumer.endswith(f"-{only}")), "")


def whole(text: str | bytes | int) -> int:
    """Return a whole number of Redis; Lua writes one of more than 14 digits as 1e+17."""
    try:
        return int(text)
    except ValueError:
        return int(float(text))


class Claim(NamedTuple):
    """A task that a worker holds for the time of a lease."""

    id: str
    token: str
    message: bytes
    attempt: int
    retries_left: int
    retry_delay_s: float | None  # None: the one that the message has
    deliveries: int
    invocation: str = ""  # of a function
    type: str = ""

    @classmethod
    def read(cls, reply: bytes) -> "Claim":
        """Return the claim that a reply of `step` holds, as `claim_text` in claim.lua makes it."""
        token, attempt, deliveries, most, delay_s, id_size, type_size, rest = reply.split(b"\n", 7)
        id_end = int(id_size)
        type_end = id_end + int(type_size)
        invocation, _, message = rest[type_end:].partition(b"\n")
        number = int(attempt)
        return cls(
            rest[:id_end].decode(),
            token.decode(),
            message,
            number,
            max(whole(most) - number, 0),  # without retries it has 1, and none has fewer
            float(delay_s) if delay_s else None,
            int(deliveries),
            invocation.decode(),
            rest[id_end:type_end].decode(),
        )


class NewTask(NamedTuple):
    """A task to be stored: its serialised form, and what Redis keeps beside it.

    `retry_delay_s`: 0.0 without retries. `submitted_by`: the name of the API key, or "". What
    every task has is sent of each; what is before `priority`, and the options from there on, only
    if a task says something in them.

    `expires_ms`: 0 never, -1 before now. `gate`: the barrier that counts it when it ends; with
    `passes_on` the next task of its pipeline counts for it when it succeeds. `tags`: `,one,two,`,
    or nothing. `queue`: where it is stored, "" in that of the script that stores it. `host`: of a
    function, which workers run it, FUNCTIONS or NESTED; `invocation`: JSON, what its caller said
    beside the event. `once`: JSON, by what a repeated submit is found, or "". `webhook_url`: where
    its end is posted to, or "". `flow`: of a node, its flow and its number, "<id> <number>", or "".

    Redis keeps the task of a `Gate` as a list in this order, so new fields go to the end.
    """

    id: str
    message: bytes
    type: str
    max_attempts: int = 1
    retry_delay_s: float = 0.0
    submitted_by: str = ""
    priority: int = 0
    delay_ms: int = 0
    expires_ms: int = 0
    gate: str = ""
    passes_on: bool = False
    tags: str = ""
    queue: str = ""
    host: str = ""
    invocation: str = ""
    once: str = ""
    webhook_url: str = ""
    flow: str = ""

    def arguments(self, width: int | None = None) -> Sequence[Argument]:
        """Return the task as `submit` reads it, or its first `width` fields."""
        if width is not None and width <= _OPTIONS:
            return self[:width]
        arguments: list[Argument] = list(self)
        arguments[_PASSES_ON] = int(self.passes_on)
        return arguments[:width]

    def as_json(self) -> list[Any]:
        """Return the same for use inside of JSON; messages that we make are UTF-8."""
        arguments = list(self.arguments())
        arguments[_MESSAGE] = self.message.decode()
        return arguments


_MESSAGE, _PASSES_ON = (NewTask._fields.index(name) for name in ("message", "passes_on"))

#: Where the fields begin that a task need not have, and among them those of its options; and what
#: the fields from there on are in a task that says nothing in them.
_MORE, _OPTIONS = (NewTask._fields.index(name) for name in ("max_attempts", "priority"))
_NOTHING_MORE = tuple(NewTask._field_defaults.values())
_NO_OPTIONS = _NOTHING_MORE[_OPTIONS - _MORE :]


def width_of(tasks: Sequence[NewTask]) -> int:
    """Return how many fields of tasks say something: to send the others takes time."""
    width = _MORE
    for task in tasks:
        if task[_MORE:] != _NOTHING_MORE:
            if task[_OPTIONS:] != _NO_OPTIONS:
                return len(NewTask._fields)
            width = _OPTIONS
    return width


class Found(NamedTuple):
    """The task that a submit found in place of storing its own.

    `how`: "duplicate" of a unique task that has not ended; "replayed" for an idempotency key that
    came before, "replayed_duplicate" if that was one; "reused": that key came with another body.
    """

    id: str
    queue: str
    state: str
    how: str


class Refusal(NamedTuple):
    """Why a queue takes no new task now.

    `how`: "draining"; "full", when `number` tasks wait and `most` may; "memory", when Redis uses
    `number` bytes and may use `most` before this queue is refused.
    """

    how: str
    queue: str
    number: int = 0
    most: int = 0
    retry_after_s: int = 30

    @classmethod
    def read(cls, reply: list[Any]) -> "Refusal":
        """Return the refusal that a reply of `submit` or `room` is."""
        how, queue, *numbers = reply
        return cls(how.decode(), queue.decode(), *map(int, numbers))


class Gate(NamedTuple):
    """Submits one task when `size` others have ended; it has that task's id.

    The task names its queue: the last of the others may end in any.
    """

    size: int
    callback: NewTask

    def as_json(self) -> list[Any]:
        """Return the gate as `submit` and `step` read it."""
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
        """Return the cause as `step` reads it."""
        return [self.fingerprint, self.error_type, self.frame, self.message]


class Commit(NamedTuple):
    """How an attempt ended: the next state of the task, or an `Ending`.

    A released task with `blocked_on` ("lock:<name>", "limit:<uses>:<name>") waits for that, and
    with `delay_ms` for that time.
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
    cause: Cause | None = None  # of a task that has finally failed
    gap: str = ""  # a line (JSON) in its log in place of those that could not be kept
    blocked_on: str = ""
    receipt: str = ""  # of a function: what the attempt has used, as JSON
    about: About | None = None

    def sent(self, outcome: bytes) -> "Sent":
        """Return the commit as `step` reads it, with its outcome if that goes with it."""
        task_type, run_us = "", ""
        if self.about is not None:
            task_type = self.about.task_type
            run_us = str(int(self.about.took_s * 1_000_000))
        is_plain = self[3:-1] == _NOTHING and self.state != TaskState.RETRY
        more = b"" if is_plain else self._more()
        return Sent(self.id, self.token, self.state, task_type, run_us, outcome, more)

    def _more(self) -> bytes:
        fields: dict[str, Any] = {}
        if self.state == TaskState.RETRY:
            fields["retries_left"] = self.retries_left
            fields["retry_delay_s"] = self.retry_delay_s
        if self.delay_ms:
            fields["delay_ms"] = self.delay_ms
        if self.reason or self.delay_ms:
            fields["reason"] = self.reason
        if self.children:
            fields["children"] = [child.as_json() for child in self.children]
        if self.gates:
            fields["gates"] = [gate.as_json() for gate in self.gates]
        if self.cause is not None:
            fields["cause"] = self.cause.as_json()
        texts = {"gap": self.gap, "blocked_on": self.blocked_on, "receipt": self.receipt}
        return _as_json(fields | {name: text for name, text in texts.items() if text})


#: What most commits have between their state and their `about`.
_NOTHING = tuple(Commit._field_defaults.values())[:-1]


class Sent(NamedTuple):
    """A commit as a step sends it; all are texts.

    `type` and `run_us` of its `About`, or "" for both. `blob`: the outcome, b"" if there is none or
    it was stored before. `more`: JSON, the fields that only few commits have, or b"".
    """

    id: str
    token: str
    state: str
    type: str
    run_us: str
    blob: bytes
    more: bytes


def encode(gates: Sequence[Gate]) -> bytes:
    """Return several gates as one argument of a script."""
    return _as_json([gate.as_json() for gate in gates])


def _as_json(value: Any) -> bytes:
    """Return JSON. Half a surrogate pair, which a reason may quote, becomes "?"."""
    try:
        return to_json(value)
    except ValueError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
