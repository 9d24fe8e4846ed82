"""Attempts that raised or were lost are kept with their traceback, up to a limit."""

import json
from pathlib import Path

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, release, scripts, store, submit
from tests.engine.monitoring.failures import broker
from tests.waiting import wait_until


def attempts(task_id: str) -> list[tuple[int, str, str | None]]:
    found = tq.get_task(task_id).attempts
    assert all(one.started_at and one.ended_at and one.worker for one in found[:-1])
    return [(one.attempt, one.state, one.error) for one in found]


def test_every_attempt_that_raised_is_kept_with_its_traceback(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer(QUEUE)
    go_on = tmp_path / "go-on"
    task_id = submit("fail_then_wait", message="at first", file=str(go_on))
    wait_until(lambda: len(tq.get_task(task_id).attempts) == 2, description="the second runs")
    first, second = tq.get_task(task_id).attempts
    assert (first.state, first.error) == ("RETRY", "Declined('at first')")
    assert first.traceback and "in fail_then_wait" in first.traceback
    assert (second.attempt, second.state, second.ended_at) == (2, "STARTED", None)
    go_on.touch()
    wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="it has ended")
    states = [one.state for one in tq.get_task(task_id).attempts]
    assert states == ["RETRY", "SUCCESS"]
    assert tq.get_task(task_id).cause is None


def test_a_traceback_lives_as_long_as_a_result(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    task_id = submit("fail", message="x" * 3000)
    wait_until(lambda: tq.get_task(task_id).status == "FAILURE", description="it has failed")
    found = tq.get_task(task_id).attempts
    assert [one.state for one in found] == ["RETRY", "RETRY", "FAILURE"]
    assert all(one.traceback and len(one.error or "") == 2000 for one in found)
    tq.default.broker.results.flushdb()
    found = tq.get_task(task_id).attempts
    assert all(one.traceback is None and 400 < len(one.error or "") <= 500 for one in found)


def test_what_was_lost_or_cancelled_is_kept_too() -> None:
    task_id = submit("echo")
    release(HandWorker("hand").claim())
    HandWorker("lost").claim(lease_ms=0)
    recover()
    HandWorker("last").claim()
    tq.cancel(task_id, "unwanted by Zoë")
    assert attempts(task_id) == [
        (1, "CRASHED", "its worker died while it ran"),
        (1, "LOST", "its consumer was lost while it ran"),
        (1, "REVOKED", "unwanted by Zoë"),
    ]


def test_what_never_ran_or_was_handed_back_is_no_attempt() -> None:
    waits, back = submit("echo"), submit("echo")
    tq.cancel(waits)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "PENDING"), want=0)
    assert attempts(waits) == attempts(back) == []
    assert not broker.hexists(keys.task(QUEUE, back), "attempts")


def test_the_newest_fifty_attempts_are_kept_and_no_more_than_their_bytes() -> None:
    for error, most in (("why", 50), ("é\n\u2028\x00\x85" * 400, 40)):
        task_id = submit("echo")
        worker = HandWorker(f"of-{task_id}")
        for number in range(60):
            claim = worker.claim()
            worker.step(commit(claim, "RETRY", reason=f"{number} {error}"), want=0)
            scripts().promote(QUEUE)
        kept = broker.hget(keys.task(QUEUE, task_id), "attempts")
        lines = [json.loads(line) for line in kept.decode().split("\n")]
        assert 5 < len(lines) <= most and len(kept) <= 16384
        assert [line[0] for line in lines] == list(range(61 - len(lines), 61))
        found = tq.get_task(task_id).attempts
        assert len(found) == len(lines)
        assert (found[-1].error or "").startswith(f"59 {error[:20]}")
        assert "�" not in (found[-1].error or "")
        tq.cancel(task_id)


def test_a_success_costs_no_command_more() -> None:
    store("task")
    worker = HandWorker()
    claim = worker.claim()
    broker.config_resetstat()
    worker.step(commit(claim, "SUCCESS"), want=0)
    calls = {
        name.removeprefix("cmdstat_"): int(command["calls"])
        for name, command in broker.info("commandstats").items()
    }
    shared = {"evalsha", "time", "info", "config|resetstat", "exists", "hincrby", "pexpire"}
    assert {name: n for name, n in calls.items() if name not in shared} == {
        "hget": 2, "hmget": 2, "hset": 2, "zadd": 1, "zcount": 1, "zrem": 2,
    }  # fmt: skip
