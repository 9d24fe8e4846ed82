"""How long after its end a task is answered to who waits for it: `GET /api/tasks/<id>?wait=10`.

From the commit, which Redis dates in whole milliseconds, to the last byte of the answer at a client
that keeps its connection; nothing else goes on. A plain GET of the same task stands beside it.
"""

import contextlib
import datetime as dt
import http.client
import json
import time
from typing import Any

import huey_tasks as tq
from benchmarks.promises.arena import Arena
from benchmarks.promises.promise import Promise, seconds_to_ms
from benchmarks.promises.recovery import start

#: Seconds. How long a task runs: its caller waits long before it ends.
TASK_S = 0.1

#: Seconds. Far longer than that.
WAIT_S = 10


def of_callers(arena: Arena, waits: int) -> list[Promise]:
    """Wait for one task after the other."""
    start(arena, "one")
    port = arena.serve()
    late: list[float] = []
    plain: list[float] = []
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        for _ in range(waits):
            path = f"/api/tasks/{tq.submit('keep_busy', {'seconds': TASK_S}).task_id}"
            asked_at = time.time()
            task = _get(client, f"{path}?wait={WAIT_S}")
            answered_at = time.time()
            late.append(answered_at - _ended_at(task, asked_at))
            _get(client, path)
            plain.append(time.time() - answered_at)
    arena.stop_all()
    return [
        Promise("end of a task to the answer, ?wait=", seconds_to_ms(late)),
        Promise("the same task, a plain GET", seconds_to_ms(plain)),
    ]


def _get(client: http.client.HTTPConnection, path: str) -> dict[str, Any]:
    client.request("GET", path)
    answer = client.getresponse()
    body = json.loads(answer.read())
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"GET {path} is answered with {answer.status}: {body}")
    return body


def _ended_at(task: dict[str, Any], asked_at: float) -> float:
    """The Unix time of its end. Raises RuntimeError when nobody had to wait for it."""
    if task["status"] != "SUCCESS":
        raise RuntimeError(f"the task is {task['status']}")
    ended_at = dt.datetime.fromisoformat(task["finished_at"]).timestamp()
    if ended_at < asked_at:
        raise RuntimeError("the task had ended before it was asked for")
    return ended_at
