"""Check in a separate process whether the service and the task modules can be imported.

The stack checks once before anything starts, and `make dev` before it restarts on a saved file.
The result is one line about the error. As a program it checks for a gunicorn that was started by
hand: it prints the line and exits with EX_CONFIG.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from duckline.stack.parent_death import end_with
from duckline.stack.process import REFUSAL_MARK, exit_reason

#: Seconds after which an import counts as hanging.
TIMEOUT_S = 60.0

#: What to import: all task types, also those of the user; the same with the web service.
TASKS, SERVICE = "huey_tasks.api.public", "huey_tasks.api.public, web, duckline.app"

#: It reports to a separate pipe, because a module may print, and ends with `_exit`, because a
#: module may have started threads. A line is a word and a text.
PROGRAM = """
import os, sys, traceback
os.set_inheritable(int(sys.argv[1]), False)
def say(word, text):
    os.write(int(sys.argv[1]), f"{word} {text}\\n".encode("utf-8", "replace"))
def say_sources(error=None):
    from duckline.stack.sources import sources
    for file in sources(error):
        say("source", file)
try:
    from huey_tasks.registry import import_watch
    import_watch.say = say
    import %s
    say_sources()
    say("imported", "")
except BaseException as error:
    try:
        say_sources(error)
    finally:
        traceback.print_exception(error)
        sys.stderr.flush()
        os._exit(1)
os._exit(0)
"""
_OUR_ERRORS = "huey_tasks.errors."
_ERRORS_READ = 65_536


@dataclass(frozen=True)
class Checked:
    """The result of a check: why the import fails, what is left out of it, what it reads."""

    problem: str | None
    left_out: tuple[str, ...]
    sources: frozenset[Path]


async def import_problem(
    root: Path,
    env: Mapping[str, str],
    what: str = SERVICE,
    on_slow: Callable[[str], None] = lambda text: None,
) -> str | None:
    """Import `what` from `root` with the children's `env`; return None, or why it fails.

    Call `on_slow` with a line about a module whose import takes long.
    """
    return (await check_import(root, env, what, on_slow)).problem


async def check_import(
    root: Path,
    env: Mapping[str, str],
    what: str = SERVICE,
    on_slow: Callable[[str], None] = lambda text: None,
) -> Checked:
    """Do the same; tell also which modules are left out, and which of the user's files are read."""
    parent = os.getpid()
    reports = _Reports(on_slow)
    with tempfile.TemporaryFile() as errors, reports:
        check = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # import from `root`, whatever the current folder is
            "-c",
            PROGRAM % what,
            str(reports.write_end),
            env=_environment(root, env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            pass_fds=(reports.write_end,),
            process_group=0,  # Ctrl-C goes to the supervisor; another session would be an orphan
            preexec_fn=lambda: end_with(parent),
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await check.wait()
        except TimeoutError:
            return reports.result(f"{reports.where()} has not ended after {TIMEOUT_S:g} s")
        finally:
            await _end(check)
        reports.read()
        if reports.imported:
            return reports.result(None)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _ERRORS_READ))
        text = errors.read().decode("utf-8", "replace")
        if check.returncode == 1 and text.strip():
            return reports.result(_reason(text))
        how = exit_reason(check.returncode or 0)
        return reports.result(f"{reports.where()} ended the process ({how})")


class _Reports:
    """The reports of the check while it imports."""

    def __init__(self, on_slow: Callable[[str], None]) -> None:
        self.imported = False
        self._module = ""
        self._left_out: list[str] = []
        self._sources: set[Path] = set()
        self._rest = ""
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
        """Read the reports that have arrived."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._read_end, 65_536):
                *lines, self._rest = (self._rest + chunk.decode("utf-8", "replace")).split("\n")
                for line in lines:
                    self._take(*line.partition(" ")[::2])

    def _take(self, word: str, text: str) -> None:
        if word in ("slow", "empty"):
            self._on_slow(text)
        elif word == "file":
            self._module = text
        elif word == "broken":
            self._left_out.append(text)
        elif word == "source":
            self._sources.add(Path(text))
        elif word == "imported":
            self.imported = True

    def where(self) -> str:
        """Return what was being imported, as the start of a sentence."""
        return f"{self._module} cannot be imported: it" if self._module else "its import"

    def result(self, problem: str | None) -> Checked:
        """Return the reports with the reason for which the import failed."""
        return Checked(problem, tuple(self._left_out), frozenset(self._sources))


def _environment(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(root), *([inherited] if inherited else [])])
    return {**os.environ, **env, "PYTHONPATH": path}


async def _end(check: asyncio.subprocess.Process) -> None:
    """Kill the check, which may hang, and every process that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(check.pid, signal.SIGKILL)
    await check.wait()


def _reason(errors: str) -> str:
    """Return the line of a traceback that names the error."""
    lines = [line for line in errors.splitlines() if line.strip()]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(_OUR_ERRORS)]
    return (ours or lines)[-1]


def main() -> int:
    """Print why the task modules cannot be imported to stderr; return 0 if they can."""

    def complain(text: str) -> None:
        print(REFUSAL_MARK + text, file=sys.stderr, flush=True)

    root = Path(__file__).resolve().parents[2]
    problem = asyncio.run(import_problem(root, {}, TASKS, complain))
    if problem is None:
        return 0
    complain(problem)
    return os.EX_CONFIG


if __name__ == "__main__":
    sys.exit(main())
