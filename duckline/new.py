"""`duckline new --project <folder>`: a small project with a task, its test and its settings."""

import os
import shlex
import sys
from pathlib import Path

_TASKS = '''"""The tasks of this project; `.env` names this module."""

import logging

from huey_tasks import current_task, task

logger = logging.getLogger(__name__)


@task(queue="high", retries=3, timeout=30, example={"name": "Ada"})
def greet(name: str, times: int = 1) -> dict[str, str]:
    """Greet somebody."""
    for number in range(times):
        current_task.progress(number / times, f"greeting {number + 1}")
        logger.info("greeting %s", name)
    return {"text": f"Hello {name}!"}
'''
_TEST = '''"""Run with `pytest`; the fixtures `eager`, `captured` and `live` come with Duckline."""

from huey_tasks.testing import Eager

from tasks import greet


def test_it_greets(eager: Eager) -> None:
    assert greet.submit(name="Ada", times=2).result() == {"text": "Hello Ada!"}
'''
_SETTINGS = """# Settings of Duckline, read in this folder; the Config page lists all of them.
TASKS=tasks
DEMO_TASKS=0
"""
_IGNORED = "data/\n__pycache__/\n.venv/\n"
_FILES = {
    "tasks.py": _TASKS,
    "test_tasks.py": _TEST,
    ".env": _SETTINGS,
    ".gitignore": _IGNORED,
}


def new(folder: Path) -> int:
    """Write the files; return 73 (EX_CANTCREAT of sysexits.h) if they cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            print(f"duckline: {folder} is not empty", file=sys.stderr)
            return os.EX_CANTCREAT
        for name, text in _FILES.items():
            (folder / name).write_text(text)
    except OSError as error:
        print(f"duckline: {folder} cannot be made: {error.strerror}", file=sys.stderr)
        return os.EX_CANTCREAT
    print(
        f"{folder} has a task, its test and its settings. Next:\n"
        f"    cd {shlex.quote(str(folder))}\n"
        '    duckline run greet \'{"name": "Ada"}\'   # here and now\n'
        "    duckline up --reload                    # the whole service; http://localhost:8000/\n"
        "    pip install pytest && pytest"
    )
    return 0
