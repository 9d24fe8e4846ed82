"""`duckline invoke <function> [<json>]`: call a function of a running service, and see all of it.

The answer is one line of JSON on stdout; the log and the receipt go to stderr. Exit statuses: 0 the
function has answered; 1 it has failed, and the answer is its error; 2 there is no such function; 65
(EX_DATAERR of sysexits.h) the event is not JSON or too large; 69 (EX_UNAVAILABLE) the service does
not run, or did not answer in time; 130 Ctrl-C, after which the function goes on.
"""

import contextlib
import difflib
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from duckline.own_command import own_command, start_command

if TYPE_CHECKING:
    import huey_tasks as tq

#: Seconds between two looks at the log.
LOOK_S = 0.2
#: The status for a function that does not exist.
NO_FUNCTION = 2


def invoke(name: str, text: str) -> int:
    """Invoke a function and print what comes of it. `text`: the event as JSON, "-" for stdin.

    Raises ConfigError, StartRefused, QueueUnavailable.
    """
    from duckline.stack import running_redis
    from huey_tasks.config import Config

    os.environ |= running_redis.settings_beside(Config.from_env())

    with contextlib.redirect_stdout(sys.stderr):  # what the import of task modules prints
        import huey_tasks as tq

        tq.task  # noqa: B018  registers the task types
    event = sys.stdin.read() if text == "-" else text
    refused = _refusal(tq, name, event)
    if refused is not None:
        line, status = refused
        print(f"duckline: {line}", file=sys.stderr)
        return status
    invoked = tq.invoke_function(name, json.loads(event), tq.Kind.SYNC)
    try:
        return _follow(tq, invoked.task_id, invoked.queue)
    except KeyboardInterrupt:
        print(f"duckline: {name} goes on, as task {invoked.task_id}", file=sys.stderr)
        return 130


def _refusal(tq: Any, name: str, event: str) -> tuple[str, int] | None:
    """Return why the function is not invoked, and the exit status."""
    try:
        json.loads(event, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        return f"the event is not JSON: {error}", os.EX_DATAERR
    most = tq.CONFIG.lambda_max_sync_bytes
    if len(event.encode(errors="replace")) > most:
        return f"the event has more than {most:,} bytes, LAMBDA_MAX_SYNC_BYTES", os.EX_DATAERR
    function = tq.find_function(name)
    if function is None:
        return _why_there_is_none(tq, name), NO_FUNCTION
    if not any(consumer.queue == function.queue for consumer in tq.consumers()):
        queue = function.queue
        line = f"no consumer of queue {queue} runs; start it: {start_command()}"
        return line, os.EX_UNAVAILABLE
    return None


def _why_there_is_none(tq: Any, name: str) -> str:
    if any(known.name == name for known in tq.task_types()):
        shown = f"{own_command()} run {name} '{{…}}'"
        return f"'{name}' is a task type and no function; {shown} runs it here"
    for ignored in tq.ignored_files():
        if ignored.path.stem == name:
            return f"{ignored.path} is no function: {ignored.reason}"
    folders = [path.expanduser().absolute() for path in tq.CONFIG.functions_path]
    where = ":".join(str(folder) for folder in folders)
    none = f"there is no function '{name[:64]}' in {where}"
    if not any(folder.is_dir() for folder in folders):
        return f"{none}, and no such folder; FUNCTIONS_PATH names another"
    near = difflib.get_close_matches(name, tq.list_functions(), n=1)
    return f"{none}; did you mean '{near[0]}'?" if near else none


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _follow(tq: Any, task_id: str, queue: str) -> int:
    """Print the log as it comes, then the receipt and the answer; return the exit status."""
    until = time.monotonic() + tq.CONFIG.lambda_wait_s
    log = _Log()
    while (answer := tq.answer_of(task_id, queue)) is None:
        if time.monotonic() > until:
            print(f"duckline: it has not ended in time; it is task {task_id}", file=sys.stderr)
            return os.EX_UNAVAILABLE
        tq.wait_for_end(task_id, LOOK_S)
        log.show(tq.get_task(task_id))
    record = tq.get_task(task_id)
    log.show(record)
    for line in _receipts(record):
        print(line, file=sys.stderr)
    if answer.error is None:
        sys.stdout.buffer.write(answer.body + b"\n")
    else:
        print(json.dumps(answer.error, ensure_ascii=False))
    sys.stdout.flush()
    return int(answer.error is not None)


class _Log:
    """Shows each line of a task's log once; it has the last 500 lines only."""

    def __init__(self) -> None:
        self._seen: list[Any] = []

    def show(self, record: "tq.TaskRecord") -> None:
        lines = list(record.log)
        new = lines[_overlap(self._seen, lines) :]
        for line in new:
            print(line.text, file=sys.stderr)
        self._seen = lines


def _overlap(before: list[Any], now: list[Any]) -> int:
    """Return how many of the lines were there before: the end of `before` begins `now`."""
    for start in range(len(before)):
        if before[start:] == now[: len(before) - start]:
            return len(before) - start
    return 0


def _receipts(record: "tq.TaskRecord") -> Iterator[str]:
    for attempt in record.attempts:
        used = attempt.receipt
        if used is None:
            continue
        start = "cold" if used["cold"] else "warm"
        if used["init_ms"] is not None:  # it is unknown of a function that could not be imported
            start = f"{start}, {used['init_ms']:g} ms to start"
        peak = "" if used["max_memory_mb"] is None else f"{used['max_memory_mb']:g} of "
        yield (
            f"{record.task_type}: {used['duration_ms']:g} ms, billed {used['billed_ms']:g} ms, "
            f"{peak}{used['memory_mb']:g} MB, {start}; task {record.task_id}"
        )
