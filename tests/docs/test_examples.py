"""The projects in `examples/`: their own tests pass, and the stack runs their tasks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.waiting import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
PLUGIN = ["-c", os.devnull, "-p", "huey_tasks.testing.plugin", "-p", "no:cacheprovider"]


@pytest.mark.parametrize("name", ["shop"])
def test_the_tests_of_an_example_pass(tmp_path: Path, name: str) -> None:
    folder = EXAMPLES / name
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(EXAMPLES.parent), "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, "--rootdir", folder, "-q", "tests"],
        cwd=folder, env=env, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_consumer_serves_the_shop(start_consumer: StartConsumer) -> None:
    start_consumer("low", TASKS="shop", TASKS_PATH="", PYTHONPATH=str(EXAMPLES / "shop"))
    wait_until(tq.list_schedules, description="the report's schedule is stored")
    (schedule,) = tq.list_schedules()
    assert (schedule.name, schedule.declared) == ("nightly_report", True)
