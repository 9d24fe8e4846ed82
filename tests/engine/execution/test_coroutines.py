"""Tasks that are coroutines: how they run, how they are stopped, and what they leave behind."""

import socket
import time
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import Process, StartConsumer
from tests.engine.helpers import QUEUE, submit, wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis


@pytest.fixture
def consumer(start_consumer: StartConsumer) -> Process:
    return start_consumer(QUEUE, CANCEL_GRACE_S="5")


def loop_of(numbers: list[int]) -> str:
    record = wait_for(submit("sum_up_async", numbers=numbers), "SUCCESS")
    assert (record.result["total"], record.result["thread"]) == (sum(numbers), True)
    said = sorted(line.text for line in record.log)
    assert said == [f"part {number} of {record.task_id}" for number in numbers]
    return record.result["loop"]


def test_a_worker_keeps_its_loop_between_tasks(consumer: Process) -> None:
    assert len({loop_of([1, 2, 3]) for _ in range(5)}) == 1


@pytest.mark.parametrize("how", ["await", "block", "group", "child blocks", "spin"])
def test_a_cancel_reaches_the_coroutine_which_cleans_up(
    consumer: Process, tmp_path: Path, how: str
) -> None:
    before = loop_of([1])
    file = tmp_path / "file"
    task_id = submit("clean_up_in_the_end", file=str(file), how=how)
    wait_until(lambda: file.exists() and file.read_text() == "begun", description="it runs")
    begun = time.monotonic()
    tq.cancel(task_id)
    wait_until(lambda: tq.get_task(task_id).stop_confirmed, description="the stop is confirmed")
    assert time.monotonic() - begun < 4
    assert file.read_text() == "cleaned up"
    assert loop_of([1]) == before, "the worker has survived, and its loop"


@pytest.mark.parametrize("how", ["await", "block"])
def test_a_time_limit_is_the_error(consumer: Process, how: str) -> None:
    before = loop_of([1])
    record = wait_for(submit("take_too_long_async", how=how), "FAILURE")
    assert "TaskTimeout" in (record.error or "")
    assert "take_too_long_async" in (record.traceback or "")
    assert loop_of([1]) == before


def test_a_coroutine_that_keeps_the_cancel_costs_its_worker(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer(QUEUE)
    before = loop_of([1])
    task_id = submit("keep_the_cancel", file=str(tmp_path / "file"))
    assert "TaskTimeout" in (wait_for(task_id, "FAILURE").error or "")
    assert loop_of([1]) != before


def test_a_consumer_that_stops_gives_the_task_back(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    consumer = start_consumer(QUEUE, SHUTDOWN_GRACE_S="0.3", CANCEL_GRACE_S="5")
    file = tmp_path / "file"
    task_id = submit("clean_up_in_the_end", file=str(file), how="await")
    wait_until(lambda: file.exists() and file.read_text() == "begun", description="it runs")
    assert consumer.stop() == 0
    assert file.read_text() == "cleaned up"
    record = tq.get_task(task_id)
    assert (record.status, record.attempt) == ("PENDING", 0)


# ---- what is left behind


@pytest.mark.parametrize("what", ["task", "timer", "async generator", "exception handler"])
def test_what_is_left_in_the_loop_ends_with_the_attempt(
    consumer: Process, tmp_path: Path, what: str
) -> None:
    file = tmp_path / "file"
    wait_for(submit("leave_in_the_loop", what=what, file=str(file)), "SUCCESS")
    left = file.read_text() if file.exists() else ""
    loop_of([1, 2, 3, 4, 5])
    wait_for(submit("echo", value=1), "SUCCESS")
    assert (file.read_text() if file.exists() else "") == left
    assert left.endswith("end") == (what == "task")


def test_a_task_of_asyncio_that_ignores_its_end_costs_the_loop_only(
    consumer: Process, tmp_path: Path
) -> None:
    before = loop_of([1])
    wait_for(submit("leave_in_the_loop", what="stubborn task", file=str(tmp_path)), "SUCCESS")
    after = loop_of([1])
    assert after != before
    assert after.partition("/")[0] == before.partition("/")[0]


def test_a_server_that_is_left_listens_no_more(consumer: Process, tmp_path: Path) -> None:
    record = wait_for(submit("leave_in_the_loop", what="server", file=str(tmp_path)), "SUCCESS")
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", record.result)) != 0


# ---- together with the rest


def test_retry_inside_a_group_is_heeded(consumer: Process) -> None:
    assert wait_for(submit("ask_again"), "SUCCESS").result == 2


def test_a_lock_is_waited_for(start_consumer: StartConsumer, tmp_path: Path) -> None:
    start_consumer(QUEUE, concurrency=2)
    ids = [submit("hold_the_door", file=str(tmp_path / "file")) for _ in range(3)]
    for task_id in ids:
        record = wait_for(task_id, "SUCCESS")
        assert (record.attempt, record.max_attempts) == (1, 1)


def test_a_coroutine_behind_a_decorator_runs_too(consumer: Process) -> None:
    assert wait_for(submit("hide_that_it_is_async"), "SUCCESS").result == "done"


def test_an_async_generator_is_no_result(consumer: Process) -> None:
    assert wait_for(submit("return_a_generator", kind="plain"), "SUCCESS").result == [0, 1, 2]
    record = wait_for(submit("return_a_generator", kind="async"), "FAILURE")
    assert "the task returned an async generator" in (record.error or "")
    assert "return a list" in (record.error or "")


def test_greenlets_leave_coroutines_to_processes(start_consumer: StartConsumer) -> None:
    greenlets = start_consumer(QUEUE, worker_type="greenlet", concurrency=2)
    task_id = submit("sum_up_async", numbers=[1])
    assert wait_for(submit("echo", value=1), "SUCCESS").result == 1
    assert "greenlet workers run no 'async def'" in greenlets.text()
    assert "DEFAULT_WORKER_TYPE=process" in greenlets.text()
    assert tq.get_task(task_id).status == "PENDING"
    assert tq.explain_task(task_id).reasons[0].code == "unknown_type"
    assert tq.explain_task(task_id).reasons[0].text == (
        "Its type, 'sum_up_async', is an 'async def', and queue default has only greenlet"
        " workers, which run none. It waits for a consumer with DEFAULT_WORKER_TYPE=process."
    )
    hidden = wait_for(submit("hide_that_it_is_async"), "FAILURE")
    assert "greenlet workers run no 'async def'" in (hidden.error or "")
    start_consumer(QUEUE)
    assert wait_for(task_id, "SUCCESS").result["total"] == 1


def test_greenlets_leave_coroutines_to_processes_while_redis_has_no_record_of_them(
    start_consumer: StartConsumer,
) -> None:
    start_consumer(QUEUE, worker_type="greenlet", concurrency=2)
    wait_for(submit("echo", value=1), "SUCCESS")
    (consumer,) = tq.consumers()
    record = keys.consumer(QUEUE, consumer.consumer)
    broker.delete(record)
    task_id = submit("sum_up_async", numbers=[1])
    wait_until(lambda: broker.hexists(record, "types"), description="it says again what it knows")
    assert wait_for(submit("echo", value=1), "SUCCESS").result == 1
    task = tq.get_task(task_id)
    assert (task.status, task.deliveries) == ("PENDING", 0)


# ---- what is printed


def printed(how: str) -> list[str]:
    return [line.text for line in wait_for(submit("print_lines", how=how), "SUCCESS").log]


def test_what_a_task_prints_is_kept_with_it_and_goes_to_stdout(consumer: Process) -> None:
    assert printed("words") == ["one two 3", "ab", "no end"]
    assert printed("thread") == ["from a thread"]
    assert printed("hostile")[1] == "100%"
    wait_until(lambda: "one two 3\nab\n\nno end" in consumer.text(), description="it is there")
    assert "from a thread" in consumer.text()


def test_at_most_as_much_is_kept_as_of_what_it_logs(consumer: Process) -> None:
    many = printed("many")
    assert many[-1] == "line 519"
    assert len(many) == 500
    assert [len(line) for line in printed("long")] == [2000]


def test_greenlets_print_too(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE, worker_type="greenlet", concurrency=2)
    assert printed("words") == ["one two 3", "ab", "no end"]
