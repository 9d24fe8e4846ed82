"""The chore that makes tasks of schedules when they are due.

Every consumer of a queue does it; whoever is first makes the task and sets the next due time, in
one script, and the others find it done. So a due time makes one task, however many consumers there
are and whenever one of them is killed. All times are of Redis' clock.
"""

import logging
import time

from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.schedules import NEVER, ScheduleScripts
from huey_tasks.broker.task_hash import Hash
from huey_tasks.errors import InvalidPayload, InvalidQuery, QueueUnavailable, UnknownTaskType
from huey_tasks.registry import types
from huey_tasks.schedules.records import Schedule, all_schedules

logger = logging.getLogger(__name__)

#: Seconds after which other chores get their turn.
BUDGET_S = 0.1


def tag_of(name: str) -> str:
    """The tag by which the tasks of a schedule are found."""
    return f"schedule:{name}"


def task_of(schedule: Schedule, task_id: str) -> NewTask:
    """Make a task of a schedule. Raises UnknownTaskType, InvalidPayload."""
    task_type = types.get(schedule.task_type)
    new = task_type.new_task(task_id, schedule.queue, schedule.payload_value())
    tags = dict.fromkeys((*schedule.tags, tag_of(schedule.name)))
    return new._replace(tags=f",{','.join(tags)},")


class Firing:
    """Makes tasks of the schedules of one queue."""

    def __init__(self, broker: Broker) -> None:
        self._queue, self._broker = broker.name, broker
        self._scripts = ScheduleScripts(broker.scripts)
        self._told = ""

    def fire_due(self) -> float | None:
        """Make the tasks that are due; returns the seconds until the next one may be."""
        seen, ends = self._scripts.schedules_due(self._queue), time.monotonic() + BUDGET_S
        stuck = 0
        for name, due_ms, kept in seen.due:
            try:
                schedule = Schedule.of(self._queue, name, due_ms, Hash.of(kept))
                stuck += not self._fire(schedule, due_ms, seen.now_ms)
            except (KeyError, ValueError) as error:  # it must not hold up the others
                stuck += 1
                self._tell(f"schedule '{name}' cannot be read: {error!r}")
            except QueueUnavailable as error:
                if not error.answered:
                    raise
                # Such as a full Redis, which takes no tasks but lets those that run end.
                self._tell(f"schedules wait for Redis: {error.cause}")
                return None
            if time.monotonic() > ends:
                return 0.0
        if len(seen.due) > stuck:
            self._told = ""
            return 0.0  # their next due times, and whatever one look did not bring
        return None if seen.next_ms is None else seen.next_ms / 1000

    def plan_again(self) -> None:
        """After the clock went back, move each due time that the trigger no longer gives."""
        now_ms = self._scripts.schedules_due(self._queue).now_ms
        for schedule in all_schedules(Brokers([self._broker])):
            if schedule.due_ms is None or schedule.trigger.cron is None:
                continue
            try:
                later = schedule.trigger.after(now_ms)
            except InvalidQuery:  # a consumer with newer time zones may know it
                continue
            if later and later[0] < schedule.due_ms:
                due_ms, name = schedule.due_ms, schedule.name
                self._scripts.schedule_advance(self._queue, name, due_ms, later[0])

    def _fire(self, schedule: Schedule, due_ms: int, now_ms: int) -> bool:
        """Handle one due time; False when it has to stay due."""
        try:
            missed = schedule.trigger.passed(due_ms, now_ms)
            later = schedule.trigger.after(now_ms)
        except InvalidQuery:  # a consumer with newer time zones may know it
            self._tell(f"schedule '{schedule.name}' waits: no {schedule.trigger.timezone} here")
            return False
        task, problem = self._task(schedule, due_ms)
        answer = self._scripts.schedule_fire(
            self._queue,
            schedule.name,
            schedule.revision,
            due_ms,
            later[0] if later else NEVER,
            missed=missed,
            task=task,
            problem=problem,
        )
        about = {"queue": self._queue, "schedule": schedule.name}
        if answer == "problem" and problem != schedule.problem:
            logger.warning("a schedule makes no task: %s", problem, extra=about)
        elif answer == "fired" and missed:
            logger.info("a schedule runs late, once for %d times", missed + 1, extra=about)
        return answer != "draining"

    def _task(self, schedule: Schedule, due_ms: int) -> tuple[NewTask | None, str]:
        """The task of a due time, which always has the same id; or why there is none."""
        try:
            return task_of(schedule, schedule.run_id(due_ms)), ""
        except UnknownTaskType as error:
            return None, f"{error.detail[:-1]} in the consumer."
        except InvalidPayload as error:
            where = error.problems[0]
            return None, f"{error.detail} {where.pointer or '/'}: {where.message}."[:500]
        except Exception as error:  # raised by a check of the task type's author
            why = f"The payload cannot be checked: {type(error).__name__}: {error}"[:500]
            return None, why.encode("utf-8", "replace").decode()

    def _tell(self, text: str) -> None:
        """Say something once, and again only after something else was said."""
        if text != self._told:
            logger.warning("%s", text, extra={"queue": self._queue})
        self._told = text
