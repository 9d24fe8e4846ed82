"""A search as a filter of events: only its words that an event can answer by itself."""

import json
from collections.abc import Callable

from huey_tasks.access.roles import EVERYTHING, Reach
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.records.events import FLOW, TaskEvent
from huey_tasks.search.query import Term, parse

_CHECKS: dict[str, Callable[[TaskEvent, str], bool]] = {
    "state": lambda event, value: event.task.state == value,
    "queue": lambda event, value: event.queue == value,
    "type": lambda event, value: event.task.type == value,
    "tag": lambda event, value: value in event.task.tags,
    "worker": lambda event, value: _is_worker(event.task.worker or "", value),
    "id": lambda event, value: event.task_id.startswith(value),
    "flow": lambda event, value: event.task.flow_id == value,
}


def event_filter(q: str, reach: Reach = EVERYTHING) -> Callable[[TaskEvent], bool]:
    """Return whether an event is of a task that a search finds, as the task was then.

    Only of tasks within `reach`, and of flows of which all nodes are. An event carries no payload,
    result or time of submission. Raises InvalidQuery for a search that asks for those, and for one
    that cannot be parsed.
    """
    terms = parse(q).terms
    problems = [Problem("/q", "not_live", _refusal(term)) for term in terms if not _answers(term)]
    if problems:
        raise InvalidQuery(problems)
    wanted: dict[str, list[str]] = {}
    for term in terms:
        if not term.unwanted:
            wanted.setdefault(term.word, []).append(term.value)
    unwanted = [(term.word, term.value) for term in terms if term.unwanted]

    def matches(event: TaskEvent) -> bool:
        return (
            all(any(_CHECKS[word](event, value) for value in of) for word, of in wanted.items())
            and not any(_CHECKS[word](event, value) for word, value in unwanted)
            and (reach.is_whole or _is_within(event, reach))
        )

    return matches


def _is_within(event: TaskEvent, reach: Reach) -> bool:
    if event.kind != FLOW:
        return reach.has_all([event.task.type], [event.queue])
    types, queues = ((event.detail or {}).get(name) or '[""]' for name in ("types", "queues"))
    return reach.has_all(json.loads(types), json.loads(queues))


def _answers(term: Term) -> bool:
    return not term.path and term.word in _CHECKS


def _refusal(term: Term) -> str:
    word = "payload." if term.path else "" if term.word == "any" else f"{term.word}:"
    what = f"'{word}'" if word else "Text without a word before it"
    return f"{what} cannot filter events, which carry: {', '.join(_CHECKS)}."


def _is_worker(worker: str, value: str) -> bool:
    return worker.startswith(value) and worker[len(value) : len(value) + 1] in ("", "@", "-", "/")
