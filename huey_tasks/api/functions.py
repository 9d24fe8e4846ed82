"""Functions: list and find them, invoke one, wait for its answer, see its environments."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from huey_tasks import serializer
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.saved_events import SavedEvents
from huey_tasks.declaration.options import nearest
from huey_tasks.errors import (
    FunctionNotFound,
    SavedEventNotFound,
    TooManySavedEvents,
)
from huey_tasks.functions import arns, event_files
from huey_tasks.functions.arns import Name as FunctionName
from huey_tasks.functions.function import Function, Ignored
from huey_tasks.functions.requirements import Packages, Requirements
from huey_tasks.invocations import dead_letters, destinations, function_types, invoke, patterns
from huey_tasks.invocations.api_settings import UNSET
from huey_tasks.invocations.dead_letters import DeadLetters
from huey_tasks.invocations.function_state import FunctionState, function_state
from huey_tasks.invocations.invocation import Kind
from huey_tasks.invocations.invoke import Invoked
from huey_tasks.queues import BROKERS, CONFIG
from huey_tasks.records import consumers, imports, indexes, outcomes, watchers
from huey_tasks.records.models import TaskState
from huey_tasks.registry import types
from huey_tasks.schedules import of_functions

#: The type at the start of an error as the engine keeps it, and where a frame begins.
_TYPE_OF_ERROR = re.compile(r"([A-Za-z_][\w.]*)[(:]")
_FRAME = re.compile(r"^  File ", re.MULTILINE)

_REQUIREMENTS = Requirements(CONFIG.data_dir / "envs")

#: Test events that are saved for one function, at most.
MOST_SAVED_EVENTS = 50


def list_functions() -> Mapping[str, Function]:
    """Return all functions by name, as they are on disk now; no name of a task type is one."""
    taken = _task_types()
    found = function_types.CATALOGUE.functions()
    return {name: function for name, function in found.items() if name not in taken}


def ignored_files() -> tuple[Ignored, ...]:
    """Return what is in the folders of functions and is none, and why."""
    found = function_types.CATALOGUE.functions()
    taken = [found[name] for name in sorted(_task_types() & found.keys())]
    reason = "a task type has the name '{}'"
    hidden = [Ignored(each.file, reason.format(each.name)) for each in taken]
    return (*function_types.CATALOGUE.ignored(), *hidden)


def _task_types() -> set[str]:
    return {each.name for each in types.task_types()}


def find_function(name: str) -> Function | None:
    """Return the function of that name as it is on disk now, None if there is none."""
    return None if name in _task_types() else function_types.CATALOGUE.find(name)


def notes_of(function: Function) -> list[str]:
    """Return what of a function's settings is not applied, or not as on AWS, a line each."""
    if function.fault is not None:
        return list(function.notes)
    wrong = (patterns.problem_of(pattern) for pattern in function.events)
    return [
        *function.notes,
        *of_functions.problems_of(function, CONFIG),
        *(f"events: {problem}" for problem in wrong if problem),
        *destinations.problems_of(function),
        *_not_emulated(function),
    ]


def _not_emulated(function: Function) -> Iterator[str]:
    if function.durable is not None:
        yield "durable: executions are not kept; it runs once, like any other function"
    if function.debug:
        yield "debug: no debugger listens"


def dead_letters_of(name: str) -> DeadLetters | None:
    """Return the undelivered records of a function on this machine, None if there are none."""
    return dead_letters.kept(CONFIG.data_dir, name)


def packages_of(function: Function) -> Packages:
    """Return whether a function's packages are installed."""
    return _REQUIREMENTS.state(function)


def function_states(functions: Mapping[str, Function]) -> dict[str, FunctionState]:
    """Return whether functions can run, by name, and why not. Raises QueueUnavailable."""
    known = imports.last_imports(BROKERS) if functions else {}
    return {
        name: function_state(function, packages_of(function), known.get(name))
        for name, function in functions.items()
    }


def saved_events(function: str) -> dict[str, Any]:
    """Return the saved test events of a function by name, sorted; one of ours hides a file.

    Raises FunctionNotFound, QueueUnavailable.
    """
    own = {name: json.loads(text) for name, text in _saved(function).all().items()}
    return dict(sorted({**_of_files(function), **own}.items()))


def saved_event(function: str, name: str) -> Any:
    """Return one saved event. Raises FunctionNotFound, SavedEventNotFound, QueueUnavailable."""
    text = _saved(function).get(name)
    if text is not None:
        return json.loads(text)
    of_files = _of_files(function)
    if name not in of_files:
        raise _no_event(function, name)
    return of_files[name]


def save_event(function: str, name: str, event: Any) -> bool:
    """Save an event (any JSON value) under a name; True if the name is new.

    Raises FunctionNotFound, TooManySavedEvents, QueueUnavailable.
    """
    text = json.dumps(event, separators=(",", ":")).encode()
    is_new = _saved(function).put(name, text, MOST_SAVED_EVENTS)
    if is_new is None:
        raise TooManySavedEvents(
            f"The function has {MOST_SAVED_EVENTS} saved events; delete one first."
        )
    return is_new


def delete_saved_event(function: str, name: str) -> None:
    """Delete a saved event. Raises FunctionNotFound, SavedEventNotFound, QueueUnavailable."""
    if not _saved(function).delete(name):
        raise _no_event(function, name)


def _saved(function: str) -> SavedEvents:
    if find_function(function) is None:
        raise FunctionNotFound(f"There is no function '{function[:64]}'.")
    return SavedEvents(BROKERS.first, function)


def _of_files(name: str) -> dict[str, Any]:
    function = find_function(name)
    return {} if function is None else event_files.read(function)


def _no_event(function: str, name: str) -> SavedEventNotFound:
    near = nearest(name, saved_events(function).keys() - {name}) or "."
    return SavedEventNotFound(f"The function '{function}' has no saved event '{name[:64]}'{near}")


def invoke_function(
    name: str,
    event: Any,
    kind: Kind = Kind.ASYNC,
    *,
    task_id: str | None = None,
    named: str | None = None,
    client_context: Any = None,
    depth: int = 0,
    stream: bool = False,
    submitted_by: str = "",
) -> Invoked:
    """Submit an invocation of a function, or of a task type: the event is its payload.

    `event`: any JSON value. `named`: the ARN it was called by; `depth`: of nested calls, 0 from
    outside. `task_id`: the id of the request; a second call with the same finds the first.
    `stream`: `follow_answer` gives what it answers while it runs. `submitted_by`: the name of the
    API key of the caller. Raises UnknownTaskType, InvalidPayload, QueueRefuses, QueueUnavailable.
    """
    return invoke.invoke(
        name,
        event,
        kind,
        task_id=task_id,
        named=named,
        client_context=client_context,
        depth=depth,
        stream=stream,
        submitted_by=submitted_by,
    )


@dataclass(frozen=True)
class FunctionAnswer:
    """The answer of an invocation that has ended.

    `body`: what the function answered, JSON or, if it answered bytes, those. `error`: what it
    failed with, as AWS reports it; then there is no body.
    """

    state: TaskState
    body: bytes
    error: dict[str, Any] | None


def answer_of(task_id: str, queue: str) -> FunctionAnswer | None:
    """Return the answer of an invocation; None as long as it has not ended.

    Raises QueueUnavailable.
    """
    ((state, reason, blob),) = outcomes.ends_of(BROKERS[queue], [], [task_id])
    if not state or not TaskState(state).terminal:
        return None
    outcome = cast(dict[str, Any], serializer.loads(blob)) if blob else {}
    if state == TaskState.SUCCESS:
        return FunctionAnswer(TaskState.SUCCESS, _body_of(outcome), None)
    error = outcome.get("reported") or _error_of_task(reason or state, outcome)
    return FunctionAnswer(TaskState(state), b"", error)


def _body_of(outcome: Mapping[str, Any]) -> bytes:
    value = outcome.get("result")
    if isinstance(value, bytes):
        return value
    if outcome.get("in_pieces") and isinstance(value, str):
        return value.encode()
    return json.dumps(value, ensure_ascii=False).encode()


def _error_of_task(reason: str, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return the error of a task type, or of what never ran to its end, in AWS's form."""
    kind = _TYPE_OF_ERROR.match(outcome.get("error") or "")
    if kind is None:
        return {"errorMessage": reason, "errorType": "Runtime.ExitError"}
    before, *frames = _FRAME.split(outcome.get("traceback") or "")
    indented = re.compile(r"(?:[ ].*(?:\n|$))*")
    trace = [match[0] for each in frames if (match := indented.match(f"  File {each}"))]
    text = frames[-1][len(trace[-1]) - len("  File ") :] if frames else before
    message = text.strip().removeprefix(f"{kind[1]}:").strip() or outcome["error"]
    return {"errorMessage": message, "errorType": kind[1], "stackTrace": trace}


def withdraw(task_id: str, queue: str) -> bool:
    """Remove an invocation that waits and has never started; False: it has, or there is none.

    Raises QueueUnavailable.
    """
    return BROKERS[queue].scripts.withdraw(queue, task_id)


def watch_problem(function: Function) -> str | None:
    """Return what is wrong with the folders that a function watches, None if nothing is known.

    Raises QueueUnavailable.
    """
    return watchers.problem_of(BROKERS[function.queue], function.name) if function.watch else None


def configure_function(
    name: str,
    part: Literal["event_invoke", "concurrency", "url"],
    values: Mapping[str, Any] | None,
    by: Operator | None = None,
    **extras: Any,
) -> None:
    """Set a part of a function's settings, fields of `Function` by name; None: as if never set.

    It applies within a second in all processes, until the files of the function say something else
    about the same part. `extras`: what `function_extras` returns then, any JSON. Raises
    QueueUnavailable.
    """
    chosen = UNSET[part] if values is None else values
    operation = trail.as_argument(BROKERS, Action.FUNCTION_CHANGE, by, name)
    function_types.CATALOGUE.change(name, part, chosen, extras, operation)


def function_extras(function: Function, part: str) -> Mapping[str, Any]:
    """Return the extras of `configure_function`; empty if the files alone say what applies."""
    return function_types.CATALOGUE.extras(function, part)


def function_arn(name: str, qualifier: str | None = None) -> str:
    """Return the ARN of a function, or of its version or alias `qualifier`."""
    return arns.arn(CONFIG.aws_region, CONFIG.aws_account_id, name, qualifier)


def parse_function_name(text: str, qualifier: str | None = None) -> FunctionName:
    """Return the function that a name, a partial or a whole ARN stands for. Raises BadName."""
    return arns.parse_name(text, qualifier, CONFIG.aws_region)


def is_at_limit(name: str) -> bool:
    """Return whether as many invocations of a function run as its reserved concurrency allows.

    A task type has no such limit. Raises QueueUnavailable.
    """
    function = find_function(name)
    most = None if function is None else function.reserved_concurrency
    if most is None:
        return False
    return most == 0 or sum(indexes.running(each, name) for each in BROKERS.values()) >= most


def list_environments() -> list[dict[str, Any]]:
    """Return the live environments of all function hosts.

    Each: `function`, `pid`, `environment` (id), `version`, `invocations`, `started_at` (epoch
    seconds), `busy`, `queue`, `memory_mb` (None where that is unknown). Raises QueueUnavailable.
    """
    return [each for broker in BROKERS.values() for each in consumers.environments(broker)]
