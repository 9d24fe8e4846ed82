"""A worker that a task has spoilt is restored, or replaced before it takes another task."""

from pathlib import Path

import psutil
import pytest

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.helpers import submit, wait_for
from tests.waiting import wait_until


def run(task_type: str, **payload: object) -> tq.TaskRecord:
    return wait_for(submit(task_type, **payload), "SUCCESS")


def test_what_a_task_changes_is_put_back(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("default")
    pid = run("own_pid").result
    before = run("look_around", text="before").result
    ways = run("ways_to_spoil", replaced=False).result
    for how in ways:
        spoiler = run("spoil", how=how)
        after = run("look_around", text=f"after {how}")
        assert after.result == before, how
        assert [line.text for line in after.log] == [
            f"printed after {how}",
            f"logged after {how}",
        ], how
        assert (spoiler.result, run("own_pid").result) == (pid, pid), f"{how}: replaced"
    expected = [f"{said} after {how}" for how in ways for said in ("printed", "written", "logged")]
    wait_until(
        lambda: all(line in consumer.text() for line in expected), description="all is printed"
    )
    assert "worker error" not in consumer.text() and "worker died" not in consumer.text()


def test_a_worker_that_cannot_be_put_back_is_replaced(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("default", LEASE_S="60")
    before = run("look_around", text="before").result
    for how in run("ways_to_spoil", replaced=True).result:
        spoiler = run("spoil", how=how)
        assert spoiler.deliveries == 1, how
        assert "the worker is replaced after this task" in spoiler.log[-1].text, how
        after = run("look_around", text=f"after {how}")
        assert after.result == before and after.deliveries == 1, how
        assert f"printed after {how}" in consumer.text()
        assert run("own_pid").result != spoiler.result, how
        line = f"why='{spoiler.log[-1].text.partition(': ')[2]}'"
        [said] = [
            one
            for one in consumer.text().splitlines()
            if spoiler.task_id in one and "is replaced" in one
        ]
        assert line in said and "task_type=spoil" in said
    assert "worker died" not in consumer.text() and "worker error" not in consumer.text()


@pytest.mark.parametrize(
    ("how", "status"), [("returns", "0"), ("past Python", "0"), ("raises", "1"), ("exits", "3")]
)
@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_copy_that_a_task_has_forked_ends(
    start_consumer: StartConsumer, tmp_path: Path, how: str, status: str, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type)
    file = tmp_path / "copies"
    waiting = [submit("echo", value=n) for n in range(50)]
    task_id = submit("fork_and_come_back", how=how, file=str(file))
    waiting += [submit("echo", value=n) for n in range(50)]
    assert wait_for(task_id, "SUCCESS").result == status
    [copy] = file.read_text().split()
    wait_until(lambda: not psutil.pid_exists(int(copy)), description="the copy is gone")
    for each in waiting:
        record = wait_for(each, "SUCCESS")
        assert (record.attempt, record.deliveries) == (1, 1)
    assert "a process that a task forked came back" in consumer.text()
    assert "worker error" not in consumer.text() and "refused" not in consumer.text()


def test_what_a_worker_had_claimed_beside_a_spoiler_is_handed_back(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("default", LEASE_S="60")
    for n in range(40):  # the type is known as short, so that many are claimed at a time
        run("spoil", how="chdir") if n % 10 == 0 else run("own_pid")
    tasks = []
    for _ in range(20):
        tasks += [submit("own_pid") for _ in range(5)]
        tasks.append(submit("spoil", how="close everything"))
    records = [wait_for(each, "SUCCESS") for each in tasks]
    assert [(one.attempt, one.deliveries, one.crashes) for one in records] == [(1, 1, 0)] * 120
    assert len({one.result for one in records if one.task_type == "spoil"}) == 20


@pytest.mark.parametrize("most", [1, 3])
def test_a_worker_is_replaced_after_so_many_tasks(start_consumer: StartConsumer, most: int) -> None:
    consumer = start_consumer("default", MAX_TASKS_PER_WORKER=str(most), LEASE_S="60")
    records = [wait_for(each, "SUCCESS") for each in [submit("own_pid") for _ in range(30)]]
    of_each = [[r.result for r in records].count(pid) for pid in {r.result for r in records}]
    assert of_each == [most] * (30 // most)
    assert all(one.deliveries == 1 and not one.log for one in records)
    assert f"MAX_TASKS_PER_WORKER={most}" in consumer.text()
    assert "died" not in consumer.text()


def test_a_worker_with_too_much_memory_is_replaced(start_consumer: StartConsumer) -> None:
    start_consumer("default", WORKER_MAX_MEMORY="200MB")
    pid = run("own_pid").result
    assert run("grow", megabytes=5).result == pid and run("own_pid").result == pid
    big = run("grow", megabytes=250)
    assert "WORKER_MAX_MEMORY allows 209,715,200" in big.log[-1].text
    assert run("own_pid").result != pid


def test_a_thread_that_is_left_does_not_keep_a_spoilt_worker(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    left = run("leave_thread")
    assert run("own_pid").result != left.result
    wait_until(lambda: not psutil.pid_exists(left.result), description="its process is gone")


def test_a_spoilt_worker_commits_when_redis_is_back(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", LEASE_S="60")
    broker = tq.default.broker.redis
    go_on, begun = tmp_path / "go", tmp_path / "begun"
    task_id = submit("close_everything_when", go_on=str(go_on), file=str(begun))
    wait_until(begun.exists, description="it has begun")
    broker.config_set("maxclients", 1)
    try:
        go_on.touch()
        wait_until(lambda: begun.read_text().count("\n") == 2, description="it has done its work")
    finally:
        broker.config_set("maxclients", 1000)
    record = wait_for(task_id, "SUCCESS")
    assert (record.deliveries, record.crashes) == (1, 0)
    assert run("own_pid").result != record.result


def test_asyncio_leaves_nothing_behind(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("default")
    for _ in range(3):
        run("run_loop")
        run("look_around", text="after")  # asks for the event loop of the thread
    assert "is restored" not in consumer.text()


def test_a_pool_drains_and_is_replaced(start_consumer: StartConsumer, tmp_path: Path) -> None:
    consumer = start_consumer("default", concurrency=3, worker_type="greenlet", LEASE_S="60")
    go_on, begun = tmp_path / "go", tmp_path / "begun"
    innocent = submit("work_until", go_on=str(go_on), file=str(begun))
    wait_until(begun.exists, description="it has begun")
    spoiler = run("spoil", how="close sys.stdout")
    late = submit("own_pid")
    go_on.touch()
    assert wait_for(innocent, "SUCCESS").deliveries == 1
    record = wait_for(late, "SUCCESS")
    assert record.result != spoiler.result and record.crashes == 0
    [line] = [one for one in consumer.text().splitlines() if "worker is replaced" in one]
    assert spoiler.task_id in line and "died" not in consumer.text()


def test_a_pool_puts_back_what_nobody_else_uses(start_consumer: StartConsumer) -> None:
    start_consumer("default", concurrency=3, worker_type="greenlet")
    pid, before = run("own_pid").result, run("look_around", text="before").result
    for how in ("close 0 to 2", "chdir", "clear the environment", "basicConfig", "umask"):
        run("spoil", how=how)
        after = run("look_around", text=f"after {how}")
        assert after.result == before and after.log, how
    assert run("own_pid").result == pid


def test_a_large_pool_keeps_no_more_open_than_a_small_one(start_consumer: StartConsumer) -> None:
    """What is to be restored is the process's, not the greenlet's: it is kept once."""
    start_consumer("default", concurrency=60, worker_type="greenlet")
    assert psutil.Process(run("own_pid").result).num_fds() < 200
