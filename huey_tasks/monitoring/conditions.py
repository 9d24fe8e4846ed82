"""What is true of the service and matters: one ordered list of conditions, the most severe first.

`static/js/state/conditions.js` has the same rules for the page, which also judges while it reaches
no server; `tests/web/monitoring/test_verdict.py` runs both over the same cases. Only `look` asks
Redis; the rules are pure.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, urlencode

from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.monitoring import failure_groups
from huey_tasks.monitoring.failure_groups import FailureGroup
from huey_tasks.records.models import QueueStats
from huey_tasks.records.queues import queue_stats
from huey_tasks.values.plain_text import escaped

Severity = Literal["broken", "losing", "late", "stopped", "fine"]

#: From which share of failed tasks on a queue is losing work, and how long a task may wait.
FAILING, LATE_S = 0.1, 60
#: A cause that was first seen within this time is new; one seen within the other is a reason.
NEW, RECENT = dt.timedelta(minutes=10), dt.timedelta(seconds=150)

#: The causes that are judged: those seen last.
_CAUSES = 50


@dataclass(frozen=True)
class Seen:
    """What is judged; `problem`: why Redis does not answer, and there is nothing else."""

    queues: Sequence[QueueStats]
    causes: Sequence[FailureGroup]
    now: dt.datetime
    problem: str | None = None


@dataclass(frozen=True)
class Condition:
    """One thing that holds. `number`: a share, a count or seconds; `link`: a path of the pages."""

    code: str
    severity: Severity
    title: str
    queues: tuple[str, ...] = ()
    number: float | None = None
    cause: FailureGroup | None = None
    detail: str | None = None
    link: str | None = None


def look(brokers: Brokers) -> Seen:
    """Return what is to be judged now, by the clock of Redis. Raises QueueUnavailable."""
    queues = queue_stats(brokers)
    causes = failure_groups.groups(brokers, limit=_CAUSES, samples=False).groups
    return Seen(queues, causes, from_ms(brokers.now_ms()))


def conditions(seen: Seen) -> list[Condition]:
    """Return all conditions that hold, the most severe first; none means that all is well."""
    if seen.problem is not None:
        why = escaped(seen.problem)
        return [Condition("redis_away", "broken", "Can’t reach Redis", detail=why)]
    return [condition for rule in _RULES for condition in rule(seen)]


def conditions_alone(seen: Seen) -> Iterator[tuple[str, Condition]]:
    """Yield the conditions of each queue, each breaker and each new cause alone, with its name.

    So one more of a kind is one more condition, where `conditions` has them all in one sentence.
    """
    for queue in seen.queues:
        causes = [group for group in seen.causes if queue.queue in group.queues]
        alone = Seen([replace(queue, open_breakers=())], causes, seen.now)
        for condition in conditions(alone):
            if condition.code in CODES and condition.code != "new_cause":
                yield queue.queue, condition
    for name in _open_breakers(seen):
        having = [
            replace(one, open_breakers=(name,)) for one in seen.queues if name in one.open_breakers
        ]
        for condition in _breaker_open(replace(seen, queues=having)):
            yield name, condition
    for group in _fresh(seen):
        yield group.fingerprint, _new_cause_of([group])


def fine_title(queues: Iterable[QueueStats]) -> str:
    """Return the headline when no condition holds."""
    found = list(queues)
    active, waiting = sum(one.active for one in found), sum(one.queued for one in found)
    if active + waiting + sum(one.retry for one in found) == 0:
        return "All clear, nothing queued"
    return f"{active:,} running, {waiting:,} waiting"


def _no_consumer(seen: Seen) -> Iterator[Condition]:
    queues = [one for one in seen.queues if one.consumers == 0]
    if queues:
        names = _names(queues)
        have = "queues have" if len(names) > 1 else "queue has"
        yield Condition(
            "no_consumer", "broken", f"The {_listed(names)} {have} no consumer",
            names, sum(one.queued for one in queues), link="/workers",
        )  # fmt: skip


def _no_writes(seen: Seen) -> Iterator[Condition]:
    """Yield it first: consumers cannot say that they live, so they seem to be gone."""
    names = _names(one for one in seen.queues if one.refuses == "queue_unavailable")
    if names:
        title = "Redis takes no writes: no task is accepted, none starts"
        yield Condition("no_writes", "broken", title, names, link="/redis")


def _all_paused(seen: Seen) -> Iterator[Condition]:
    """Yield it first: nothing starts, whatever else is wrong."""
    if seen.queues and all(one.paused for one in seen.queues):
        waiting = sum(one.queued for one in seen.queues)
        title = "All queues are paused: nothing starts"
        yield Condition("all_paused", "broken", title, _names(seen.queues), waiting, link="/queues")


def _data_lost(seen: Seen) -> Iterator[Condition]:
    queues = [one for one in seen.queues if one.losses]
    if queues:
        names = _names(queues)
        why = " ".join(loss for one in queues for loss in one.losses)
        title = f"Data of the {_listed(names)} {'queues' if len(names) > 1 else 'queue'} are lost"
        yield Condition("data_lost", "broken", title, names, detail=why)


def _queue_full(seen: Seen) -> Iterator[Condition]:
    queues = [one for one in seen.queues if one.refuses == "queue_full"]
    if queues:
        names = _names(queues)
        are = "queues are full and refuse" if len(names) > 1 else "queue is full and refuses"
        title = f"The {_listed(names)} {are} tasks"
        waiting = sum(one.queued for one in queues)
        yield Condition("queue_full", "losing", title, names, waiting, link="/queues")


def _memory_low(seen: Seen) -> Iterator[Condition]:
    names = _names(one for one in seen.queues if one.refuses == "memory_low")
    if names:
        refuse = "queues refuse" if len(names) > 1 else "queue refuses"
        title = f"Redis is low on memory: the {_listed(names)} {refuse} tasks"
        yield Condition("memory_low", "losing", title, names, link="/redis")


def _failing(seen: Seen) -> Iterator[Condition]:
    """Yield each queue that fails too often, the worst first, with its most frequent cause."""
    found = [
        (one, rate)
        for one in seen.queues
        if one.last_minute.failed > 0 and (rate := one.last_minute.failure_rate or 0) >= FAILING
    ]
    for one, rate in sorted(found, key=lambda pair: -pair[0].last_minute.failed):
        cause = _main_cause(seen, one.queue)
        link = _tasks("failed", one.queue) if cause is None else _failures(cause)
        title = f"{one.queue} is failing: {_percent(rate)} in the last minute"
        yield Condition("failing", "losing", title, (one.queue,), rate, cause, link=link)


def _main_cause(seen: Seen, queue: str) -> FailureGroup | None:
    lately = [
        group for group in seen.causes
        if queue in group.queues and seen.now - group.last_seen < RECENT
    ]  # fmt: skip
    lately.sort(key=lambda group: (-group.trend[-1], -group.count))
    return lately[0] if lately else None


def _new_cause(seen: Seen) -> Iterator[Condition]:
    """Yield the new causes as one."""
    if fresh := _new_causes(seen):
        yield _new_cause_of(fresh)


def _new_causes(seen: Seen) -> list[FailureGroup]:
    """Return the new causes without those that a failing queue names."""
    named = {one.cause.fingerprint for one in _failing(seen) if one.cause is not None}
    return [group for group in _fresh(seen) if group.fingerprint not in named]


def _fresh(seen: Seen) -> list[FailureGroup]:
    """Return the causes that were first seen lately, the most frequent first."""
    fresh = [group for group in seen.causes if seen.now - group.first_seen < NEW]
    return sorted(fresh, key=lambda group: -group.count) if seen.queues else []


def _new_cause_of(fresh: Sequence[FailureGroup]) -> Condition:
    first, number = fresh[0], len(fresh)
    title = f"New failure: {_named(first)}"
    if number > 1:
        title = f"{number:,} new causes of failure, the most frequent: {_named(first)}"
    link = "/failures?sort=first" if number > 1 else _failures(first)
    return Condition("new_cause", "losing", title, tuple(first.queues), number, first, link=link)


def _breaker_open(seen: Seen) -> Iterator[Condition]:
    """Yield the types whose breaker holds tasks back, over all queues, as one."""
    queues = [one for one in seen.queues if one.open_breakers]
    if types := _open_breakers(seen):
        named = [*types[:2], f"{len(types) - 2:,} others"] if len(types) > 3 else types
        verb = "is" if len(types) == 1 else "are"
        title = f"{_listed(named)} {verb} held back: too many attempts failed"
        link = f"/types/{quote(types[0], safe='')}" if len(types) == 1 else "/types"
        yield Condition("breaker_open", "losing", title, _names(queues), len(types), link=link)


def _open_breakers(seen: Seen) -> list[str]:
    return list(dict.fromkeys(name for one in seen.queues for name in one.open_breakers))


def _set_aside(seen: Seen) -> Iterator[Condition]:
    queues = [one for one in seen.queues if one.set_aside > 0]
    if queues:
        number = sum(one.set_aside for one in queues)
        title = f"{number:,} {'task is' if number == 1 else 'tasks are'} in quarantine"
        yield Condition("set_aside", "losing", title, _names(queues), number, link="/queues")


def _waiting_long(seen: Seen) -> Iterator[Condition]:
    """Yield each queue whose oldest task waits too long; in a paused one that is expected."""
    found = [
        (one, waited)
        for one in seen.queues
        if one.queued > 0
        and (waited := one.oldest_waiting_s or 0) >= LATE_S
        and not one.paused
        and one.consumers > 0
    ]
    for one, waited in sorted(found, key=lambda pair: -pair[1]):
        yield Condition(
            "waiting_long", "late",
            f"{one.queue} is falling behind: its oldest task has waited {_coarse(waited)}",
            (one.queue,), waited, link=_tasks("waiting", one.queue),
        )  # fmt: skip


def _paused(seen: Seen) -> Iterator[Condition]:
    return (_stopped(one, "paused") for one in seen.queues if one.paused)


def _draining(seen: Seen) -> Iterator[Condition]:
    return (_stopped(one, "draining") for one in seen.queues if one.draining)


def _stopped(one: QueueStats, how: str) -> Condition:
    who = f"by {one.stopped_by}" if one.stopped_by else None
    why = f"{who or ''}: {one.stopped_why}".lstrip(": ") if one.stopped_why else who
    title = f"The {one.queue} queue is {how}"
    return Condition(
        how, "stopped", title, (one.queue,), one.queued, detail=why and escaped(why),
        link="/queues",
    )  # fmt: skip


#: The conditions that webhooks hear of. While Redis does not answer or takes no writes nobody can
#: keep a post; when all queues are paused, each of them is.
CODES = (
    "no_consumer", "data_lost", "queue_full", "memory_low", "failing", "breaker_open", "new_cause",
    "set_aside", "waiting_long", "paused", "draining",
)  # fmt: skip

#: The first condition in this order that holds is the headline.
_RULES: tuple[Callable[[Seen], Iterator[Condition]], ...] = (
    _no_writes, _no_consumer, _all_paused, _data_lost, _queue_full, _memory_low, _failing,
    _breaker_open, _new_cause, _set_aside, _waiting_long, _paused, _draining,
)  # fmt: skip


def _names(queues: Iterable[QueueStats]) -> tuple[str, ...]:
    return tuple(one.queue for one in queues)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _named(group: FailureGroup) -> str:
    """Return a cause for a headline: of its message, what varies is an ellipsis, also a number."""
    message = group.message.replace("#", "…")
    message = message if len(message) <= 60 else f"{message[:59]}…"
    says_something = message.strip("'\"… \t\n") != ""
    return escaped(f"{group.error_type}: {message}" if says_something else group.error_type)


def _failures(group: FailureGroup) -> str:
    return f"/failures?{urlencode({'cause': group.fingerprint})}"


def _tasks(state: str, queue: str) -> str:
    return f"/tasks?q=state:{state}+queue:{quote(queue)}"


def _percent(share: float) -> str:
    """Write a share; never rounded to 100 %, which would hide something."""
    return "100 %" if share == 1 else f"{min(99.9, max(0.1, share * 100)):.1f} %"


def _coarse(seconds: float) -> str:
    """Write a duration of a minute or longer in its two largest units."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"
