"""Helpers of multiprocessing that had to be killed are started again when they are needed."""

import multiprocessing
import os
import signal
import time
from typing import Any

import pytest

from huey_tasks.processes import of_multiprocessing


def run_one(method: str) -> int:
    """Start a process and return how it ended."""
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=time.sleep, args=(0,))
    process.start()
    process.join(30)
    return process.exitcode


# Killed, the resource tracker would only make a warning.
@pytest.mark.filterwarnings("ignore:resource_tracker")
@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_helper_that_was_killed_and_collected_does_not_fail_the_next_use(method: str) -> None:
    assert run_one(method) == 0
    pids = [pid for pid, _ in of_multiprocessing.helpers()]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    of_multiprocessing.forget(pids)
    assert run_one(method) == 0
