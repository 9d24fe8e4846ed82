"""Whether what was just saved can be imported, asked in a process of its own.

Owns the question and the one line of its answer; what follows from it is reloader.py's.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.process import end_with

TIMEOUT_S = 30.0
# The tasks with those of TASKS_PATH, then what serves them.
PROGRAM = "import huey_tasks.face, web, app"
OUR_ERRORS = "huey_tasks.errors."


async def import_problem(root: Path, env: Mapping[str, str]) -> str | None:
    """Import the service of `root` with the children's `env`; return None or why it fails."""
    parent = os.getpid()
    inherited = os.environ.get("PYTHONPATH")
    check = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the service of `root`, wherever we were started
        "-c",
        PROGRAM,
        env={
            **os.environ,
            **env,
            "PYTHONPATH": os.pathsep.join([str(root), *([inherited] if inherited else [])]),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is the supervisor's
        preexec_fn=lambda: end_with(parent),
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, errors = await check.communicate()
    except TimeoutError:
        return f"its import has not ended after {TIMEOUT_S:g} s"
    finally:
        await _end(check)
    return _reason(errors.decode("utf-8", "replace")) if check.returncode else None


async def _end(check: asyncio.subprocess.Process) -> None:
    if check.returncode is None:  # it hangs, or the stack is stopping
        os.killpg(check.pid, signal.SIGKILL)
        await check.communicate()


def _reason(errors: str) -> str:
    """Pick the line of a traceback that says what is wrong."""
    lines = [line for line in errors.splitlines() if line.strip()] or ["it gave no reason"]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(OUR_ERRORS)]
    return (ours or lines)[-1]
