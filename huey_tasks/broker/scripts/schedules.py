"""The scripts of schedules as Python functions; the loader is that of `scripts`."""

from collections.abc import Mapping
from typing import NamedTuple

from huey_tasks.broker.protocol import Argument, NewTask
from huey_tasks.broker.scripts.tasks import Scripts

#: How many due schedules one look brings; a payload of each is read with it.
DUE_AT_ONCE = 50

#: When a schedule is due that is paused.
NEVER = "inf"

Fields = Mapping[str, Argument]


class DueSchedule(NamedTuple):
    """A schedule that is due, as Redis keeps it."""

    name: str
    due_ms: int
    fields: dict[bytes, bytes]


class SeenDue(NamedTuple):
    """One look: the time, how long until another one is due (None: no other), and those due."""

    now_ms: int
    next_ms: int | None
    due: list[DueSchedule]


class ScheduleScripts:
    """More scripts on the Redis of `scripts`. Raises QueueUnavailable as those do."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def schedule_create(
        self, queue: str, name: str, id: str, revision: str, due: int | str, fields: Fields, *,
        replaces: str = "", operation: str,
    ) -> int | None:  # fmt: skip
        """Keep a new schedule; returns when it was created, in µs, None if its name is taken.

        One with the id `replaces` goes in the same step.
        """
        created_us = self._scripts.run(
            "schedule_create", queue, *_flat(fields), name=name, id=id, revision=revision, due=due,
            replaces=replaces, operation=operation,
        )  # fmt: skip
        return int(created_us) if created_us else None

    def schedule_update(
        self, queue: str, name: str, revision: str, next_revision: str, due: int | str,
        fields: Fields, *, operation: str,
    ) -> bool:  # fmt: skip
        """Change a schedule if it has that revision; `due` is "" when its plan stays."""
        return bool(
            self._scripts.run(
                "schedule_update", queue, *_flat(fields), name=name, revision=revision,
                next_revision=next_revision, due=due, operation=operation,
            )
        )  # fmt: skip

    def schedule_delete(
        self, queue: str, name: str, *, id: str = "", operation: str = "", withdrawn: str = ""
    ) -> bool:
        """Forget a schedule; False when there is none. See the script for the rest."""
        return bool(
            self._scripts.run(
                "schedule_delete", queue, name=name, id=id, operation=operation,
                withdrawn=withdrawn,
            )
        )  # fmt: skip

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
        due = [
            DueSchedule(name.decode(), int(due), dict(zip(flat[::2], flat[1::2], strict=True)))
            for name, due, flat in rows
        ]
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
