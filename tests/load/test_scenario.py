"""The load scenario for a few seconds against a real stack.

Locust runs as a process of its own: importing it would patch this one with gevent.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from tests.stack.running import ROOT, whole_stack

#: No failures: a retry waits real seconds.
_STACK = {"DEMO_SPEED": "50", "DEMO_FAILURE_RATE": "0"}
_STEADY = {"LOAD_TIME": "5s", "LOAD_USERS": "10", "LOAD_SPAWN_RATE": "12", "LOAD_THINK_S": "0.5"}
_BURST = {"SCENARIO": "burst", "LOAD_USERS": "200", "LOAD_DRAIN_S": "0"}


@pytest.fixture(scope="module")
def stack_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of a stack that runs."""
    with whole_stack(tmp_path_factory.mktemp("stack"), **_STACK) as (port, _):
        yield port


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


def test_high_waits_no_longer_beside_a_flood_of_low(stack_port: str) -> None:
    rows, last_line = run_load(
        stack_port, SCENARIO="flood", LOAD_FLOOD="1500", LOAD_PROBES="3", LOAD_MAX_WAIT_S="60"
    )
    assert rows["flood"] == "1500"
    assert int(rows["still queued"]) > 1000, "it is not done when its high tasks are"
    assert rows["submitted"] == "1506" and last_line.startswith("PASS")
    urlopen(f"http://127.0.0.1:{stack_port}/api/queues/low/purge", data=b"").close()


def test_tasks_of_ones_own_types_fail_and_come_back(stack_port: str) -> None:
    own = {"LOAD_TYPES": "ask_again", "LOAD_PAYLOAD": "{}"}
    rows, last_line = run_load(stack_port, SCENARIO="retries", LOAD_USERS="20", **own)
    assert (rows["accepted"], rows["came back"]) == ("20", "20")
    assert last_line.startswith("PASS: no task was lost, every accepted task has ended")


def test_a_key_is_one_task_for_all_who_race_with_it(stack_port: str) -> None:
    rows, last_line = run_load(stack_port, SCENARIO="repeats", LOAD_USERS="10", LOAD_KEYS="3")
    assert (rows["submitted"], rows["accepted"], rows["keys"]) == ("30", "3", "3")
    assert last_line.startswith("PASS")


def test_tasks_are_submitted_while_sockets_and_streams_are_open(stack_port: str) -> None:
    many = {"LOAD_SOCKETS": "5", "LOAD_STREAMS": "5", "LOAD_TIME": "4s", "LOAD_THINK_S": "0.5"}
    rows, last_line = run_load(stack_port, SCENARIO="sockets", LOAD_USERS="5", **many)
    assert int(rows["accepted"]) > 0 and rows["streams"] == "5"
    assert last_line.startswith("PASS")


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
