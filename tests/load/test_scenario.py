"""The load scenario for a few seconds against a real stack.

Locust runs as a process of its own: importing it would patch this one with gevent.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

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
_STEADY = {"LOAD_TIME": "5s", "LOAD_USERS": "10", "LOAD_SPAWN_RATE": "12", "LOAD_THINK_S": "0.5"}
_BURST = {"SCENARIO": "burst", "LOAD_USERS": "200", "LOAD_DRAIN_S": "0"}


@pytest.fixture(scope="module")
def stack_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of a stack that runs."""
    tmp_path = tmp_path_factory.mktemp("stack")
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


def run_load(stack_port: str, **settings: str) -> tuple[dict[str, str], str]:
    """Run Locust; give the rows of its verdict that begin with a number, and the last line."""
    load = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless"],
        cwd=ROOT,
        env={**os.environ, **settings, "LOAD_HOST": f"http://127.0.0.1:{stack_port}"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    print(load.stderr, load.stdout)
    assert load.returncode == 0
    rows = dict(re.findall(r"^  (\S.{14}\S|\S.*?) {2,}(\d+)", load.stdout, re.MULTILINE))
    return rows, load.stdout.rstrip().splitlines()[-1]


def test_the_steady_scenario_passes_against_a_real_stack(stack_port: str) -> None:
    rows, last_line = run_load(stack_port, **_STEADY)

    assert int(rows["accepted"]) > 5
    assert rows["ended"] == rows["accepted"]
    assert (rows["lost"], rows["5xx"], rows["unexpected"]) == ("0", "0", "0")
    assert last_line.startswith("PASS: no task was lost, every accepted task has ended")


def test_a_burst_is_accepted_whole_and_leaves_a_backlog_that_is_not_lost(stack_port: str) -> None:
    for queue in ("high", "default", "low"):
        urlopen(f"http://127.0.0.1:{stack_port}/api/queues/{queue}/pause", data=b"").close()

    rows, last_line = run_load(stack_port, **_BURST)

    assert (rows["submitted"], rows["accepted"]) == ("200", "200")
    assert (rows["lost"], rows["5xx"]) == ("0", "0")
    assert last_line.startswith("PASS: no task was lost, a backlog of 200 is left")


def test_the_help_lists_the_settings() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py"],
        cwd=ROOT,
        env={**os.environ, "SCENARIO": "help"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    for setting in ("burst", "LOAD_USERS", "LOAD_THINK_S", "the mean pause of a user"):
        assert setting in shown
