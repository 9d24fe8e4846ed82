"""`duckline run <type> [<json>]`: one task in the foreground, for a debugger and for a first try.

The result is one line of JSON on stdout; all else goes to stderr: what the task logs and prints,
its traceback, the prompt of `breakpoint()`. Exit statuses: 0 the task has returned; 1 it has
raised; 65 (EX_DATAERR of sysexits.h) the type or the payload is wrong; 78 (EX_CONFIG) a setting or
a task module is; 130 Ctrl-C.
"""

import bdb
import contextlib
import json
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

_OURS = Path(__file__).resolve().parent.parent


def run(task_type: str, text: str) -> int:
    """Run a task and print its result. `text`: its payload as JSON, "-" for stdin."""
    from huey_tasks.config import Config
    from huey_tasks.errors import InvalidPayload, UnknownTaskType

    with contextlib.redirect_stdout(sys.stderr):  # what the import and the task print
        import huey_tasks
        from huey_tasks import logs

        huey_tasks.task  # noqa: B018  registers the task types
        logs.configure(Config.from_env(), sys.stderr)
        from huey_tasks.consumer.foreground import run_here

        try:
            result = run_here(task_type, _payload(text))
        except (_Unreadable, UnknownTaskType, InvalidPayload) as error:
            return _refused(str(error))
        except KeyboardInterrupt:
            return 130
        except bdb.BdbQuit:
            print("duckline: left the debugger", file=sys.stderr)
            return 1
        except BaseException as error:  # also SystemExit: it is the task that has ended
            _print_traceback(error)
            return 1
    print(result)
    return 0


class _Unreadable(Exception):
    """The payload is no JSON object."""


def _payload(text: str) -> dict[str, Any]:
    shown = sys.stdin.read() if text == "-" else text
    try:
        payload: Any = json.loads(shown)
    except ValueError as error:
        raise _Unreadable(f"the payload is not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise _Unreadable('the payload is not an object, such as {"n": 1}')
    return payload


def _refused(line: str) -> int:
    print(f"duckline: {' '.join(line.split())}", file=sys.stderr)
    return os.EX_DATAERR


def _print_traceback(error: BaseException) -> None:
    """Print the traceback from the task's own first line on."""
    step: TracebackType | None = error.__traceback__
    while step is not None and _is_ours(step.tb_frame.f_code.co_filename):
        step = step.tb_next
    traceback.print_exception(type(error), error, step or error.__traceback__)


def _is_ours(file: str) -> bool:
    ours = (_OURS / "huey_tasks", _OURS / "duckline")
    path = Path(file)
    return any(path.is_relative_to(folder) for folder in ours) or path.parent.name == "huey"
