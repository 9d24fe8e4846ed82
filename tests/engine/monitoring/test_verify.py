"""`python app.py verify`: an account that adds up, and each kind of gap that it must find."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import REPOSITORY, StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, submit
from tests.waiting import wait_until

broker = tq.default.broker.redis


def verify() -> tuple[int, str]:
    """Run the command; its status and what it says."""
    done = subprocess.run(
        [sys.executable, "app.py", "verify"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert not done.stderr
    return done.returncode, done.stdout


def test_tasks_in_every_state_add_up() -> None:
    ids = [submit("echo", value=number) for number in range(6)]
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), commit(worker.claim(), "FAILURE"), want=0)
    worker.step(commit(worker.claim(), "RETRY", delay_ms=60_000, retries_left=1), want=0)
    worker.claim()
    tq.cancel(ids[4])
    status, text = verify()
    assert status == 0
    assert (
        "default: accepted 6 = PENDING 1, STARTED 1, RETRY 1, SUCCESS 1, FAILURE 1, REVOKED 1, "
        "SCHEDULED 0, EXPIRED 0"
    ) in text


def _add(task_id: str) -> None:
    broker.zadd(keys.index(QUEUE, "PENDING"), {task_id: 1})


def _remove(task_id: str) -> None:
    broker.zrem(keys.index(QUEUE, "RETRY"), task_id)


def _lose(task_id: str) -> None:
    broker.zrem(keys.index(QUEUE, "PENDING"), task_id)


def _double(task_id: str) -> None:
    broker.zadd(keys.index(QUEUE, "RETRY"), {task_id: 1})


def _erase(task_id: str) -> None:
    broker.delete(keys.task(QUEUE, task_id))


@pytest.mark.parametrize(
    ("damage", "said", "repair"),
    [
        (_lose, "is PENDING and is in no index", _add),
        (_double, "is PENDING and is in PENDING, RETRY", _remove),
        (_erase, "is in PENDING and does not exist", _lose),
    ],
    ids=["a lost task", "a task in two states", "an erased task"],
)
def test_a_gap_is_found(
    damage: Callable[[str], None], said: str, repair: Callable[[str], None]
) -> None:
    task_id = submit("echo")
    damage(task_id)
    status, text = verify()
    assert status == 1
    assert f"GAP: task {task_id} {said}" in text
    repair(task_id)


def test_numbers_that_do_not_add_up_are_a_gap() -> None:
    submit("echo")
    broker.hincrby(keys.counters(QUEUE), "SUBMITTED", 1)
    status, text = verify()
    assert status == 1
    assert f"GAP: Accepted tasks of queue '{QUEUE}' are missing: 1." in text


def test_a_busy_system_adds_up_at_any_moment(start_consumer: StartConsumer) -> None:
    start_consumer("default", concurrency=2)
    ids = [submit("work_for", seconds=0.005) for _ in range(300)]
    status, text = verify()
    assert status == 0, text
    wait_until(
        lambda: tq.stats().total("success") == len(ids), description="all are done", timeout_s=60
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:s3cret@127.0.0.1:1/4", "redis://127.0.0.1:1/4"),
        ("unix:///no/such/redis.sock", "unix:///no/such/redis.sock"),
    ],
)
def test_a_redis_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, shown: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    done = subprocess.run(
        [sys.executable, "app.py", "verify"], cwd=REPOSITORY, capture_output=True, text=True
    )

    assert done.returncode == os.EX_UNAVAILABLE, "1 says that a task is missing"
    assert done.stdout == f"Redis at {shown}\n"
    assert done.stderr.count("\n") == 1 and f" ({shown})\n" in done.stderr
    assert "s3cret" not in done.stderr
