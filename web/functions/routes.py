"""Functions over HTTP: list them, read one, its source and its saved events."""

from flask import Response, request

import huey_tasks as tq
from huey_tasks.errors import Problem
from web.functions.event_templates import TEMPLATES
from web.functions.schemas import (
    EventList,
    EventPath,
    EventView,
    FunctionDetail,
    FunctionList,
    FunctionPath,
    IgnoredView,
    SavedEventBody,
    SourceView,
)
from web.functions.views import Known
from web.http.errors import InvalidRequest
from web.http.reach import reach
from web.http.responses import JsonAnswer, respond
from web.openapi.answers import no_content, ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems

functions = ApiBlueprint("functions", "functions")

#: Bytes. A longer file is not shown, a longer event is not saved.
MAX_SOURCE_BYTES = 1024 * 1024
MAX_EVENT_BYTES = 64 * 1024
#: Characters.
MAX_EVENT_NAME = 64


@functions.get(
    "/functions",
    responses={**ok(200, FunctionList, "The functions."), **problems("queue_unavailable")},
)
def list_functions() -> Response:
    """List the functions as they are on disk now, and what in their folders is none."""
    found = tq.list_functions()
    known = Known.of(found)
    return respond(
        FunctionList(
            functions=[known.view(each) for each in found.values()],
            ignored=[
                IgnoredView(path=str(each.path), reason=each.reason) for each in tq.ignored_files()
            ],
            folders=[str(path.expanduser().absolute()) for path in tq.CONFIG.functions_path],
        )
    )


@functions.get(
    "/functions/<name>",
    responses={
        **ok(200, FunctionDetail, "The function as it is on disk now."),
        **problems("function_not_found", "queue_unavailable"),
    },
)
def read_function(path: FunctionPath) -> Response:
    """Read a function: its state, its settings, its environments and what it did lately."""
    function = named(path.name)
    return respond(Known.of({function.name: function}).detail(function))


@functions.get(
    "/functions/<name>/source",
    responses={
        **ok(200, SourceView, "The file with the handler."),
        **problems("function_not_found"),
    },
)
def read_source(path: FunctionPath) -> Response:
    """Read the file with the handler of a function; no other file can be read."""
    function = named(path.name)
    try:
        with function.file.open("rb") as file:
            raw = file.read(MAX_SOURCE_BYTES + 1)
    except OSError:  # it is being replaced, or has just gone
        raw = b"\0"
    is_text = b"\0" not in raw and len(raw) <= MAX_SOURCE_BYTES
    text = raw.decode(errors="replace") if is_text else None
    return respond(SourceView(file=str(function.file), text=text, hash=function.version))


@functions.get(
    "/functions/<name>/events",
    responses={
        **ok(200, EventList, "The saved events by name, and the templates."),
        **problems("function_not_found", "queue_unavailable"),
    },
)
def list_events(path: FunctionPath) -> Response:
    """List the saved test events of a function, and templates of what AWS sends."""
    saved = tq.saved_events(named(path.name).name)
    return respond(EventList(events=_views(saved), templates=_views(TEMPLATES)))


@functions.get(
    "/functions/<name>/events/<event>",
    responses={
        **ok(200, EventView, "The event."),
        **problems("function_not_found", "saved_event_not_found", "queue_unavailable"),
    },
)
def read_event(path: EventPath) -> Response:
    """Read a saved event."""
    event = tq.saved_event(named(path.name).name, path.event)
    return respond(EventView(name=path.event, event=event))


@functions.put(
    "/functions/<name>/events/<event>",
    responses={
        **ok(200, EventView, "The event, which existed."),
        **ok(201, EventView, "The event, which is new."),
        **problems(
            *BODY_PROBLEMS,
            "invalid_request",
            "function_not_found",
            "too_many_saved_events",
            "queue_unavailable",
        ),
    },
)
def save_event(path: EventPath, body: SavedEventBody) -> Response:
    """Save a test event of a function: at most 50, each at most 64 kB."""
    _check_event(path.event)
    is_new = tq.save_event(named(path.name).name, path.event, body.event)
    view = EventView(name=path.event, event=body.event)
    return respond(view, 201 if is_new else 200)


@functions.delete(
    "/functions/<name>/events/<event>",
    responses={
        **no_content("The event is deleted."),
        **problems(
            "cross_site", "function_not_found", "saved_event_not_found", "queue_unavailable"
        ),
    },
)
def delete_event(path: EventPath) -> Response:
    """Delete a saved event."""
    tq.delete_saved_event(named(path.name).name, path.event)
    return JsonAnswer("", 204, {})


def named(name: str) -> tq.Function:
    """Return the function of that name as it is now. Raises FunctionNotFound."""
    function = tq.find_function(name)
    if function is None:
        unknown = "Its file was moved or deleted, or the name is wrong."
        # Paths, and the names of others, are not for a key that does not reach them.
        why = (tq.why_no_function(name) if reach().is_whole else "") or unknown
        raise tq.FunctionNotFound(f"There is no function '{name[:64]}'. {why}")
    return function


def _check_event(name: str) -> None:
    """Raise InvalidRequest for a name that cannot be shown, or an event that is too large."""
    if not 0 < len(name) <= MAX_EVENT_NAME or not tq.is_plain(name):
        problem = Problem("/name", "name", f"A name has 1 to {MAX_EVENT_NAME} visible characters.")
        raise InvalidRequest("The name of the event cannot be used.", [problem])
    if (request.content_length or 0) > MAX_EVENT_BYTES:
        problem = Problem("/event", "too_long", f"An event has at most {MAX_EVENT_BYTES:,} bytes.")
        raise InvalidRequest("The event is too large.", [problem])


def _views(events: dict[str, object]) -> list[EventView]:
    return [EventView(name=name, event=event) for name, event in events.items()]
