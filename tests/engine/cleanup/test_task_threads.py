"""A task's threads count as the task, in worker processes and in pools of greenlets."""

import os
from pathlib import Path

import pytest

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.helpers import submit, wait_for
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("worker_type", ["process", "greenlet"])
HOWS = ["thread", "nested", "subclass", "new executor", "kept executor", "asyncio", "timer"]


def logged(task_id: str) -> list[str]:
    return [line.text for line in tq.get_task(task_id).log]


@BOTH
def test_what_a_thread_logs_is_kept_with_its_task(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    for _ in range(2):  # the second finds what the first has kept
        ids = {how: submit("say_in_threads", how=how) for how in HOWS}
        for how, task_id in ids.items():
            wait_for(task_id, "SUCCESS")
            assert logged(task_id) == [f"{how if how != 'nested' else 'thread'} {task_id}"], how


@BOTH
def test_a_thread_that_is_left_reaches_no_other_task(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    end = tmp_path / "end"
    left = wait_for(submit("start_and_leave_thread", file=str(end), daemon=True), "SUCCESS")
    other = submit("say_in_threads", how="thread")
    wait_for(other, "SUCCESS")
    end.touch()
    wait_until((tmp_path / "end.done").exists, description="the thread has ended")
    assert logged(other) == [f"thread {other}"]
    assert tq.get_task(other).progress is None
    assert all(line.startswith("left") for line in logged(left.task_id))
    echoes = [one for one in tq.list_tasks() if one.task_type == "echo"]
    assert len(echoes) == 1, "what it submits is submitted, also when its attempt is over"


@BOTH
def test_threads_and_work_of_executors_are_waited_for(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    file = tmp_path / "done"
    wait_for(submit("work_in_executor", file=str(file)), "SUCCESS")
    assert file.exists()

    end = tmp_path / "end"
    task_id = submit("start_and_leave_thread", file=str(end), daemon=False)
    wait_until(lambda: len(logged(task_id)) > 5, description="its thread talks")
    assert tq.get_task(task_id).status == "STARTED"
    end.touch()
    wait_for(task_id, "SUCCESS")
    assert (tmp_path / "end.done").exists()


@BOTH
def test_waiting_for_a_thread_counts_for_the_time_limit_and_can_be_cancelled(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    record = wait_for(submit("wait_for_thread_too_long"), "FAILURE")
    assert record.error is not None and "TaskTimeout" in record.error
    end = tmp_path / "end"
    task_id = submit("start_and_leave_thread", file=str(end), daemon=False)
    wait_until(lambda: logged(task_id), description="its thread talks")
    tq.cancel(task_id)
    wait_until(lambda: tq.get_task(task_id).stop_confirmed, description="the stop is confirmed")
    end.touch()


def test_tasks_submitted_from_threads_are_all_there(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    ids = wait_for(submit("submit_from_threads", number=60), "SUCCESS").result
    assert len(set(ids)) == 60
    assert {wait_for(task_id, "SUCCESS").result for task_id in ids} == set(range(60))


# ---- asyncio


def test_greenlets_run_asyncio_side_by_side(start_consumer: StartConsumer) -> None:
    start_consumer("default", worker_type="greenlet", concurrency=4)
    ids = [submit("run_asyncio", seconds=0.3) for _ in range(8)]
    for task_id in ids:
        assert wait_for(task_id, "SUCCESS").result == "done"
        assert sorted(logged(task_id)) == [f"part {n} {task_id}" for n in range(3)]


@BOTH
def test_a_coroutine_can_be_cancelled_and_has_a_time_limit(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type, concurrency=3, CANCEL_GRACE_S="10")
    other = submit("run_asyncio", seconds=1)
    record = wait_for(submit("run_asyncio_too_long"), "FAILURE")
    assert record.error is not None and "TaskTimeout" in record.error
    file = tmp_path / "file"
    task_id = submit("run_asyncio", seconds=600, file=str(file))
    wait_until(file.exists, description="it runs")
    tq.cancel(task_id)
    wait_until(lambda: file.read_text() == "cleaned up", description="it cleans up")
    wait_until(lambda: tq.get_task(task_id).stop_confirmed, description="the stop is confirmed")
    assert wait_for(other, "SUCCESS").result == "done"


# ---- how a worker dies


@BOTH
def test_how_a_worker_died_is_told_wherever_its_task_is(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type, MAX_CRASHES="2")
    said = {
        "SIGKILL": "SIGKILL, which is what lack of memory looks like",
        "segfault": "SIGSEGV, a crash in native code",
        "exit": "exit status 3, as after os._exit(3) in what it ran",
        "SIGXCPU": "SIGXCPU",
    }
    fingerprints: set[str] = set()
    for how, words in said.items():
        task_id = submit("end_worker", how=how)
        record = wait_for(task_id, "FAILURE")
        assert record.error == f"its worker died 2 times while it ran: {words}"
        assert [one.error for one in record.attempts] == [
            f"its worker died while it ran: {words}"
        ] * 2
        assert words in tq.explain_task(task_id).summary
        assert record.cause is not None
        fingerprints.add(record.cause)
    assert len(fingerprints) == len(said)
    groups = {group.message for group in tq.failure_groups().groups}
    assert groups == {f"its worker died while it ran: {words}" for words in said.values()}


def test_a_task_that_waits_again_says_how_its_worker_died(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("default", MAX_CRASHES="5")
    task_id = submit("end_worker", how="exit")
    wait_until(lambda: tq.get_task(task_id).crashes, description="its worker has died")
    os.kill(consumer.pid, 15)
    found = wait_until(
        lambda: [r for r in tq.explain_task(task_id).reasons if r.code == "worker_died"],
        description="explain says so",
    )
    assert "exit status 3" in found[0].text
