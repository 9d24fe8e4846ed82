"""A process that a fork server forks is supervised like one that is started."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.stack.running import RunningStack, stand_in, whole_stack
from tests.waiting import wait_until

RunStack = Callable[..., RunningStack]

SERVER = [sys.executable, "-m", "tests.stack.stand_in_forks", "and", "arguments"]


def test_a_forked_process_is_a_child_of_the_stack_with_a_session_and_a_name_of_its_own(
    run_stack: RunStack,
) -> None:
    stack = run_stack(stand_in("a", fork_server=SERVER))

    forked = psutil.Process(stack.pid_of("a"))

    assert forked.ppid() == stack.popen.pid
    assert os.getsid(forked.pid) == forked.pid
    assert " ".join(forked.cmdline()).rstrip() == "a stand-in"
    assert str(Path(f"/proc/{forked.pid}/fd/0").readlink()) == os.devnull


def test_the_fork_server_ends_once_each_process_is_there(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", fork_server=SERVER), stand_in("b"))

    pids = {stack.pid_of("a"), stack.pid_of("b")}

    children = psutil.Process(stack.popen.pid).children
    wait_until(lambda: {c.pid for c in children()} == pids, description="nothing else runs")


def test_a_forked_process_that_is_killed_comes_back_as_a_program(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", fork_server=SERVER))
    first = stack.pid_of("a")

    os.kill(first, signal.SIGKILL)

    stack.wait_for(r"a died \(SIGKILL\); restarting in 0\.2 s")
    wait_until(lambda: stack.pid_of("a") != first, description="a runs again")
    assert "stand_in.py" in " ".join(psutil.Process(stack.pid_of("a")).cmdline())


def test_forked_processes_end_with_a_stack_that_is_killed(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", fork_server=SERVER))
    stack.pid_of("a")

    stack.send(signal.SIGKILL)

    wait_until(lambda: not stack.left_behind(), description="nothing is left")


def test_ctrl_c_stops_forked_processes_in_order(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", fork_server=SERVER))
    stack.pid_of("a")

    stack.send(signal.SIGINT)

    assert stack.wait() == 0
    stack.wait_for(r"^a +\| leaves at")
    assert stack.left_behind() == []


@pytest.mark.parametrize(
    "program", [["false"], ["/no/such/program"], [sys.executable, "-c", "print('r', flush=True)"]]
)
def test_without_its_fork_server_a_process_starts_as_a_program(
    run_stack: RunStack, program: list[str]
) -> None:
    stack = run_stack(stand_in("a", fork_server=program))

    assert "stand_in.py" in " ".join(psutil.Process(stack.pid_of("a")).cmdline())


def test_the_fork_server_has_imported_what_a_consumer_uses_but_no_code_of_users(
    tmp_path: Path,
) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "users_own.py").write_text("import os\nprint('imported by', os.getpid())\n")
    own = {"TASKS": "", "TASKS_PATH": str(tasks), "PYTHONPROFILEIMPORTTIME": "1"}
    with whole_stack(tmp_path, **own) as (_, stack):
        lines = [line for line in stack.log.splitlines() if line.startswith("high ")]

    assert any("imported by" in line for line in lines)
    modules = {line.rpartition("| ")[2].strip() for line in lines if "import time:" in line}
    assert modules <= {"multiprocessing.popen_fork"}
