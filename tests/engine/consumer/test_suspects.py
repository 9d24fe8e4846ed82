"""What dies with others: nobody knows who did it, so suspects run alone until it is known."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store, submit, wait_for
from tests.invariants import counted_ever
from tests.waiting import wait_until

broker = tq.default.broker.redis


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def lose(*workers: str, limit: int = 30) -> None:
    """These consumers die with what they hold."""
    for worker in workers:
        scripts().release(QUEUE, worker, kind="losses", blamed="*", limit=limit)


def suspects() -> list[str]:
    return [one.decode() for one in broker.zrange(keys.blocked(QUEUE, "alone"), 0, -1)]


def make_suspects(*ids: str, claimed: int = 0) -> None:
    """Of these tasks, and of those that wait already if more are `claimed`."""
    for task_id in ids:
        store(task_id)
    for turn in range(2):
        worker = HandWorker(f"c{turn}/1")
        for _ in range(claimed or len(ids)):
            worker.claim()
        lose(f"c{turn}")


# ---- what the scripts do


def test_one_loss_is_repeated_at_once_beside_others() -> None:
    store("task")
    HandWorker("c/1").claim()
    lose("c")
    assert suspects() == []
    assert HandWorker("d/1").claim().id == "task"


def test_a_task_that_was_lost_twice_is_given_to_nobody_who_runs_others() -> None:
    make_suspects("one", "other")
    store("innocent")
    assert suspects() == ["one", "other"]
    worker = HandWorker("d/1")
    assert worker.claim().id == "innocent"
    assert worker.step() == ([], [])
    alone = HandWorker("d-alone/1")
    assert [claim.id for claim in alone.step(want=64, worth='{"echo": 0.1}')[1]] == ["one"]
    assert tq.queue_stats()[1].queued == 1


def test_a_consumer_of_suspects_takes_none_of_a_type_that_it_does_not_know() -> None:
    make_suspects("one", "other")
    info = {"host": "vm", "pid": 1, "worker_type": "process", "started_at": 0, "workers": []}
    scripts().heartbeat(QUEUE, "d-alone", json.dumps(info), 1)
    scripts().knows(QUEUE, "d-alone", ["fail"])
    assert HandWorker("d-alone/1").step() == ([], [])
    assert suspects() == ["one", "other"]
    assert HandWorker("e-alone/1").claim().id == "one"


def test_a_consumer_of_suspects_comes_to_those_behind_the_ones_that_it_does_not_know() -> None:
    unknown, known = [f"unknown-{n:02}" for n in range(50)], "known"
    for task_id in unknown:
        store(task_id, task_type="elsewhere")
    make_suspects(known, claimed=51)
    assert suspects() == [*unknown, known]
    scripts().knows(QUEUE, "d-alone", ["echo"])
    alone = HandWorker("d-alone/1")
    assert alone.claim().id == known
    looks = _looks()
    assert alone.step() == ([], [])
    assert _looks() - looks < 3 * len(unknown), "it looks at each once"
    assert suspects() == unknown


def _looks() -> int:
    """How often a script has read some fields of a hash."""
    return broker.info("commandstats")["cmdstat_hmget"]["calls"]


@pytest.mark.parametrize("end", ["SUCCESS", "FAILURE", "RETRY"])
def test_an_attempt_that_ends_by_itself_clears_of_suspicion(end: str) -> None:
    make_suspects("task")
    alone = HandWorker("d-alone/1")
    alone.step(commit(alone.claim(), end), want=0)
    assert not broker.hexists(keys.task(QUEUE, "task"), "suspicion")
    if end == "RETRY":
        wait_until(lambda: scripts().promote(QUEUE) is None, description="it is due")
        assert HandWorker("e/1").claim().id == "task"


@pytest.mark.parametrize("end", ["PENDING", "UNBEGUN"])
def test_an_attempt_that_is_handed_back_stays_under_suspicion(end: str) -> None:
    make_suspects("task")
    alone = HandWorker("d-alone/1")
    alone.step(commit(alone.claim(), end), want=0)
    assert suspects() == ["task"]


def test_when_the_cause_is_found_the_others_go_on() -> None:
    make_suspects("cause", "one", "other")
    alone = HandWorker("d-alone/1")
    claim = alone.claim()
    released = scripts().release(QUEUE, "d-alone", kind="crashes", blamed="*", limit=1)
    assert released == [(claim.id, "FAILURE")] == [("cause", "FAILURE")]
    assert suspects() == []
    worker = HandWorker("e/1")
    assert [worker.claim().id for _ in range(2)] == ["one", "other"]
    lose("e")
    wait_until(lambda: scripts().promote(QUEUE) is None, description="their pause is over")
    assert suspects() == ["one", "other"], "one more loss makes them suspects once more"


def test_the_pause_between_crashes_grows() -> None:
    store("task")
    pauses: list[float] = []
    for turn in range(5):
        HandWorker(f"c{turn}/1").claim()
        before = _now()
        ((_, state),) = scripts().release(QUEUE, f"c{turn}", kind="crashes", blamed="*", limit=9)
        due = broker.hget(keys.task(QUEUE, "task"), "due_at")
        pauses.append(round((float(due) - before) / 1000) if state == "RETRY" else 0)
        if state == "RETRY":
            broker.zadd(keys.index(QUEUE, "RETRY"), {"task": 0})
            scripts().promote(QUEUE)
    assert pauses == [0, 1, 2, 4, 8]
    assert counted_ever(broker, QUEUE, "RETRY") == 0


def _now() -> float:
    seconds, microseconds = broker.time()
    return seconds * 1000 + microseconds / 1000


# ---- with real consumers


def _is_alive(process: psutil.Process) -> bool:
    """Whether it runs. An ended one may stay a zombie until its new parent reaps it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.timeout(120)
@pytest.mark.parametrize("culprit", ["kill_the_parent", "kill_the_group_of_the_parent"])
def test_a_task_that_kills_its_consumer_is_set_aside_and_what_ran_beside_it_ends_well(
    start_consumer: StartConsumer, tmp_path: Path, culprit: str
) -> None:
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    consumer = start_consumer(QUEUE, concurrency=2, LEASE_S="60")
    innocent = submit("stay_until", file=str(ledger), go_on=str(go_on))
    wait_until(lambda: lines(ledger), description="the innocent runs")
    guilty = submit(culprit, file="/dev/null")

    def lone_one_runs() -> bool:
        nonlocal consumer
        if consumer.popen.poll() is not None:
            consumer = start_consumer(QUEUE, concurrency=2, LEASE_S="60")
        return tq.get_task(innocent).losses == 2 and len(lines(ledger)) >= 3

    wait_until(lone_one_runs, description="the innocent runs alone", timeout_s=60)
    wait_for(submit("echo", value=1), "SUCCESS")  # whatever else there is goes on
    go_on.touch()
    record = wait_for(innocent, "SUCCESS")
    assert (record.losses, record.crashes, record.deliveries) == (2, 0, 3)
    record = wait_for(guilty, "FAILURE", timeout_s=60)
    assert (record.losses, record.crashes) == (2, 3)
    assert record.error == "its worker died 3 times while it ran"
    assert consumer.popen.poll() is None, "its consumer has outlived it"


@pytest.mark.timeout(120)
def test_a_task_that_kills_a_pool_of_greenlets_takes_no_other_with_it(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer(QUEUE, worker_type="greenlet", concurrency=6, LEASE_S="60")
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    innocent = [submit("stay_until", file=str(ledger), go_on=str(go_on)) for _ in range(3)]
    wait_until(lambda: len(lines(ledger)) == 3, description="they run")
    guilty = submit("kill_the_own_process", file="/dev/null")
    # One of the others may have been claimed and not begun: it is not to blame.
    wait_until(lambda: tq.get_task(guilty).losses == 2, description="lost", timeout_s=60)
    go_on.touch()
    assert wait_for(guilty, "FAILURE", timeout_s=60).crashes == 3
    for task_id in innocent:
        record = wait_for(task_id, "SUCCESS", timeout_s=60)
        assert (record.crashes, record.attempt) == (0, 1)


@pytest.mark.timeout(120)
def test_a_stop_hands_a_suspect_back_and_leaves_no_process(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    task_id = submit("stay_until", file=str(ledger), go_on=str(tmp_path / "never"))
    for turn in range(2):
        HandWorker(f"c{turn}/1").claim()
        lose(f"c{turn}")
    consumer = start_consumer(QUEUE, SHUTDOWN_GRACE_S="0.2", LEASE_S="60")
    wait_until(lambda: lines(ledger), description="it runs alone")
    children = psutil.Process(consumer.pid).children(recursive=True)
    assert consumer.stop() == 0
    assert not [one for one in children if _is_alive(one)]
    record = tq.get_task(task_id)
    assert (record.status, record.crashes, record.attempt) == ("PENDING", 0, 0)
    assert suspects() == [task_id]


@pytest.mark.timeout(120)
def test_a_suspect_whose_consumer_is_killed_from_outside_is_not_to_blame(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    task_id = submit("stay_until", file=str(ledger), go_on=str(go_on))
    for turn in range(2):
        HandWorker(f"c{turn}/1").claim()
        lose(f"c{turn}")
    consumer = start_consumer(QUEUE, SHUTDOWN_GRACE_S="30", LEASE_S="60")
    wait_until(lambda: lines(ledger), description="it runs alone")
    family = psutil.Process(consumer.pid).children(recursive=True)
    os.kill(consumer.pid, signal.SIGKILL)
    consumer.popen.wait()
    go_on.touch()
    record = wait_for(task_id, "SUCCESS")
    assert (record.crashes, record.deliveries) == (0, 3)
    wait_until(lambda: not [p for p in family if _is_alive(p)], description="all have ended")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_worker_that_dies_beside_it_takes_no_suspect_with_it(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    task_id = submit("stay_until", file=str(ledger), go_on=str(go_on))
    for turn in range(2):
        HandWorker(f"c{turn}/1").claim()
        lose(f"c{turn}")
    consumer = start_consumer(QUEUE, worker_type=worker_type, LEASE_S="60")
    wait_until(lambda: lines(ledger), description="it runs alone")
    assert wait_for(submit("kill_the_own_process", file="/dev/null"), "FAILURE").crashes == 3
    go_on.touch()
    record = wait_for(task_id, "SUCCESS")
    assert (record.crashes, record.deliveries, len(lines(ledger))) == (0, 3, 1)
    assert consumer.stop() == 0
