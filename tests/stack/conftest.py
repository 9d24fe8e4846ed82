"""Fixtures that start supervising processes and leave nothing of them behind."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack.running import ROOT, RunningStack


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningStack]]:
    """Give a function that starts any supervising command; all are gone when the test ends."""
    running: list[RunningStack] = []

    def start_command(command: list[str], **env: str) -> RunningStack:
        log_path = tmp_path / f"stack-{len(running)}.log"
        stack = RunningStack(command, log_path, {**os.environ, "PYTHONPATH": str(ROOT), **env})
        running.append(stack)
        return stack

    yield start_command
    for stack in running:
        stack.note_children()
        if stack.popen.poll() is None:
            stack.popen.kill()
            stack.popen.wait()
        for process in stack.left_behind():
            process.kill()
        print(stack.log_path.read_text())


@pytest.fixture
def run_stack(start: Callable[..., RunningStack]) -> Callable[..., RunningStack]:
    """Give a function that supervises the described children in a process of its own."""

    def run(*specs: dict[str, Any], **env: str) -> RunningStack:
        command = [sys.executable, "-m", "tests.stack.stand_in_stack", json.dumps(specs)]
        return start(command, **env)

    return run
