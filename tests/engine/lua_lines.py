"""Does every line of Lua matter? `python -m tests.engine.lua_lines [script …]`, a quarter hour.

Drops one statement, one branch or one line of a long statement at a time, in a copy of the
repository, and runs the tests of that script there, each time in a fork of a process that has
imported them. What no test misses is a survivor: it is listed, and wants a test or its removal. Not
part of the default run; changes no file of ours.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).parent.parent.parent
LUA = Path("huey_tasks/broker/lua")
SCRIPTS = tuple(
    file.relative_to(REPOSITORY / LUA).with_suffix("").as_posix()
    for file in sorted((REPOSITORY / LUA).rglob("*.lua"))
)
NEEDED = (
    "huey_tasks", "tests", "duckline", "web", "static", "app.py", "gunicorn.conf.py",
    "pyproject.toml",
)  # fmt: skip

#: The tests that look at a script, those first that miss most; of a script that is not here, ALL.
_NAMES = ("script_lines", "scripts", "lease_scripts", "gate_scripts", "cancel_scripts", "model")
ALL = tuple(f"engine/broker/test_{name}.py" for name in _NAMES)
_UNDO = (
    "engine/operations/test_undo.py",
    "engine/operations/test_actions.py",
    "engine/audit/test_audit.py",
)
_FAILURES = (
    "engine/monitoring/test_failures.py",
    "engine/monitoring/test_failure_retry.py",
    "engine/monitoring/test_causes_of_tasks.py",
    "engine/monitoring/test_past_attempts.py",
    "web/failures/test_failures.py",
)
_BLOCKED = ("engine/consumer/test_blocked.py", "engine/consumer/test_suspects.py")
_EVENTS = ("engine/events/test_journal.py", "web/streams/test_task_events.py")
TESTS = {
    "search": ("engine/search/test_search.py", *_FAILURES, "web/tasks/test_search.py"),
    "rows": ("engine/search/test_search.py", "web/tasks/test_search.py"),
    "delete": (*_UNDO, *_FAILURES),
    "restore": (*_UNDO, *_FAILURES),
    "purge": (*_UNDO, *ALL),
    "lib/operations": (*_UNDO, "web/operations/test_actions.py"),
    "failures": _FAILURES,
    "lib/failures": (*_FAILURES, *_UNDO, *ALL),
    "lib/join_group": (*_FAILURES, *_UNDO, *ALL),
    "lib/leave_group": (*_FAILURES, *_UNDO, *ALL),
    "history": ("engine/monitoring/test_history.py", "web/monitoring/test_history.py"),
    "explain": ("engine/monitoring/test_explain.py",),
    "log": (*ALL, "web/monitoring/test_history.py"),
    "emit": _EVENTS,
    "events": _EVENTS,
    "watch": _EVENTS,
    "lib/events": (*_EVENTS, *ALL),
    "lib/watching": _EVENTS,
    "lib/blocked": (*_BLOCKED, *ALL),
    "lib/crashes": (*_BLOCKED, *ALL),
    "knows": _BLOCKED,
    "lib/known_types": (*_BLOCKED, *ALL),
    "lib/wake": (*_BLOCKED, *ALL),
    "lib/locks": (*_BLOCKED, *ALL),
    "step": (*ALL, *_BLOCKED),
    "lib/candidates": (*ALL, *_BLOCKED),
    "lib/claim": (*ALL, *_BLOCKED),
    "lib/commit": (*ALL, *_BLOCKED),
    "lib/endings": (*ALL, *_BLOCKED),
    "lib/log": (*ALL, "web/monitoring/test_history.py"),
}

#: In the environment of the pytest that tries the mutants of one script: its name.
VARIABLE = "LUA_SCRIPT"
PYTEST = ("-o", "addopts=", "-n0", "-p", "no:terminal", "-p", "no:cacheprovider")

#: Seconds that one try takes at least before it counts as endless.
LEAST_S = 30.0

_OPENS = re.compile(r"(if|elseif|for|while|local function)\b(?!.*\bend\)?$)|else$")
_CLOSES = re.compile(r"(end|elseif .*|else)\b")
_NOTHING = re.compile(r"(--.*|end|)$")


@dataclass(frozen=True)
class Mutant:
    """A script without the lines first to last, counted from 1."""

    script: str
    first: int
    last: int
    dropped: str

    def __str__(self) -> str:
        lines = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.script}.lua:{lines}: {self.dropped}"


def mutants(script: str, text: str) -> Iterator[Mutant]:
    """All ways to drop one thing."""
    lines = text.splitlines()
    for first, line in enumerate(lines):
        if _NOTHING.match(line.strip()):
            continue
        last = _end_of_branch(lines, first) if _opens(line) else _end_of_statement(lines, first)
        yield Mutant(script, first + 1, last + 1, line.strip())


def _opens(line: str) -> bool:
    return _OPENS.match(line.strip()) is not None


def _end_of_branch(lines: list[str], first: int) -> int:
    """A block goes with its `end`; one branch of several goes without what follows it."""
    indent = _indent(lines[first])
    last = first + 1
    while _indent(lines[last]) != indent or not _CLOSES.match(lines[last].strip()):
        last += 1
    only_one = not lines[first].strip().startswith("else") and lines[last].strip() == "end"
    return last if only_one else last - 1


def _end_of_statement(lines: list[str], first: int) -> int:
    """Up to the line that closes its last bracket; what starts inside of one ends with its line."""
    open_brackets, last = 0, first
    while True:
        code = lines[last].split("--")[0]
        open_brackets += len(re.findall(r"[({]", code)) - len(re.findall(r"[)}]", code))
        if open_brackets <= 0 or last + 1 == len(lines):
            return last
        last += 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else -1


def pytest_runtestloop(session: pytest.Session) -> bool:
    """In the pytest of one script: try its mutants instead of running the tests once."""
    script = os.environ[VARIABLE]
    # Those that start processes take longest. The one that missed the last line goes first.
    items = sorted(session.items, key=lambda item: "start_consumer" in _fixtures(item))
    begun = time.monotonic()
    if killer := _killer(session, items, 600.0):
        print(f"{items[0].nodeid} fails without any change ({killer})", flush=True)
        pytest.exit("nothing is tried", returncode=3)
    limit_s = max(3 * (time.monotonic() - begun), LEAST_S)
    file = LUA / f"{script}.lua"
    text = file.read_text()
    lines = text.splitlines(keepends=True)
    for mutant in mutants(script, text):
        file.write_text("".join([*lines[: mutant.first - 1], *lines[mutant.last :]]))
        killer = _killer(session, items, limit_s)
        print(f"{killer or 'SURVIVES':8} {mutant}", flush=True)
    file.write_text(text)
    return True


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


def _killer(session: pytest.Session, items: list[pytest.Item], limit_s: float) -> str:
    """What fails now: "test", or "time"; "" if nothing does."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        _run(session, items, theirs)
    os.close(theirs)
    deadline = time.monotonic() + limit_s
    while not (ended := os.waitpid(pid, os.WNOHANG)[0]) and time.monotonic() < deadline:
        time.sleep(0.02)
    if not ended:
        _end(pid)
    failed = os.read(ours, 16) if ended else b""
    os.close(ours)
    if failed:
        items.insert(0, items.pop(int(failed)))
    return "test" if failed else "" if ended else "time"


def _run(session: pytest.Session, items: list[pytest.Item], report_fd: int) -> None:
    """In a fork: run the tests to the first that fails, and say which that is."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for ours in (1, 2):
        os.dup2(nowhere, ours)
    for number, item in enumerate(items):
        # There is always a next one: what the whole session shares ends with this process.
        following = items[(number + 1) % len(items)]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            os.write(report_fd, str(number).encode())
            break
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(0)


def _end(pid: int) -> None:
    """End a fork whose Redis may be in an endless loop, and all that it has started."""
    for process in psutil.Process(pid).children(recursive=True):
        process.kill()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def copy_repository(copy: Path) -> None:
    """Bring what the tests need to another folder."""
    for name in NEEDED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)


def _try(script: str, copy: Path) -> list[str]:
    """Try all mutants of a script; returns the survivors, as they are printed."""
    tests = [f"tests/{name}" for name in TESTS.get(script, ALL)]
    command = [sys.executable, "-m", "pytest", *PYTEST, "-s", "-p", "tests.engine.lua_lines"]
    process = subprocess.Popen(
        [*command, *tests],
        cwd=copy,
        env={**os.environ, "MODEL_RUN": "short", VARIABLE: script},
        stdout=subprocess.PIPE,
        text=True,
    )
    survivors: list[str] = []
    for line in process.stdout or ():
        print(line, end="", flush=True)
        survivors += [line] if line.startswith("SURVIVES ") else []
    if process.wait():
        raise SystemExit(f"pytest did not run for {script}")
    return survivors


def main(scripts: list[str]) -> int:
    """Try all mutants of these scripts; returns how many survive."""
    os.nice(10)
    with tempfile.TemporaryDirectory(prefix="duckline-lua-") as folder:
        copy_repository(Path(folder))
        survivors = [line for script in scripts for line in _try(script, Path(folder))]
    print(f"\n{len(survivors)} survive", *survivors, sep="\n")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:] or list(SCRIPTS)), 1))
