"""What the service answers, as frozen dataclasses. `raw` has every field, also newer ones."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, cast

from duckline_client.errors import FieldError, UnexpectedAnswer, field_errors

#: A task reaches exactly one of these, once.
TERMINAL = frozenset({"SUCCESS", "FAILURE", "REVOKED", "EXPIRED"})


class _Answer:
    """Made from a JSON object: a field of the class takes the member of its name."""

    @classmethod
    def read(cls, body: Any) -> Self:
        """Make one from an answer; raises UnexpectedAnswer for what cannot be one."""
        if not isinstance(body, dict):
            raise UnexpectedAnswer(f"a {cls.__name__} is a JSON object")
        answer = cast(dict[str, Any], body)
        known = {one.name for one in dataclasses.fields(cast(Any, cls))} - {"raw"}
        values = {name: answer[name] for name in known & answer.keys()}
        try:
            times = {name: _time(name, value) for name, value in values.items()}
            return cast(Any, cls)(**times, raw=answer)
        except (TypeError, ValueError) as error:
            raise UnexpectedAnswer(f"not a {cls.__name__}: {error}") from error


def _time(name: str, value: Any) -> Any:
    is_time = name.endswith("_at") or name == "scheduled_for"
    return datetime.fromisoformat(value) if is_time and isinstance(value, str) else value


@dataclass(frozen=True)
class Submitted(_Answer):
    """A task is stored and will reach a terminal state."""

    task_id: str
    status: str
    priority: str = ""  #: the queue
    duplicate_of: str | None = None  #: the task that was there, if the submit was unique
    raw: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @property
    def accepted(self) -> bool:
        """True; `Refused` says False."""
        return True


@dataclass(frozen=True)
class Refused:
    """One task of `submit_many` that is not stored, and why."""

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    task_id: str | None = None  #: set if the task may have been stored all the same

    @property
    def accepted(self) -> bool:
        """False; `Submitted` says True."""
        return False


@dataclass(frozen=True)
class Task(_Answer):
    """A task as it was when it was read. Times are aware, in UTC. A search has no `result`."""

    task_id: str
    status: str
    task_type: str
    queue: str
    payload: Mapping[str, Any]
    attempt: int
    max_attempts: int
    submitted_at: datetime
    result: Any = None
    error: str | None = None
    traceback: str | None = None
    progress: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_retry_at: datetime | None = None
    scheduled_for: datetime | None = None
    updated_at: datetime | None = None  #: when somebody last changed it; a search has none
    worker: str | None = None
    tags: list[str] = field(default_factory=list[str])
    log: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    partial_results: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    raw: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @property
    def finished(self) -> bool:
        """Whether it has reached a terminal state."""
        return self.status in TERMINAL

    @property
    def succeeded(self) -> bool:
        """Whether it has ended as SUCCESS."""
        return self.status == "SUCCESS"


@dataclass(frozen=True)
class Stats(_Answer):
    """The counts of the whole service."""

    queued_high: int
    queued_default: int
    queued_low: int
    active_tasks: int
    failed_tasks: int
    success_tasks: int
    workers_online: int  #: live consumers
    scheduled_tasks: int = 0
    retry_tasks: int = 0
    revoked_tasks: int = 0
    raw: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)


def read_item(body: Any) -> Submitted | Refused:
    """Read one item of the answer to a bulk."""
    if isinstance(body, dict) and "code" in body:
        item = cast(dict[str, Any], body)
        errors = field_errors(item.get("errors"))
        return Refused(str(item["code"]), str(item.get("detail", "")), errors, item.get("task_id"))
    return Submitted.read(body)
