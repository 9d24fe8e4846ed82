"""Killed workers, killed consumers, stops and cancels: what happens to the tasks they held."""

import contextlib
import os
import signal
from importlib import import_module
from pathlib import Path

import psutil
import pytest
from huey.api import chord

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.helpers import state, submit, wait_for
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("worker_type", ["process", "greenlet"])


def worker_of(task_id: str) -> int:
    """The process that the heartbeat names for a task."""

    def found() -> int | None:
        workers = [worker for consumer in tq.consumers() for worker in consumer.workers]
        return next((worker.pid for worker in workers if worker.task_id == task_id), None)

    pid = wait_until(found, description=f"a worker holds task {task_id}")
    assert pid is not None
    return pid


def lines(ledger: Path) -> list[str]:
    """The marks that the task has left so far."""
    return ledger.read_text().splitlines() if ledger.exists() else []


def test_a_task_whose_worker_is_killed_runs_again_at_once(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", LEASE_S="60")
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    task_id = submit("work_until", go_on=str(go_on), file=str(ledger))
    wait_until(lambda: lines(ledger), description="it runs")
    os.kill(worker_of(task_id), signal.SIGKILL)
    wait_until(lambda: len(lines(ledger)) == 2, description="it runs again")
    go_on.touch()
    record = wait_for(task_id, "SUCCESS")
    assert (record.attempt, record.deliveries, record.crashes) == (1, 2, 1)
    assert len(lines(ledger)) == 2


@BOTH
def test_a_task_whose_consumer_is_killed_runs_again_when_its_lease_ends(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type, LEASE_S="3")
    task_id = submit("work_until", go_on=str(tmp_path / "go on"))
    worker = worker_of(task_id)
    os.kill(consumer.pid, signal.SIGKILL)
    consumer.popen.wait()
    wait_until(lambda: not psutil.pid_exists(worker), description="its worker dies with it")
    start_consumer("default", LEASE_S="60")
    wait_until(lambda: tq.get_task(task_id).deliveries == 2, description="it runs again")
    (tmp_path / "go on").touch()
    record = wait_for(task_id, "SUCCESS")
    assert (record.attempt, record.deliveries, record.crashes, record.losses) == (1, 2, 0, 1)


def test_what_a_task_submits_is_submitted_once_though_the_task_runs_twice(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    record = wait_for(submit("submit_another_and_die_once", file=str(tmp_path / "died")), "SUCCESS")
    wait_for(record.result, "SUCCESS")
    assert [r.task_type for r in tq.list_tasks()].count("echo") == 1


def test_a_chord_calls_back_once_though_a_member_ran_twice(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", concurrency=2)
    types = {t.name: t.wrappers["default"] for t in tq.task_types()}
    mortal = types["die_once_then_add"].s(1, 2, str(tmp_path / "died"))
    handle = tq.default.enqueue(chord([types["add"].s(1, 1), mortal], types["echo"].s()))
    assert handle.callback.get(blocking=True, timeout=30) == [2, 3]
    assert [r.task_type for r in tq.list_tasks()].count("echo") == 1


def test_a_task_that_holds_the_interpreter_keeps_its_lease(start_consumer: StartConsumer) -> None:
    start_consumer("default", LEASE_S="2")
    record = wait_for(submit("hold_the_interpreter", seconds=5), "SUCCESS")
    assert record.deliveries == 1


def test_a_task_that_kills_its_worker_again_and_again_is_set_aside(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    consumer = start_consumer("default", LOG_FORMAT="json")
    task_id = submit("die", file=str(tmp_path / "ledger"))
    record = wait_for(task_id, "FAILURE")
    error = "its worker died 3 times while it ran: SIGKILL, which is what lack of memory looks like"
    assert (record.crashes, record.error) == (3, error)
    assert len((tmp_path / "ledger").read_text().splitlines()) == 3
    wait_for(submit("echo", value=1), "SUCCESS")
    wait_until(lambda: '"task failed"' in consumer.text(), description="the failure is logged")


@BOTH
def test_a_stop_hands_running_tasks_back_uncounted(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    consumer = start_consumer("default", worker_type=worker_type, SHUTDOWN_GRACE_S="0.2")
    task_id = submit("work_for", seconds=30)
    wait_for(task_id, "STARTED")
    worker_of(task_id)
    assert consumer.stop() == 0
    record = tq.get_task(task_id)
    assert (record.status, record.attempt, record.crashes) == ("PENDING", 0, 0)
    assert tq.consumers() == []


@BOTH
def test_a_stop_lets_running_tasks_finish_within_the_grace(
    start_consumer: StartConsumer, worker_type: str, tmp_path: Path
) -> None:
    consumer = start_consumer("default", worker_type=worker_type, SHUTDOWN_GRACE_S="30")
    task_id = submit("work_for", seconds=1)
    wait_until(lambda: state(task_id) != "PENDING", description="it runs")
    assert consumer.stop() == 0
    assert tq.get_task(task_id).status == "SUCCESS"


def test_a_stop_leaves_no_process_and_kills_what_does_not_stop(
    start_consumer: StartConsumer,
) -> None:
    consumer = start_consumer("default", SHUTDOWN_GRACE_S="0.1", CANCEL_GRACE_S="0.2")
    task_id = submit("ignore_everything", seconds=600)
    worker = worker_of(task_id)
    assert consumer.stop() == 0
    assert not psutil.pid_exists(worker)
    assert tq.get_task(task_id).status == "PENDING"


@BOTH
def test_a_running_task_is_cancelled_and_its_worker_goes_on(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type)
    task_id = submit("work_for", seconds=600)
    wait_for(task_id, "STARTED")
    assert tq.cancel(task_id).status == "REVOKED"
    wait_for(submit("echo", value=1), "SUCCESS")
    assert tq.get_task(task_id).status == "REVOKED"


def test_a_cancelled_task_may_clean_up(start_consumer: StartConsumer, tmp_path: Path) -> None:
    start_consumer("default", CANCEL_GRACE_S="30")
    ledger = tmp_path / "ledger"
    task_id = submit("clean_up_when_cancelled", file=str(ledger))
    wait_until(lambda: lines(ledger), description="it runs")
    tq.cancel(task_id)
    wait_until(lambda: lines(ledger)[1:], description="the task has cleaned up")
    assert "cleaned up" in lines(ledger)[1]


def test_a_task_can_ask_whether_it_is_cancelled(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", CANCEL_GRACE_S="30")
    ledger = tmp_path / "ledger"
    task_id = submit("watch_for_cancel", file=str(ledger))
    wait_until(lambda: lines(ledger), description="it runs")
    tq.cancel(task_id)
    wait_until(lambda: "noticed" in lines(ledger)[-1], description="the task has noticed")


@pytest.mark.parametrize("stubborn", ["ignore_everything", "count_in_c"])
def test_a_task_that_does_not_stop_is_killed_after_the_grace(
    start_consumer: StartConsumer, tmp_path: Path, stubborn: str
) -> None:
    start_consumer("default", CANCEL_GRACE_S="0.2")
    task_id = submit(stubborn, seconds=600, file=str(tmp_path / "ledger"))
    wait_until(lambda: lines(tmp_path / "ledger"), description="it runs")
    worker = worker_of(task_id)
    tq.cancel(task_id)
    wait_until(lambda: not psutil.pid_exists(worker), description="the worker is killed")
    wait_for(submit("echo", value=1), "SUCCESS")
    record = tq.get_task(task_id)
    assert (record.status, record.crashes) == ("REVOKED", 0)


def test_accepted_tasks_survive_kills_of_workers_and_consumers(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    consumer = start_consumer("default", concurrency=3, LEASE_S="0.6", MAX_CRASHES="100")
    ids = [submit("work_for", seconds=0.02, file=str(ledger)) for _ in range(200)]
    for round_number in range(3):
        wanted = 40 * (round_number + 1)
        wait_until(
            lambda wanted=wanted: tq.stats().total("success") >= wanted,
            description=f"{wanted} tasks are done",
        )
        if round_number == 1:
            os.kill(consumer.pid, signal.SIGKILL)
            consumer.popen.wait()
            consumer = start_consumer("default", concurrency=3, LEASE_S="0.6", MAX_CRASHES="100")
        else:
            for worker in wait_until(_workers, description="its workers are known"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
    for task_id in ids:
        wait_for(task_id, "SUCCESS")
    assert tq.stats().total("success") == len(ids)
    assert {line.split()[0] for line in ledger.read_text().splitlines()} == set(ids)


def _workers() -> list[tq.WorkerRecord]:
    return [worker for consumer in tq.consumers() for worker in consumer.workers]


def test_a_time_limit_strikes_however_long_the_name_of_the_type_is(
    start_consumer: StartConsumer,
) -> None:
    name = import_module("signatures").LONG_NAME
    start_consumer("default", CANCEL_GRACE_S="0.2")
    record = wait_for(submit(name), "FAILURE")
    assert record.error is not None and "time limit" in record.error


def test_a_task_that_ignores_its_time_limit_is_killed_and_fails_like_any_other(
    start_consumer: StartConsumer,
) -> None:
    start_consumer("default", CANCEL_GRACE_S="0.2")
    record = wait_for(submit("ignore_its_time_limit"), "FAILURE")
    assert (record.attempt, record.crashes) == (2, 0)
    assert record.error is not None and "time limit" in record.error
    wait_for(submit("echo", value=1), "SUCCESS")
