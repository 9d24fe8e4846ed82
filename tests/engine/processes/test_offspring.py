"""What a task starts: children behave plainly, and everything ends with the attempt."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.processes import offspring
from tests.conftest import StartConsumer
from tests.engine.consumer.test_faults import worker_of
from tests.engine.helpers import submit, wait_for
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("worker_type", ["process", "greenlet"])
KINDS = [
    *("tool", "session", "stubborn", "grandchild", "bare environment", "fork", "daemon"),
    *("posix spawn", "terminal", "system"),
]
#: multiprocessing's own, which gevent supports only in part.
MULTIPROCESSING = ["multiprocess", "pool", "process executor", "spawn", "forkserver"]


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def below(pid: int) -> list[str]:
    """What runs below a process."""
    return [one.name() for one in psutil.Process(pid).children(recursive=True)]


def confirmed(task_id: str) -> None:
    """Wait until the worker of a cancelled task is free."""
    wait_until(lambda: tq.get_task(task_id).stop_confirmed, description="the stop is confirmed")


def written(file: Path) -> int:
    """The process id that a task writes there."""
    wait_until(file.exists, description="the task has started its process")
    return int(file.read_text())


# ---- it ends with the attempt


@pytest.mark.parametrize("what", [*KINDS, *MULTIPROCESSING])
def test_what_a_task_leaves_running_has_ended_when_the_task_has(
    start_consumer: StartConsumer, what: str
) -> None:
    start_consumer("default")
    left = wait_for(submit("leave_running", what=what), "SUCCESS").result
    assert not runs(left)
    again = wait_for(submit("leave_running", what=what), "SUCCESS")
    assert not runs(again.result)
    assert again.worker is not None
    (worker,) = wait_until(
        lambda: [w for c in tq.consumers() for w in c.workers], description="a heartbeat names it"
    )
    wait_until(lambda: below(worker.pid) == [], description="nothing is below the worker")
    assert tq.get_task(again.task_id).crashes == 0


@pytest.mark.parametrize("what", KINDS)
def test_in_a_pool_of_greenlets_too(start_consumer: StartConsumer, what: str) -> None:
    start_consumer("default", worker_type="greenlet", concurrency=2)
    for _ in range(2):
        assert not runs(wait_for(submit("leave_running", what=what), "SUCCESS").result)


@BOTH
@pytest.mark.parametrize("what", ["session", "stubborn", "daemon"])
def test_also_when_the_task_fails_is_cancelled_or_takes_too_long(
    start_consumer: StartConsumer, tmp_path: Path, what: str, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    file = tmp_path / "failed"
    wait_for(submit("leave_running", what=what, file=str(file), then="fail"), "FAILURE")
    assert not runs(written(file))

    file = tmp_path / "overdue"
    wait_for(submit("leave_running_overdue", what=what, file=str(file)), "FAILURE")
    assert not runs(written(file))

    file = tmp_path / "cancelled"
    task_id = submit("leave_running", what=what, file=str(file), seconds=300)
    pid = written(file)
    assert runs(pid)
    tq.cancel(task_id)
    confirmed(task_id)
    assert not runs(pid)


@pytest.mark.parametrize("what", ["session", "stubborn", "daemon", "forkserver"])
def test_also_when_its_worker_is_killed_for_it(
    start_consumer: StartConsumer, tmp_path: Path, what: str
) -> None:
    start_consumer("default", CANCEL_GRACE_S="0.2")
    file = tmp_path / "pid"
    task_id = submit("leave_running", what=what, file=str(file), seconds=300, then="swallow")
    pid = written(file)
    tq.cancel(task_id)
    confirmed(task_id)
    assert not runs(pid)
    wait_for(submit("echo", value=1), "SUCCESS")


@BOTH
@pytest.mark.parametrize("what", ["tool", "session", "daemon"])
def test_also_when_its_worker_dies(
    start_consumer: StartConsumer, tmp_path: Path, what: str, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type, MAX_CRASHES="1")
    file = tmp_path / "pid"
    task_id = submit("leave_running", what=what, file=str(file), seconds=300)
    pid = written(file)
    os.kill(worker_of(task_id), signal.SIGKILL)
    wait_for(task_id, "FAILURE")
    assert not runs(pid)


@BOTH
@pytest.mark.parametrize("what", ["tool", "session", "multiprocess"])
def test_also_when_its_consumer_is_killed_and_another_one_sees_it(
    start_consumer: StartConsumer, tmp_path: Path, what: str, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type)
    file = tmp_path / "pid"
    task_id = submit("leave_running", what=what, file=str(file), seconds=300)
    pid = written(file)
    worker_of(task_id)
    os.kill(consumer.pid, signal.SIGKILL)
    consumer.popen.wait()
    assert runs(pid)
    start_consumer("high")  # of another queue: it knows nothing of it
    assert runs(pid)
    start_consumer("default")
    wait_until(lambda: not runs(pid), description="what the task had started is ended")
    tq.cancel(task_id)


#: A double of a worker: leads its group, starts a child in it, prints its id, ends after argv[1] s.
_LEADER = """
import signal, subprocess, sys
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
signal.pause()
"""


@contextlib.contextmanager
def _leader_with_a_child(ends_after_s: float) -> Generator[tuple[int, int]]:
    """Give the ids of a leader, which nobody collects before the test has ended, and its child."""
    leader = subprocess.Popen(
        [sys.executable, "-c", _LEADER, str(ends_after_s)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert leader.stdout is not None
    child = int(leader.stdout.readline())
    try:
        yield leader.pid, child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader.pid, signal.SIGKILL)
        leader.stdout.close()
        leader.wait()


@pytest.mark.parametrize("ends_after_s", [0.001, 0.1], ids=["a zombie", "dying"])
def test_a_dead_worker_that_is_not_collected_yet_does_not_hide_what_it_started(
    monkeypatch: pytest.MonkeyPatch, ends_after_s: float
) -> None:
    monkeypatch.setattr(offspring, "DYING_S", 30.0)  # a busy machine takes its time
    with _leader_with_a_child(ends_after_s) as (leader, child):
        if ends_after_s < 0.1:
            wait_until(lambda: not runs(leader), description="the worker is a zombie")
        assert offspring.end_of_lost_consumer("nobody", {leader}) == 1
        wait_until(lambda: not runs(child), description="its child is ended")


def test_a_group_whose_leader_goes_on_running_is_another_programs() -> None:
    with _leader_with_a_child(ends_after_s=60) as (leader, child):
        assert offspring.end_of_lost_consumer("nobody", {leader}) == 0
        assert runs(leader) and runs(child)


def test_one_greenlet_ends_its_own_and_no_others(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", worker_type="greenlet", concurrency=3)
    files = {what: tmp_path / what for what in ("session", "daemon")}
    ids = [
        submit("leave_running", what=what, file=str(file), seconds=300)
        for what, file in files.items()
    ]
    pids = [written(file) for file in files.values()]
    assert not runs(wait_for(submit("leave_running", what="tool"), "SUCCESS").result)
    assert [runs(pid) for pid in pids] == [True, True]
    for task_id in ids:
        tq.cancel(task_id)
        confirmed(task_id)
    assert [runs(pid) for pid in pids] == [False, False]


def test_a_pool_kept_over_tasks_is_closed_and_says_so(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    for what, error in (("pool", "Pool not running"), ("process executor", "BrokenProcessPool")):
        wait_for(submit("leave_running", what=what), "SUCCESS")
        key = what.split()[-1]
        record = wait_for(submit("use_kept", what=key), "FAILURE")
        assert record.error is not None and error in record.error


def test_what_a_start_up_hook_starts_is_kept(start_consumer: StartConsumer) -> None:
    start_consumer("default", TEST_STARTS_A_PROCESS="1")
    kept = wait_for(submit("of_start_up"), "SUCCESS").result
    assert not runs(wait_for(submit("leave_running", what="daemon"), "SUCCESS").result)
    assert runs(kept)


def test_a_stop_leaves_nothing_of_what_tasks_have_started(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    consumer = start_consumer("default", SHUTDOWN_GRACE_S="0.1", CANCEL_GRACE_S="0.2")
    file = tmp_path / "pid"
    submit("leave_running", what="daemon", file=str(file), seconds=300, then="swallow")
    pid = written(file)
    assert consumer.stop() == 0
    assert not runs(pid)


# ---- children behave plainly


@BOTH
def test_signals_end_children_and_tools(start_consumer: StartConsumer, worker_type: str) -> None:
    start_consumer("default", worker_type=worker_type)
    for signum in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGALRM):
        record = wait_for(submit("signal_children", signum=signum), "SUCCESS")
        assert record.result == [-signum, -signum]
    record = wait_for(submit("signal_children", signum=signal.SIGINT), "SUCCESS")
    assert record.result in ([1, -signal.SIGINT], [-signal.SIGINT, -signal.SIGINT])


def test_a_handler_that_the_task_has_set_is_inherited(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    assert wait_for(submit("own_handler_in_child"), "SUCCESS").result == 7


def test_pools_and_contexts_of_multiprocessing_work(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    for _ in range(2):
        assert wait_for(submit("use_pools"), "SUCCESS", timeout_s=60).result == [0, 1, 4, 9]
