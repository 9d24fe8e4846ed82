"""`run`: one task in the foreground; its result on stdout, all else on stderr."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.running import ROOT

TASKS = """
import datetime as dt
import logging
import sys
from pydantic import BaseModel
from huey_tasks import current_task, low, task

STARTED = []

@low.on_startup()
def start() -> None:
    STARTED.append(1)

class Item(BaseModel):
    name: str
    price: float

@task
def total(items: list[Item], day: dt.date) -> dict:
    print("printed")
    logging.getLogger("shop").info("adding up")
    current_task.progress(0.5, "half way")
    now = {"id": len(current_task.id), "attempt": current_task.attempt, "queue": current_task.queue}
    return {"sum": sum(item.price for item in items), "day": day, "raw": b"x"} | now

@task(timeout=0.001, retries=9)
def stopped(n: int) -> int:
    secret = n * 2
    breakpoint()
    return secret

@task
def fails(kind: str) -> None:
    if kind == "exit":
        sys.exit(0)
    raise ValueError("no such thing")

@task(queue="low")
def started() -> int:
    return len(STARTED)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shop")
    (made / "shop_tasks.py").write_text(TASKS)
    return made


def run(
    folder: Path, *arguments: str, stdin: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, with a Redis that nobody can reach."""
    own = {"TASKS": "shop_tasks", "TASKS_PATH": "", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "run", *arguments],
        cwd=folder, env={**os.environ, **own, **env}, input=stdin, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_the_result_is_json_on_stdout_and_the_rest_on_stderr(folder: Path) -> None:
    payload = {
        "items": [{"name": "a", "price": 1.5}, {"name": "b", "price": 2}],
        "day": "2026-11-28",
    }
    done = run(folder, "total", json.dumps(payload))
    assert done.returncode == 0, done.stderr
    expected = {"sum": 3.5, "day": "2026-11-28", "raw": "eA==", "id": 36, "attempt": 1,
                "queue": "default"}  # fmt: skip
    assert json.loads(done.stdout) == expected
    assert all(text in done.stderr for text in ("printed", "adding up", "50 % half way"))
    assert run(folder, "total", "-", stdin=json.dumps(payload)).stdout == done.stdout


def test_the_hooks_of_its_queue_have_run(folder: Path) -> None:
    assert run(folder, "started").stdout == "1\n"


def test_breakpoint_works_and_no_time_limit_applies(folder: Path) -> None:
    done = run(folder, "stopped", '{"n": 21}', stdin="p secret + 1000\nc\n")
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert "1042" in done.stderr
    left = run(folder, "stopped", '{"n": 21}', stdin="q\n")
    assert (left.returncode, left.stdout) == (1, "")
    assert left.stderr.endswith("duckline: left the debugger\n")


def test_a_task_that_raises_shows_its_own_traceback(folder: Path) -> None:
    done = run(folder, "fails", '{"kind": "value"}')
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Traceback") and "shop_tasks.py" in lines[1]
    assert lines[-1] == "ValueError: no such thing"
    assert run(folder, "fails", '{"kind": "exit"}').returncode == 1


WRONG = {
    "type": (["totl"], 65, "No task type 'totl' is registered; did you mean 'total'?"),
    "json": (["fails", "{kind: 1}"], 65, "the payload is not JSON: Expecting property name"),
    "array": (["fails", "[1]"], 65, "the payload is not an object, such as"),
    "field": (
        ["fails", '{"kind": 1}'],
        65,
        "The payload does not fit task type 'fails'. kind: Input",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_one_line(folder: Path, kind: str) -> None:
    arguments, status, said = WRONG[kind]
    done = run(folder, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(f"duckline: {said}") and done.stderr.count("\n") == 1


def test_a_broken_module_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    done = run(tmp_path, "fails", TASKS="broken")
    assert done.returncode == os.EX_CONFIG
    said = f"duckline: TASKS: {tmp_path}/broken.py:1 cannot be imported: ZeroDivisionError: "
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1


def test_a_new_project_has_a_task_that_runs(tmp_path: Path) -> None:
    folder = tmp_path / "Ada's shop"
    command = [sys.executable, str(ROOT / "app.py"), "new", "--project", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "duckline up --reload" in made.stdout
    assert f"    cd {shlex.quote(str(folder))}\n" in made.stdout
    env = {name: value for name, value in os.environ.items() if name not in ("TASKS", "TASKS_PATH")}
    greet = [sys.executable, str(ROOT / "app.py"), "run", "greet", '{"name": "Ada"}']
    done = subprocess.run(
        greet, cwd=folder, env=env, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == {"text": "Hello Ada!"}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "huey_tasks.testing.plugin"],
        cwd=folder, env={**env, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert "1 passed" in tested.stdout, tested.stdout
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (again.returncode, again.stderr) == (
        os.EX_CANTCREAT,
        f"duckline: {folder} is not empty\n",
    )
