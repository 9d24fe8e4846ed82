"""Does every line of Lua matter? `python -m tests.engine.lua_lines [script …]`, an hour.

Drops one statement, one branch or one line of a long statement at a time, in a copy of the
repository, and runs the tests of the scripts there. What no test misses is a survivor: it is
listed, and wants a test or its removal. Not part of the default run; changes no file of ours.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
LUA = Path("huey_tasks/lua")
SCRIPTS = tuple(sorted(file.stem for file in (REPOSITORY / LUA).glob("*.lua")))
NEEDED = ("huey_tasks", "tests", "stack", "web", "app.py", "pyproject.toml")
TESTS = ("test_script_lines.py", "test_scripts.py", "test_model.py")
TIMEOUT_S = 240

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


def run(mutant: Mutant, copy: Path) -> str:
    """What killed it: "parser", "test" or "time"; "" if nothing did."""
    file = copy / LUA / f"{mutant.script}.lua"
    text = file.read_text()
    lines = text.splitlines(keepends=True)
    file.write_text("".join([*lines[: mutant.first - 1], *lines[mutant.last :]]))
    try:
        return _killer(copy)
    finally:
        file.write_text(text)


def _killer(copy: Path) -> str:
    tests = [f"tests/engine/{name}" for name in TESTS]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    process = subprocess.Popen(
        command,
        cwd=copy,
        env={**os.environ, "MODEL_RUN": "short"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # its Redis, which may be in an endless loop, ends with it
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "time"
    finally:
        _end_group(process)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"pytest did not run: {output}")
    parsed = "Error compiling script" not in output
    return "" if process.returncode == 0 else "test" if parsed else "parser"


def _end_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def copy_repository(copy: Path) -> None:
    """Bring what the tests need to another folder."""
    for name in NEEDED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)


def main(scripts: list[str]) -> int:
    """Try all mutants of these scripts; returns how many survive."""
    os.nice(10)
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="duckline-lua-") as folder:
        copy = Path(folder)
        copy_repository(copy)
        if killer := _killer(copy):
            raise SystemExit(f"the tests fail without any change ({killer})")
        for script in scripts:
            for mutant in mutants(script, (copy / LUA / f"{script}.lua").read_text()):
                killer = run(mutant, copy)
                print(f"{killer or 'SURVIVES':8} {mutant}", flush=True)
                survivors += [] if killer else [mutant]
    print(f"\n{len(survivors)} survive", *survivors, sep="\n")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:] or list(SCRIPTS)), 1))
