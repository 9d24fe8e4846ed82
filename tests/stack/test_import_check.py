"""What is asked before `make dev` restarts on a changed file."""

import asyncio
from pathlib import Path

import psutil
import pytest

from stack import import_check
from stack.import_check import import_problem
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

    found = f"TASKS_PATH: {broken} cannot be imported: RuntimeError: no duck"
    assert problem(tmp_path) == found


def test_a_broken_file_of_the_service_gives_the_last_line_of_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "huey_tasks").mkdir()
    (tmp_path / "huey_tasks" / "__init__.py").write_text("import no_such_duck\n")

    assert problem(tmp_path, tmp_path) == "ModuleNotFoundError: No module named 'no_such_duck'"


def test_an_import_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_check, "TIMEOUT_S", 3.0)
    (tmp_path / "endless.py").write_text("import threading\nthreading.Event().wait()\n")

    assert problem(tmp_path) == "its import has not ended after 3 s"
    wait_until(lambda: not _checks_running(), description="the check is gone")


def _checks_running() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and import_check.PROGRAM in child.cmdline()
    ]
