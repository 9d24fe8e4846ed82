"""The options of one submit: tags, when the task may start, when it expires."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from huey.api import Task
from huey.utils import utcnow

from huey_tasks.access.targets import target_problems
from huey_tasks.broker.protocol import NewTask
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.queues import CONFIG
from huey_tasks.submission.once import NOT_ONCE, Once, instant
from huey_tasks.submission.tags import checked_tags

#: Seconds. The longest delay, and the longest time within which a task must start.
YEAR_S = 366 * 86_400

#: The priority of a task within its queue: 0 is usual, this is first, and its negative is last.
MOST_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """The options of one submit.

    `tags`: up to ten words by which a search finds the task. `delay_s`: seconds until it may start,
    up to a year; or `run_at`: that time, with a time zone; a time in the past means now.
    `expires_in_s`: seconds from now within which it must start, or it ends as EXPIRED.
    `queue_priority`: from -100 to 100; within its queue a higher one starts first. `once`: by what
    a repeat of the submit is found. `webhook_url`: where the end of the task is posted to.
    `submitted_by`: the name of the API key that came with the submit, "" without one.
    """

    tags: Sequence[str] = ()
    delay_s: float | None = None
    run_at: dt.datetime | None = None
    expires_in_s: float | None = None
    queue_priority: int | None = None
    once: Once = NOT_ONCE
    webhook_url: str | None = None
    submitted_by: str = ""

    def checked(self) -> "CheckedOptions":
        """Return them in their stored form. Raises InvalidQuery, which names each wrong option."""
        wrong = [*self._wrong_delay(), *self._wrong_expiry(), *self._wrong_priority()]
        wrong += self.once.problems(YEAR_S)
        if self.webhook_url is not None:
            wrong += target_problems(self.webhook_url, CONFIG.webhook_allowed_hosts, "webhook_url")
        if wrong:
            raise InvalidQuery(wrong)
        delay_s = self.delay_s or 0.0
        if self.run_at is not None:
            left = self.run_at - dt.datetime.now(dt.UTC)
            delay_s = max(left.total_seconds(), 0.0)
            if delay_s > YEAR_S:
                raise InvalidQuery([Problem("/run_at", "too_late", "'run_at' is within a year.")])
        if self.expires_in_s is not None and self.expires_in_s <= delay_s:
            rule = "The task would expire before it may start: 'expires_in' counts from now."
            raise InvalidQuery([Problem("/expires_in", "too_early", rule)])
        return CheckedOptions(
            checked_tags(self.tags),
            delay_s,
            self.expires_in_s or 0.0,
            self.queue_priority,
            self.webhook_url or "",
            self.submitted_by,
        )

    def of_item(self, index: int, request: str = "") -> "SubmitOptions":
        """Return those of one of several tasks that are sent with one idempotency key."""
        if self.once.idempotency_key is None:
            return self
        return replace(self, once=replace(self.once, item=index, request=request))

    def applied(
        self, new: NewTask, queue: str, payload: dict[str, Any], *, is_own: bool = False
    ) -> NewTask:
        """Return the task with these options. Raises InvalidQuery."""
        return self.marked(self.checked().apply_to(new), queue, payload, is_own=is_own)

    def marked(self, new: NewTask, queue: str, payload: dict[str, Any], *, is_own: bool) -> NewTask:
        """Return the task with what finds a repeat of its submit.

        `is_own`: the queue is that of its type.
        """
        if self.once == NOT_ONCE:
            return new
        at = instant(self.run_at)
        others = [list(self.tags), self.delay_s, at, self.expires_in_s, self.queue_priority]
        others += [self.webhook_url] if self.webhook_url else []
        once = self.once.stored(new.type, queue, payload, others, is_own=is_own)
        return new._replace(once=once)

    def _wrong_delay(self) -> list[Problem]:
        if self.delay_s is not None and self.run_at is not None:
            return [Problem("/run_at", "conflict", "Give 'delay' or 'run_at', not both.")]
        if self.delay_s is not None and not _is_number(self.delay_s, 0):
            rule = f"'delay' is a number of seconds from 0 to {YEAR_S} (366 days)."
            return [Problem("/delay", "number", rule)]
        if self.run_at is not None and not _has_zone(self.run_at):
            rule = "'run_at' is a time with a zone, such as 2026-12-24T18:00:00+01:00."
            return [Problem("/run_at", "time", rule)]
        return []

    def _wrong_expiry(self) -> list[Problem]:
        if self.expires_in_s is None or _is_number(self.expires_in_s, 0.001):
            return []
        rule = f"'expires_in' is a number of seconds from 0.001 to {YEAR_S} (366 days)."
        return [Problem("/expires_in", "number", rule)]

    def _wrong_priority(self) -> list[Problem]:
        priority = self.queue_priority
        if priority is None or (type(priority) is int and abs(priority) <= MOST_PRIORITY):
            return []
        rule = f"'queue_priority' is a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}."
        return [Problem("/queue_priority", "number", rule)]


@dataclass(frozen=True, slots=True)
class CheckedOptions:
    """The same as they are stored; times in seconds from now, 0 for none."""

    tags: str
    delay_s: float
    expires_in_s: float
    queue_priority: int | None = None
    webhook_url: str = ""
    submitted_by: str = ""

    def apply_to(self, new: NewTask) -> NewTask:
        """Return the task with these options; one that expires keeps its type's time otherwise."""
        expires_ms = round(self.expires_in_s * 1000) or new.expires_ms
        priority = new.priority if self.queue_priority is None else self.queue_priority
        delay_ms = round(self.delay_s * 1000)
        return new._replace(
            tags=self.tags,
            delay_ms=delay_ms,
            expires_ms=expires_ms,
            priority=priority,
            webhook_url=self.webhook_url,
            submitted_by=self.submitted_by,
        )

    def apply_to_huey(self, task: Task) -> None:
        """Set them on a task that Huey enqueues."""
        task.tags, task.webhook_url = self.tags, self.webhook_url
        if self.delay_s:
            task.eta = utcnow() + dt.timedelta(seconds=self.delay_s)
        if self.expires_in_s:
            task.expires = self.expires_in_s
        if self.queue_priority is not None:
            task.priority = self.queue_priority


NO_OPTIONS = SubmitOptions()


def _is_number(value: Any, least: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and least <= value <= YEAR_S


def _has_zone(value: object) -> bool:
    return isinstance(value, dt.datetime) and value.utcoffset() is not None
