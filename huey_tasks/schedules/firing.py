"""Fire schedules: the chore of a consumer that submits their tasks at the due times.

Every consumer of a queue runs it. The first submits the task and moves the due time on, in one
script, and the others find it done: a due time submits one task, however many consumers run and
whenever one is killed. All times are those of Redis' clock.
"""

import logging
import time

from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.schedules import DUE_AT_ONCE, NEVER, ScheduleScripts
from huey_tasks.broker.task_hash import Hash
from huey_tasks.errors import InvalidPayload, InvalidQuery, QueueUnavailable, UnknownTaskType
from huey_tasks.functions.apart import NotSeen
from huey_tasks.invocations.function_types import FunctionType
from huey_tasks.queues import CONFIG
from huey_tasks.registry import types
from huey_tasks.schedules import scheduled_event
from huey_tasks.schedules.records import Schedule, all_schedules
from huey_tasks.values.field_words import as_sentence

logger = logging.getLogger(__name__)

#: Seconds after which the consumer runs its other chores.
BUDGET_S = 0.1


def tag_of(name: str) -> str:
    """Return the tag of the tasks of a schedule."""
    return f"schedule:{name}"


def task_of(schedule: Schedule, task_id: str, due_ms: int) -> NewTask:
    """Make a task of a schedule that is due. Raises UnknownTaskType, InvalidPayload."""
    task_type, payload = types.get(schedule.task_type), schedule.payload_value()
    if scheduled_event.has_attributes(schedule.payload) and isinstance(task_type, FunctionType):
        arn = scheduled_event.schedule_arn(CONFIG, schedule.name)
        payload = scheduled_event.filled(payload, arn, task_id, due_ms)
    new = task_type.new_task(task_id, schedule.queue, payload)
    tags = dict.fromkeys((*schedule.tags, tag_of(schedule.name)))
    return new._replace(tags=f",{','.join(tags)},")


class Firing:
    """Fires the schedules of one queue."""

    def __init__(self, broker: Broker) -> None:
        self._queue, self._broker = broker.name, broker
        self._scripts = ScheduleScripts(broker.scripts)
        #: Of one round of looks: how many stay due, which the next look passes over; the warnings.
        self._stuck, self._warned = 0, set[str]()
        self._warned_before = set[str]()

    def fire_due(self) -> float | None:
        """Fire the schedules that are due; returns the seconds until the next due time, if any."""
        found = self._scripts.schedules_due(self._queue, self._stuck)
        stop_at, has_fired = time.monotonic() + BUDGET_S, False
        for name, due_ms, fields in found.due:
            try:
                schedule = Schedule.of(self._queue, name, due_ms, Hash.of(fields))
                is_stuck = not self._fire(schedule, due_ms, found.now_ms)
            except (KeyError, ValueError) as error:  # one bad schedule must not stop the others
                is_stuck = True
                self._warn(f"schedule '{name}' cannot be read: {error!r}")
            except QueueUnavailable as error:
                if not error.answered:
                    raise
                # A full Redis stores no tasks, but running ones can still end.
                self._warn(f"schedules wait for Redis: {error.cause}")
                self._end_round()
                return None
            self._stuck += is_stuck
            has_fired |= not is_stuck
            if time.monotonic() > stop_at:
                return 0.0
        if has_fired or len(found.due) == DUE_AT_ONCE:
            return 0.0  # more may be due: one call of the script returns a part of them
        self._end_round()
        return None if found.next_ms is None else found.next_ms / 1000

    def _end_round(self) -> None:
        self._stuck = 0
        self._warned_before, self._warned = self._warned, set()

    def plan_again(self) -> None:
        """After Redis' clock went back, move each due time to the next one of its trigger."""
        now_ms = self._scripts.schedules_due(self._queue).now_ms
        for schedule in all_schedules(Brokers([self._broker])):
            if schedule.due_ms is None or schedule.trigger.cron is None:
                continue
            try:
                later = schedule.trigger.after(now_ms)
            except InvalidQuery:  # only a consumer with newer time zones knows this one
                continue
            if later and later[0] < schedule.due_ms:
                due_ms, name = schedule.due_ms, schedule.name
                self._scripts.schedule_advance(self._queue, name, due_ms, later[0])

    def _fire(self, schedule: Schedule, due_ms: int, now_ms: int) -> bool:
        """Fire one schedule; returns False if it must stay due."""
        try:
            missed = schedule.trigger.passed(due_ms, now_ms)
            later = schedule.trigger.after(now_ms)
        except InvalidQuery:  # only a consumer with newer time zones knows this one
            zone = schedule.trigger.timezone
            self._warn(f"schedule '{schedule.name}' waits: time zone {zone} is not known here")
            return False
        try:
            task, problem = self._task(schedule, due_ms)
        except NotSeen:
            self._warn(f"schedule '{schedule.name}' waits: a folder of functions does not answer")
            return False
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
        """Return the task of a due time, always with the same id, or the reason for none.

        Raises NotSeen.
        """
        try:
            return task_of(schedule, schedule.run_id(due_ms), due_ms), ""
        except UnknownTaskType:
            return None, f"No task type '{schedule.task_type}' is registered in the consumer."
        except InvalidPayload as error:
            first = error.problems[0]
            why = f"{first.pointer or '/'}: {as_sentence(first.message)}"
            return None, f"{error.detail} {why}"[:500]
        except NotSeen:
            raise
        except Exception as error:  # a validator of the task type's author may raise anything
            why = f"The payload cannot be checked: {type(error).__name__}: {error}"[:500]
            return None, why.encode("utf-8", "replace").decode()

    def _warn(self, text: str) -> None:
        """Log a warning, unless the round before had it, too: the chore runs every second."""
        if text not in self._warned | self._warned_before:
            logger.warning("%s", text, extra={"queue": self._queue})
        self._warned.add(text)
