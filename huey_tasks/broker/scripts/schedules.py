"""The scripts of schedules as Python functions; `script_runner` calls them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Argument, NewTask
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.task_hash import Hash

#: How many due schedules one look brings; a payload of each is read with it.
DUE_AT_ONCE = 50

#: How many names one call looks for.
_NAMES = 50

#: When a schedule is due that is paused.
NEVER = "inf"

Fields = Mapping[str, Argument]


class DueSchedule(NamedTuple):
    """A schedule that is due, as Redis keeps it."""

    name: str
    due_ms: int
    fields: dict[bytes, bytes]


class StoredSchedule(NamedTuple):
    """A schedule as Redis keeps it; `due` is its score, in ms since the epoch."""

    queue: str
    name: str
    due: float
    fields: Hash

    @property
    def revision(self) -> str | None:
        """What each change of it replaces; None if other code has written it without."""
        return self.fields.get("revision")


class Written(NamedTuple):
    """The answer of a script that writes a schedule, and the schedule as it is then.

    "done"; "other": the name means another schedule, or another revision, than the caller has read;
    "full": there are too many. Only "done" has a schedule.
    """

    answer: str
    schedule: StoredSchedule | None = None


class SeenDue(NamedTuple):
    """One look: the time, how long until another one is due (None: no other), and those due."""

    now_ms: int
    next_ms: int | None
    due: list[DueSchedule]


class ScheduleScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def schedule_names(self, queues: Iterable[str]) -> list[str]:
        """Return the names of the schedules of these queues, each once."""
        among = list(queues)
        found = self._scripts.run("schedule_names", among[0], queues=" ".join(among))
        return list(dict.fromkeys(name.decode() for names in found for name in names))

    def schedules_named(self, queues: Iterable[str], names: Sequence[str]) -> list[StoredSchedule]:
        """Return the schedules of these names, in whichever of the queues each of them is.

        One that moves from queue to queue is found once.
        """
        among, rows = list(queues), list[Any]()
        for at in range(0, len(names), _NAMES):
            some = names[at : at + _NAMES]
            rows += self._scripts.run("schedules_named", among[0], *some, queues=" ".join(among))
        return [
            StoredSchedule(queue.decode(), name.decode(), float(due), Hash.of(_fields(flat)))
            for queue, name, due, flat in rows
        ]

    def schedule_create(
        self, queue: str, name: str, id: str, revision: str, due: int | str, fields: Fields, *,
        replaces: Iterable[str] = (), most: int, operation: str,
    ) -> Written:  # fmt: skip
        """Keep a new schedule in the place of those that have its name, which have these revisions.

        `replaces` is in the order of the queues. There may be at most `most` schedules.
        """
        reply = self._scripts.run(
            "schedule_create", queue, *_flat(fields), name=name, id=id, revision=revision, due=due,
            replaces=" ".join(replaces), queues=" ".join(keys.queue_names()), most=most,
            operation=operation,
        )  # fmt: skip
        return _written(queue, name, reply)

    def schedule_update(
        self, queue: str, name: str, revision: str, next_revision: str, due: int | str,
        fields: Fields, *, operation: str,
    ) -> Written:  # fmt: skip
        """Change a schedule if it has that revision; `due` is "" when its plan stays."""
        reply = self._scripts.run(
            "schedule_update", queue, *_flat(fields), name=name, revision=revision,
            next_revision=next_revision, due=due, operation=operation,
        )  # fmt: skip
        return _written(queue, name, reply)

    def schedule_delete(self, queue: str, name: str, *, operation: str = "") -> bool:
        """Forget a schedule; False when there is none in that queue."""
        deleted = self._scripts.run(
            "schedule_delete", queue, name=name, operation=operation, request=secrets.token_hex(8)
        )
        return bool(deleted)

    def schedule_advance(self, queue: str, name: str, due: int, next_due: int) -> bool:
        """Let a schedule wait for another time; False when it does not wait for `due` any more."""
        return bool(
            self._scripts.run("schedule_advance", queue, name=name, due=due, next_due=next_due)
        )

    def schedules_due(self, queue: str, skip: int = 0) -> SeenDue:
        """Look at the schedules that are due now, behind the first `skip` of them."""
        now_ms, next_ms, rows = self._scripts.run(
            "schedules_due", queue, skip=skip, limit=DUE_AT_ONCE
        )
        due = [DueSchedule(name.decode(), int(due), _fields(flat)) for name, due, flat in rows]
        return SeenDue(now_ms, None if next_ms < 0 else next_ms, due)

    def schedule_fire(
        self, queue: str, name: str, revision: str, due: int, next_due: int | str, *,
        missed: int, task: NewTask | None, problem: str = "",
    ) -> str:  # fmt: skip
        """Submit the task of a due time and set the next one; returns the script's answer."""
        more = task.arguments() if task is not None else []
        answer = self._scripts.run(
            "schedule_fire", queue, *more, name=name, revision=revision, due=due,
            next_due=next_due, missed=missed, problem=problem,
        )  # fmt: skip
        return answer.decode()

    def schedule_run(
        self, queue: str, name: str, revision: str, task: NewTask, *, operation: str
    ) -> str:
        """Submit a task of a schedule now; returns the script's answer."""
        answer = self._scripts.run(
            "schedule_run", queue, *task.arguments(), name=name, revision=revision,
            operation=operation,
        )  # fmt: skip
        return answer.decode()


def _flat(fields: Fields) -> list[Argument]:
    return [part for pair in fields.items() for part in pair]


def _fields(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _written(queue: str, name: str, reply: Sequence[Any]) -> Written:
    answer, *schedule = reply
    if not schedule:
        return Written(answer.decode())
    due, flat = schedule
    stored = StoredSchedule(queue, name, float(due), Hash.of(_fields(flat)))
    return Written(answer.decode(), stored)
