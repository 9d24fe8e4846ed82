"""What the client can do: one generator for each call, for `Client` and `AsyncClient` alike."""

import math
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from duckline_client.errors import (
    Conflict,
    TaskFailed,
    UnexpectedAnswer,
    WaitTimeout,
)
from duckline_client.exchange import Call, Operation, Pause, RetryPolicy, exchange, json_of
from duckline_client.models import Refused, Stats, Submitted, Task, read_item
from duckline_client.new_task import NewTask, chunks, encode, fields
from duckline_client.streams import Stream

#: The longest that the service holds an answer.
_LONGEST_WAIT_S = 30.0
#: The least time that an answer has, however short its caller's time is.
_LOOK_S = 2.0
_JSON = {"Content-Type": "application/json"}
#: Codes of items of a bulk that were refused only for now.
_FOR_NOW = frozenset(
    {"queue_unavailable", "service_busy", "queue_draining", "queue_full", "memory_low"}
)

BulkItem = Submitted | Refused


class Page(NamedTuple):
    """One page of a search, and where the next one begins."""

    tasks: list[Task]
    next_cursor: str | None


def submit(task: NewTask, key: str | None, policy: RetryPolicy) -> Operation[Submitted]:
    """Submit one task, once."""
    headers = {**_JSON, "Idempotency-Key": _key(key)}
    call = Call("POST", "/api/tasks/submit", content=task.encode(), headers=headers)
    response = yield from exchange(call, policy)
    return Submitted.read(json_of(response))


def submit_many(
    tasks: Iterable[NewTask], chunk_size: int, key: str | None, policy: RetryPolicy
) -> Operation[list[BulkItem]]:
    """Submit tasks chunk by chunk; one outcome for each, in their order."""
    base, outcomes = _key(key), list[BulkItem]()
    if chunk_size < 1:
        raise ValueError("chunk_size is at least 1")
    for number, chunk in enumerate(chunks(tasks, chunk_size)):
        outcomes += yield from _submit_chunk(chunk, f"{base}/{number}", policy)
    return outcomes


def _submit_chunk(lines: list[bytes], key: str, policy: RetryPolicy) -> Operation[list[BulkItem]]:
    """Submit one chunk, again while some of it was refused only for now."""
    content = b"[" + b",".join(lines) + b"]"
    headers = {**_JSON, "Idempotency-Key": key}
    call = Call("POST", "/api/tasks/bulk", content=content, headers=headers)
    deadline, tries = time.monotonic() + policy.time_limit_s, 0
    while True:
        left = replace(policy, time_limit_s=max(0.0, deadline - time.monotonic()))
        items = json_of((yield from exchange(call, left)))
        if not isinstance(items, list) or len(cast(list[Any], items)) != len(lines):
            raise UnexpectedAnswer("the answer to a bulk has one item for each task")
        outcomes = [read_item(item) for item in cast(list[Any], items)]
        tries += 1
        pause_s = policy.pause_s(tries, None)
        for_now = any(isinstance(one, Refused) and one.code in _FOR_NOW for one in outcomes)
        if not for_now or time.monotonic() + pause_s > deadline:
            return outcomes
        yield Pause(pause_s)


def get(
    task_id: str, policy: RetryPolicy, wait_s: float = 0.0, usual_s: float = math.inf
) -> Operation[Task]:
    """Read a task, at its end or after `wait_s` seconds."""
    params = {"wait": f"{wait_s:.3f}"} if wait_s else {}
    call = Call("GET", _path(task_id), params, extra_s=wait_s, usual_s=usual_s)
    response = yield from exchange(call, policy)
    return Task.read(json_of(response))


def wait(task_id: str, timeout_s: float | None, policy: RetryPolicy) -> Operation[Task]:
    """Read a task until it has ended; raises WaitTimeout, with how it is then.

    A service that is silent is a ConnectionFailed within the same time, or two seconds later.
    """
    deadline = time.monotonic() + (math.inf if timeout_s is None else max(0.0, timeout_s))
    while True:
        left_s = max(0.0, deadline - time.monotonic())
        patience = replace(policy, time_limit_s=min(policy.time_limit_s, left_s))
        wait_s = min(left_s, _LONGEST_WAIT_S)
        task = yield from get(task_id, patience, wait_s, left_s - wait_s + _LOOK_S)
        if task.finished:
            return task
        if time.monotonic() >= deadline:
            raise WaitTimeout(task)


def result(task_id: str, timeout_s: float | None, policy: RetryPolicy) -> Operation[Any]:
    """Wait for a task and return what its function returned; raises TaskFailed."""
    task = yield from wait(task_id, timeout_s, policy)
    if not task.succeeded:
        raise TaskFailed(task)
    return task.result


def cancel(task_id: str, reason: str | None, policy: RetryPolicy) -> Operation[None]:
    """Cancel a task. One that is cancelled already is fine: the first answer may have been lost."""
    params = {"reason": reason} if reason else {}
    try:
        yield from exchange(Call("DELETE", f"{_path(task_id)}/cancel", params), policy)
    except Conflict:
        task = yield from get(task_id, policy)
        if task.status != "REVOKED":
            raise


def retry(task_id: str, reason: str | None, policy: RetryPolicy) -> Operation[Submitted]:
    """Submit an ended task again; a repeated call answers the same new task."""
    content = encode({"reason": reason} if reason else {})
    call = Call("POST", f"{_path(task_id)}/retry", content=content, headers=_JSON)
    response = yield from exchange(call, policy)
    return Submitted.read(json_of(response))


def change(task_id: str, changes: Mapping[str, Any], policy: RetryPolicy) -> Operation[Task]:
    """Change a task that waits."""
    content = encode(fields(changes))
    call = Call("PATCH", _path(task_id), content=content, headers=_JSON)
    response = yield from exchange(call, policy)
    return Task.read(json_of(response))


def search(params: dict[str, str], cursor: str | None, policy: RetryPolicy) -> Operation[Page]:
    """Read one page of a search."""
    at = {"cursor": cursor} if cursor else {}
    body = json_of((yield from exchange(Call("GET", "/api/tasks", {**params, **at}), policy)))
    page = cast(dict[str, Any], body) if isinstance(body, dict) else {}
    if not isinstance(page.get("tasks"), list):
        raise UnexpectedAnswer("a page has `tasks`")
    return Page([Task.read(one) for one in page["tasks"]], page.get("next_cursor"))


def stream(task_id: str) -> Stream:
    """Follow one task."""
    return Stream(f"{_path(task_id)}/events")


def stream_all(q: str) -> Stream:
    """Follow all tasks that a search finds."""
    return Stream("/api/events", {"q": q} if q else {})


def stats(policy: RetryPolicy) -> Operation[Stats]:
    """Read the counts of the service."""
    response = yield from exchange(Call("GET", "/api/workers/stats"), policy)
    return Stats.read(json_of(response))


def _key(key: str | None) -> str:
    if key is None:
        return str(uuid.uuid4())
    if not key.isascii() or not key.isprintable() or " " in key or not 1 <= len(key) <= 240:
        raise ValueError("an idempotency key is 1 to 240 visible ASCII characters")
    return key


def _path(task_id: str) -> str:
    if not task_id.strip("."):
        raise ValueError("a task id is not empty")
    return f"/api/tasks/{quote(task_id, safe='')}"
