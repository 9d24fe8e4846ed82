"""The load scenario for a few seconds against a real stack.

Locust runs as a process of its own: importing it would patch this one with gevent.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.stack.running import ROOT, RunningStack

#: With a Redis of its own, the default lease, and no failures: a retry waits real seconds.
_STACK = {
    "REDIS_URL": "",
    "RESULT_REDIS_URL": "",
    "LEASE_S": "",
    "DEMO_SPEED": "50",
    "DEMO_FAILURE_RATE": "0",
}
_LOAD = {"LOAD_TIME": "5s", "LOAD_USERS": "10", "LOAD_SPAWN_RATE": "12", "LOAD_THINK_S": "0.5"}


@pytest.fixture
def stack_port(tmp_path: Path) -> Iterator[str]:
    """The port of a stack that runs."""
    port, inspector_port = map(str, free_ports(2))
    own = {"PORT": port, "INSPECTOR_PORT": inspector_port, "DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "app.py", "up"]
    stack = RunningStack(command, tmp_path / "stack.log", {**os.environ, **_STACK, **own})
    try:
        stack.wait_for("Ctrl-C stops everything", timeout_s=120)
        yield port
    finally:
        stack.send(signal.SIGINT)
        try:
            stack.wait(60)
        finally:
            stack.popen.kill()
            for process in stack.left_behind():
                process.kill()
            print(stack.log_path.read_text())


def test_the_scenario_passes_against_a_real_stack(stack_port: str) -> None:
    load = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless"],
        cwd=ROOT,
        env={**os.environ, **_LOAD, "LOAD_HOST": f"http://127.0.0.1:{stack_port}"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    print(load.stderr, load.stdout)
    assert load.returncode == 0
    rows = dict(re.findall(r"^  (\S.{14}\S|\S.*?) {2,}(\d+)", load.stdout, re.MULTILINE))
    assert int(rows["accepted"]) > 5
    assert rows["ended"] == rows["accepted"]
    assert (rows["lost"], rows["5xx"], rows["unexpected"]) == ("0", "0", "0")
    assert "PASS: every accepted task has ended, and there was no 5xx" in load.stdout
