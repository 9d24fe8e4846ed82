"""What the supervisor promises about its children, on real processes."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

import huey_tasks as tq
from tests.conftest import runs
from tests.stack.running import RunningStack, stand_in
from tests.waiting import wait_until

RunStack = Callable[..., RunningStack]


def test_each_line_carries_the_aligned_name_of_its_process(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a"), stand_in("longer-name"))

    stack.wait_for(r"^a           \| steady runs as")
    stack.wait_for(r"^longer-name \| steady runs as")


def test_a_killed_process_comes_back_and_the_log_names_the_signal(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a"), stand_in("b"))
    first, neighbour = stack.pid_of("a"), stack.pid_of("b")

    os.kill(first, signal.SIGKILL)

    stack.wait_for(r"a died \(SIGKILL\); restarting in 0\.2 s")
    wait_until(lambda: stack.pid_of("a") != first, description="a runs again")
    assert stack.pid_of("b") == neighbour


def test_what_a_dead_process_wrote_last_into_its_own_log_is_shown(
    run_stack: RunStack, tmp_path: Path
) -> None:
    log = tmp_path / "own.log"
    log.write_text("long ago\n" * 10_000 + "starting\ncannot write: no space left\n")

    stack = run_stack(stand_in("a", "crash", log_file=str(log)))

    stack.wait_for(r"^a +\| cannot write: no space left\n.* a died \(exit code 3\)")
    assert "long ago" not in stack.log


def test_a_process_that_keeps_dying_waits_longer_each_time(
    run_stack: RunStack, tmp_path: Path
) -> None:
    stack = run_stack(stand_in("a", "crash"))

    stack.wait_for(
        r"a died \(exit code 3\); restarting in 0\.2 s(.*\n)+"
        r".*a died \(exit code 3\); restarting in 0\.4 s(.*\n)+"
        r".*a died \(exit code 3\); restarting in 0\.8 s"
    )


def test_a_stack_that_cannot_start_gives_up_with_a_clear_line(
    run_stack: RunStack, tmp_path: Path
) -> None:
    stack = run_stack(
        stand_in("good", ready_file=str(tmp_path / "never")), stand_in("bad", "crash")
    )

    assert stack.wait() == 1

    assert "bad died 5 times before the stack was ready (last: exit code 3)" in stack.log
    assert stack.left_behind() == []


def test_a_process_that_refuses_its_settings_stops_the_start_at_once(
    run_stack: RunStack, tmp_path: Path
) -> None:
    stack = run_stack(
        stand_in("good", ready_file=str(tmp_path / "never")), stand_in("bad", "refuse")
    )

    assert stack.wait() == 1

    last = stack.log.splitlines()[-1]
    assert last.endswith(" bad cannot start: TASKS_PATH is not right")
    assert "restarting" not in stack.log
    assert stack.left_behind() == []


def test_a_process_that_refuses_later_is_started_again(run_stack: RunStack, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready"
    script = f"test -e {ready_file} && exit {os.EX_CONFIG}; touch {ready_file}; exec sleep 600"
    spec = {"name": "a", "command": ["sh", "-c", script], "ready_file": str(ready_file)}
    stack = run_stack(spec)
    stack.wait_for("ready$")

    wait_until(lambda: psutil.Process(stack.popen.pid).children(), description="a runs")
    psutil.Process(stack.popen.pid).children()[0].kill()

    stack.wait_for(rf"a died \(exit code {os.EX_CONFIG}\); restarting")


def test_a_program_that_does_not_exist_stops_the_stack_with_its_name(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("good"), {"name": "bad", "command": ["/no/such/program"]})

    assert stack.wait() == 1

    assert "bad cannot run: " in stack.log
    assert "/no/such/program" in stack.log
    assert stack.left_behind() == []


def test_a_process_starts_only_after_the_one_it_needs_is_ready(
    run_stack: RunStack, tmp_path: Path
) -> None:
    ready_file = tmp_path / "ready"
    stack = run_stack(stand_in("base", ready_file=str(ready_file)), stand_in("user", after="base"))
    stack.pid_of("base")
    assert "user " not in stack.log

    ready_file.touch()

    stack.pid_of("user")


def test_ctrl_c_stops_dependents_first_and_exits_with_zero(run_stack: RunStack) -> None:
    stack = run_stack(
        stand_in("base"), stand_in("one", after="base"), stand_in("two", after="base")
    )
    for name in ("base", "one", "two"):
        stack.pid_of(name)

    stack.send(signal.SIGINT)

    assert stack.wait() == 0
    left_at = {
        name: float(stack.wait_for(rf"^{name} +\| leaves at ([\d.]+)")[1])
        for name in ("base", "one", "two")
    }
    assert left_at["base"] > max(left_at["one"], left_at["two"])
    assert stack.left_behind() == []


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", "stubborn", stop_grace_s=0.3))
    stack.pid_of("a", "stubborn")

    stack.send(signal.SIGTERM)

    assert stack.wait() == 0
    assert "a did not stop (after 0.3 s); sending SIGKILL" in stack.log
    assert stack.left_behind() == []


def test_a_second_ctrl_c_does_not_wait_for_the_grace(run_stack: RunStack) -> None:
    graces = {"stop_grace_s": 600, "hurry_grace_s": 0.3}
    stack = run_stack(stand_in("base"), stand_in("a", "stubborn", after="base", **graces))
    stack.pid_of("base")
    stack.pid_of("a", "stubborn")

    stack.send(signal.SIGINT)
    stack.wait_for("stopping, in 600 s at most; press Ctrl-C again to hurry")
    stack.send(signal.SIGINT)

    assert stack.wait() == 0
    assert "a did not stop (hurrying); sending SIGKILL" in stack.log
    assert "base  " in stack.log and "leaves at" in stack.log


def test_at_a_second_ctrl_c_a_consumer_hands_its_running_task_back(run_stack: RunStack) -> None:
    command = [sys.executable, "app.py", "consumer", "default"]
    spec = {"name": "default", "command": command, "stop_grace_s": 600}
    stack = run_stack(spec, SHUTDOWN_GRACE_S="600", LEASE_S="600", DEFAULT_CONCURRENCY="1")
    task_id = tq.submit("work_for", {"seconds": 600}).task_id
    wait_until(lambda: tq.get_task(task_id).status == "STARTED", description="the task runs")

    stack.send(signal.SIGINT)
    stack.wait_for(
        r"stop waits for running tasks .* task_types=work_for tasks=1 up_to_s=(600|59\d)"
    )
    stack.send(signal.SIGINT)

    assert stack.wait() == 0
    assert "SIGKILL" not in stack.log
    record = tq.get_task(task_id)
    assert (record.status, record.crashes) == ("PENDING", 0)
    assert stack.left_behind() == []


def test_what_a_killed_process_started_does_not_outlive_it(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", "family"))
    leader, child = stack.pid_of("a", "family"), psutil.Process(stack.pid_of("a", "child"))

    os.kill(leader, signal.SIGKILL)

    wait_until(lambda: stack.pid_of("a", "child") != child.pid, description="a new family")
    wait_until(lambda: not runs(child), description="the old child is gone")


def test_no_process_outlives_a_killed_supervisor(run_stack: RunStack, tmp_path: Path) -> None:
    stack = run_stack({"redis_in": str(tmp_path / "data")}, stand_in("a", after="redis"))
    stack.pid_of("a")
    assert len(stack.seen) == 2

    stack.send(signal.SIGKILL)

    wait_until(lambda: not stack.left_behind(), description="Redis and its dependent are gone")


def test_a_process_in_backoff_does_not_delay_the_stop(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", "crash"), stand_in("b"))
    stack.pid_of("b")
    stack.wait_for("restarting in 3.2 s")
    deaths = stack.log.count("cannot work like this")

    stack.send(signal.SIGINT)

    assert stack.wait() == 0
    assert stack.log.count("cannot work like this") == deaths, "it was not waited for"


def test_a_daemon_that_a_killed_process_leaves_behind_is_ended(run_stack: RunStack) -> None:
    stack = run_stack(stand_in("a", "daemon"), stand_in("b"))
    daemon = int(stack.wait_for(r"child runs as (\d+)")[1])
    leader, neighbour = int(stack.wait_for(r"daemon runs as (\d+)")[1]), stack.pid_of("b")

    os.kill(leader, signal.SIGKILL)

    wait_until(lambda: not psutil.pid_exists(daemon), description="the daemon is ended")
    assert stack.pid_of("b") == neighbour
