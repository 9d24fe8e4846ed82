"""Whether the service and the task modules can be imported, asked in a process of its own.

Asked once before anything starts, and by `make dev` before it restarts on what was just saved.
Owns the question and the one line of its answer; what follows from it is for those who ask. As a
program it asks for a gunicorn that was started by hand: it prints the line, and exits with
EX_CONFIG.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from stack.process import REFUSAL_MARK, end_with, exit_reason

#: Seconds. A module may load what it needs; what takes longer hangs.
TIMEOUT_S = 60.0

#: The tasks with those of TASKS_PATH; and with what serves them.
TASKS, SERVICE = "huey_tasks.api.public", "huey_tasks.api.public, web, app"

#: It reports to a pipe of its own, because what it imports may print, and ends by `_exit`, because
#: what it imports may have begun threads. A word and a text are a line.
PROGRAM = """
import os, sys, traceback
os.set_inheritable(int(sys.argv[1]), False)
def say(word, text):
    os.write(int(sys.argv[1]), f"{word} {text}\\n".encode("utf-8", "replace"))
try:
    from huey_tasks.registry import loading
    loading.say = say
    import %s
    say("imported", "")
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)
os._exit(0)
"""
_OUR_ERRORS = "huey_tasks.errors."
_ERRORS_READ = 65_536


async def import_problem(
    root: Path,
    env: Mapping[str, str],
    what: str = SERVICE,
    on_slow: Callable[[str], None] = lambda text: None,
) -> str | None:
    """Import `what` of `root` with the children's `env`; return None or why it fails.

    `on_slow` hears of a module whose import takes long.
    """
    parent = os.getpid()
    reports = _Reports(on_slow)
    with tempfile.TemporaryFile() as errors, reports:
        check = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the service of `root`, wherever we were started
            "-c",
            PROGRAM % what,
            str(reports.write_end),
            env=_environment(root, env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            pass_fds=(reports.write_end,),
            start_new_session=True,  # Ctrl-C is the supervisor's
            preexec_fn=lambda: end_with(parent),
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await check.wait()
        except TimeoutError:
            return f"{reports.where()} has not ended after {TIMEOUT_S:g} s"
        finally:
            await _end(check)
        reports.read()
        if reports.imported:
            return None
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _ERRORS_READ))
        text = errors.read().decode("utf-8", "replace")
        if check.returncode == 1 and text.strip():
            return _reason(text)
        return f"{reports.where()} ended the process ({exit_reason(check.returncode or 0)})"


class _Reports:
    """What the check says while it imports."""

    def __init__(self, on_slow: Callable[[str], None]) -> None:
        self.imported = False
        self._file = ""
        self._on_slow = on_slow
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)

    def __enter__(self) -> None:
        asyncio.get_running_loop().add_reader(self._read_end, self.read)

    def __exit__(self, *error: object) -> None:
        asyncio.get_running_loop().remove_reader(self._read_end)
        os.close(self._read_end)
        os.close(self.write_end)

    def read(self) -> None:
        """Take in what has come."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._read_end, 65_536):
                for line in chunk.decode("utf-8", "replace").splitlines():
                    self._take(*line.partition(" ")[::2])

    def _take(self, word: str, text: str) -> None:
        if word == "slow":
            self._on_slow(text)
        elif word == "file":
            self._file = text
        elif word == "imported":
            self.imported = True

    def where(self) -> str:
        """What was being imported, as the beginning of a sentence."""
        return f"TASKS_PATH: {self._file} cannot be imported: it" if self._file else "its import"


def _environment(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(root), *([inherited] if inherited else [])])
    return {**os.environ, **env, "PYTHONPATH": path}


async def _end(check: asyncio.subprocess.Process) -> None:
    """End it, if it hangs or the stack is stopping, and whatever it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(check.pid, signal.SIGKILL)
    await check.wait()


def _reason(errors: str) -> str:
    """Pick the line of a traceback that says what is wrong."""
    lines = [line for line in errors.splitlines() if line.strip()]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(_OUR_ERRORS)]
    return (ours or lines)[-1]


def main() -> int:
    """Say on stderr why the task modules cannot be imported; 0 if they can."""

    def complain(text: str) -> None:
        print(REFUSAL_MARK + text, file=sys.stderr, flush=True)

    root = Path(__file__).resolve().parent.parent
    problem = asyncio.run(import_problem(root, {}, TASKS, complain))
    if problem is None:
        return 0
    complain(problem)
    return os.EX_CONFIG


if __name__ == "__main__":
    sys.exit(main())
