"""What is asked before `make dev` restarts on a changed file."""

import asyncio
from pathlib import Path

import psutil
import pytest

from duckline.stack import import_check
from duckline.stack.import_check import import_problem
from tests.stack.running import ROOT
from tests.waiting import wait_until


def problem(folder: Path, root: Path = ROOT) -> str | None:
    """Ask, with `folder` as TASKS_PATH."""
    return asyncio.run(import_problem(root, {"TASKS_PATH": str(folder)}))


def test_what_can_be_imported_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text("print('imported')\n")

    assert problem(tmp_path) is None


def test_a_broken_task_file_is_named_with_its_error_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('no duck')\n")

    found = f"TASKS_PATH: {broken}:1 cannot be imported: RuntimeError: no duck"
    assert problem(tmp_path) == found


def test_a_broken_file_of_the_service_gives_the_last_line_of_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "huey_tasks").mkdir()
    (tmp_path / "huey_tasks" / "__init__.py").write_text("import no_such_duck\n")

    assert problem(tmp_path, tmp_path) == "ModuleNotFoundError: No module named 'no_such_duck'"


def test_an_import_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_check, "TIMEOUT_S", 10.0)
    (tmp_path / "endless.py").write_text("import threading\nthreading.Event().wait()\n")

    endless = tmp_path / "endless.py"
    assert (
        problem(tmp_path)
        == f"TASKS_PATH: {endless} cannot be imported: it has not ended after 10 s"
    )
    wait_until(lambda: not _checks_running(), description="the check is gone")


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("import os\nos._exit(0)\n", "exit code 0"),
        ("import os\nos._exit(3)\n", "exit code 3"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL"),
        ("import os\nos.abort()\n", "SIGABRT"),
        ("import os\nos.closerange(0, 256)\nos._exit(0)\n", "exit code 0"),
    ],
)
def test_a_module_that_ends_the_process_is_named(tmp_path: Path, text: str, how: str) -> None:
    (tmp_path / "ends.py").write_text(text)

    said = f"TASKS_PATH: {tmp_path}/ends.py cannot be imported: it ended the process ({how})"
    assert problem(tmp_path) == said


def test_what_a_module_has_started_neither_keeps_the_check_nor_stays(tmp_path: Path) -> None:
    (tmp_path / "starts.py").write_text(
        "import subprocess, threading\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
    )

    assert problem(tmp_path) is None
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not _runs(pid), description="the child is gone")


def test_a_module_that_takes_long_is_named_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow.py").write_text("import threading\nthreading.Event().wait(2)\n")
    quick = "from huey_tasks.registry import import_watch\n    import_watch.SLOW_S = 0.4"
    program = import_check.PROGRAM.replace("from huey_tasks.registry import import_watch", quick)
    monkeypatch.setattr(import_check, "PROGRAM", program)
    said: list[str] = []

    env = {"TASKS_PATH": str(tmp_path)}
    assert asyncio.run(import_problem(ROOT, env, import_check.TASKS, said.append)) is None
    assert said and f"the import of {tmp_path}/slow.py has taken 0.4 s" in said[0]


def test_a_module_that_declares_no_task_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jobs.py").write_text("def resize(url: str) -> None: ...\n")
    said: list[str] = []

    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    env = {"TASKS": "jobs"}
    assert asyncio.run(import_problem(ROOT, env, import_check.TASKS, said.append)) is None
    assert said and "TASKS: jobs declares no task" in said[0]


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _checks_running() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE
        and import_check.PROGRAM % import_check.SERVICE in child.cmdline()
    ]
