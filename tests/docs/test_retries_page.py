"""The page "Retries and coroutines": its tasks, and its refusals, are as it says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "retries-and-coroutines.md").read_text()
TASKS = "\n\n".join(re.findall(r"```python\n# tasks\.py.*?\n(.*?)```", PAGE, re.DOTALL))
REFUSED = re.findall(r"^\| `(.+?)`(?: without `retries`)? \| (.+) \|$", PAGE, re.MULTILINE)

CHECKS = """
import asyncio

import pytest

import huey_tasks as tq
import tasks


@pytest.mark.parametrize(
    ("kind", "argument", "result", "attempts"),
    [
        (tasks.send_mail, "ada", "sent to ada", 2),
        (tasks.call_vendor, 7, "confirmed", 3),
        (tasks.ask_politely, "may I?", "yes", 2),
        (tasks.charge, "4242", "paid", 2),
    ],
)
def test_it_ends_well(eager, kind, argument, result, attempts):
    handle = kind.submit(argument)
    assert handle.result(timeout_s=5) == result
    assert handle.record().attempt == attempts


def test_what_is_not_retried(eager):
    eager.raises = False
    for handle, error in (
        (tasks.read_report.submit("/nowhere"), "FileNotFoundError"),
        (tasks.charge.submit("stolen"), "Fail('the card is stolen')"),
    ):
        record = handle.record()
        assert (record.status, record.attempt) == ("FAILURE", 1)
        assert error in record.error


def test_the_error_behind_retry_is_reported(eager):
    (first, *_) = tasks.charge.submit("4242").record().attempts
    assert first.error == "Throttled('try again in a minute')"


def test_coroutines(eager):
    handle = tasks.fetch_all.submit(["a", "b"])
    assert handle.result(timeout_s=5) == [f"a for {handle.id}", f"b for {handle.id}"]

    async def inside():
        return tasks.fetch_all.submit(["c"])

    assert asyncio.run(inside()).status() == "SUCCESS"
"""


def test_the_tasks_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "test_it.py").write_text(CHECKS)
    plugin = ["-p", "huey_tasks.testing.plugin", "-p", "no:cacheprovider"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "-q", "test_it.py"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "7 passed" in run.stdout


@pytest.mark.parametrize(("written", "said"), REFUSED)
def test_the_refusals_of_the_page(written: str, said: str) -> None:
    options: dict[str, Any] = eval(f"dict({written})")
    if "retries" not in said:
        options.setdefault("retries", 3)
    with pytest.raises(tq.InvalidTaskType) as refused:
        tq.task(**options)
    assert said.rstrip("?") in str(refused.value)


def test_all_refusals_are_found() -> None:
    assert len(REFUSED) == 9
