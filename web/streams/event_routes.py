"""`GET /api/tasks/<id>/events` and `GET /api/events`: what happens to tasks, as it happens.

Owns what a stream sends; `sse` writes it. The stream of a task begins with the task as it is, so
nothing that happened before is missing, and each event behind it is sent once. The events come from
the memory of this process (`tq.follow_events`), whatever the number of streams.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import lru_cache

from flask import Response

import huey_tasks as tq
from web.http.reach import check_task, reach
from web.http.redis_deadline import LIMIT_S
from web.http.responses import to_json, write_json
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems
from web.streams.event_views import EventsQuery, FlowEventView, TaskEventView, event_view
from web.streams.sse import EVENT_CONTENT, OF_STREAM, LastEvent, Stream, last_event, message
from web.tasks.schemas import TaskDetail, TaskPath

event_streams = ApiBlueprint("event_streams", "tasks")

#: Events of one piece of text, and seconds between two tries to read a task while Redis is away.
_PIECE, _RETRY_S = 200, 1.0
_AWAY = ": Redis does not answer\n\n"
_OF_TASK = (
    "Server-sent events. `task`: the task as it is, a `TaskDetail`; it replaces all that a client "
    "knows. Behind it, what happens: `state`, `attempt`, `progress`, `log` and `partial`, each an "
    f"`{TaskEventView.__name__}`. The last event is `end`, the task with its result, or `gone` if "
    "the task is not there any more."
)
_OF_ALL = (
    "Server-sent events. `open` comes first; then `state`, `attempt`, `progress`, `log`, `partial` "
    f"and `gone` as they happen, each an `{TaskEventView.__name__}`; `flow`: a flow is in another "
    f"state, a `{FlowEventView.__name__}`. `gap`: events were missed, "
    "because more happened than is kept; read again what matters."
)


@event_streams.get(
    "/tasks/<task:task_id>/events",
    openapi_extensions=OF_STREAM,
    responses={
        200: {"description": _OF_TASK, "content": EVENT_CONTENT},
        204: {"description": "The client has received the last event: there is no other."},
        **problems("task_not_found", "invalid_request", "too_many_streams", "queue_unavailable"),
    },
)
def follow_task(path: TaskPath) -> Response:
    """Follow a task, from now on or behind `Last-Event-ID`, to its end.

    A stream that is cut goes on where it was: no event is missing, none comes twice. If too much
    has happened meanwhile, it begins again with the event `task`.
    """
    came = last_event()
    if came is not None and came.is_end:
        return Response(status=204)
    stream = Stream()
    try:
        check_task(path.task_id)
        following = _TaskStream(path.task_id, stream.follow(path.task_id), came)
        return stream.response(stream.send(following.follower, following.take))
    except BaseException:
        stream.close()
        raise


class _TaskStream:
    """What the stream of one task sends."""

    def __init__(self, task_id: str, follower: tq.Follower, came: LastEvent | None) -> None:
        """Read the task. Raises TaskNotFound, QueueUnavailable."""
        self.follower = follower
        self._task_id = task_id
        self._seen = tq.watch_task(task_id)
        self._begins = came is None or not follower.resume(came.position)
        self._is_gone = False

    def take(self) -> Generator[str, None, bool]:
        """Yield what has happened; return whether that was the end."""
        if self._begins:
            yield from self._begin()
        try:
            events = self.follower.take()
        except tq.Missed:
            self._begins = yield from self._look()
            return (yield from self.take()) if self._begins else self._is_gone
        yield from _texts(event for event in events if event.kind != "gone")
        has_ended = any(event.is_end for event in events)
        if has_ended and not (yield from self._look()):
            return self._is_gone
        if not self._seen.record.status.terminal or not (has_ended or self._is_behind()):
            return False
        yield message("end", self._detail(), self._seen.position, is_end=True)
        return True

    def _begin(self) -> Iterator[str]:
        self._begins = False
        self.follower.begin(self._seen.position)
        if not self._seen.record.status.terminal:
            yield message("task", self._detail(), self._seen.position)

    def _is_behind(self) -> bool:
        """Whether everything has been taken that happened before the task was read."""
        position = self.follower.position
        return position is not None and position >= self._seen.position

    def _look(self) -> Generator[str, None, bool]:
        """Read the task again, however long Redis is away; return whether it is there."""
        while not self.follower.is_stopping:
            try:
                with tq.time_limit(LIMIT_S):
                    self._seen = tq.watch_task(self._task_id)
                return True
            except tq.TaskNotFound:
                self._is_gone = True
                gone = write_json({"task_id": self._task_id})
                yield message("gone", gone, self.follower.position, is_end=True)
                return False
            except tq.QueueUnavailable:
                yield _AWAY
                time.sleep(_RETRY_S)
        return False

    def _detail(self) -> str:
        return to_json(TaskDetail.model_validate(self._seen.record))


@event_streams.get(
    "/events",
    openapi_extensions=OF_STREAM,
    responses={
        200: {"description": _OF_ALL, "content": EVENT_CONTENT},
        **problems("invalid_request", "too_many_streams", "queue_unavailable"),
    },
)
def follow_all(query: EventsQuery) -> Response:
    """Follow what happens to all tasks that a search finds, from now on or behind `Last-Event-ID`.

    A key with a reach follows the tasks, and the flows, that are within it.
    About the last 20,000 events are kept, as long as somebody follows.
    """
    matches = tq.event_filter(query.q, reach())
    came = last_event()
    stream = Stream()
    try:
        follower = stream.follow()
        is_whole = came is not None and follower.resume(came.position)
        if not is_whole:
            follower.begin_now()
        first = "" if is_whole else _mark("gap" if came else "open", follower)
        return stream.response(stream.send(follower, _AllEvents(follower, matches, first).take))
    except BaseException:
        stream.close()
        raise


class _AllEvents:
    """What the stream of all tasks sends, of those that match."""

    def __init__(
        self, follower: tq.Follower, matches: Callable[[tq.TaskEvent], bool], first: str
    ) -> None:
        self._follower, self._matches, self._first = follower, matches, first

    def take(self) -> Generator[str, None, bool]:
        """Yield what has happened; it has no end."""
        if self._first:
            yield self._first
            self._first = ""
        try:
            yield from _texts(event for event in self._follower.take() if self._matches(event))
        except tq.Missed:
            try:
                self._follower.begin_now()
                yield _mark("gap", self._follower)
            except tq.QueueUnavailable:  # the next turn misses them again
                yield _AWAY
                time.sleep(_RETRY_S)
        return False


def _mark(name: str, follower: tq.Follower) -> str:
    return message(name, "{}", follower.position)


def _texts(events: Iterable[tq.TaskEvent]) -> Iterator[str]:
    """Yield events as text, in pieces between which other streams have their turn."""
    texts = [_text(event) for event in events]
    for at in range(0, len(texts), _PIECE):
        yield "".join(texts[at : at + _PIECE])
        time.sleep(0)


@lru_cache(4096)
def _text(event: tq.TaskEvent) -> str:
    return message(event.kind, to_json(event_view(event)), event.position)
